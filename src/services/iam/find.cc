#include "services/iam/find.h"

#include "base/managed_policies.h"
#include "gen/iam/errors.h"
#include "services/iam/keys.h"

namespace cloudlet::iam {

Result<StoredRole> find_role(const store::ReadTxn& tx, const std::string& account,
                             const std::string& name) {
  if (const auto bytes = tx.get(keys::role(account, name))) {
    StoredRole role = decode_role(*bytes);
    if (role.name == name) return role;
  }
  return errors::no_such_entity("The role with name " + name + " cannot be found.");
}

Result<StoredUser> find_user(const store::ReadTxn& tx, const std::string& account,
                             const std::string& name) {
  if (const auto bytes = tx.get(keys::user(account, name))) {
    StoredUser user = decode_user(*bytes);
    if (user.name == name) return user;
  }
  return errors::no_such_entity("The user with name " + name + " cannot be found.");
}

Result<StoredProfile> find_profile(const store::ReadTxn& tx, const std::string& account,
                                   const std::string& name) {
  if (const auto bytes = tx.get(keys::profile(account, name))) {
    StoredProfile profile = decode_profile(*bytes);
    if (profile.name == name) return profile;
  }
  return errors::no_such_entity("Instance Profile " + name + " cannot be found.");
}

std::optional<FoundPolicy> find_policy(const store::ReadTxn& tx, const std::string& account,
                                       std::string_view arn) {
  if (const ManagedPolicy* managed = find_managed(arn)) {
    FoundPolicy found{.arn = std::string(arn), .aws_document = managed_document(*managed)};
    found.policy = {.name = std::string(managed->name),
                    .path = std::string(managed->path),
                    .id = managed_id(*managed),
                    .created = managed_created,
                    .updated = managed_created};
    return found;
  }
  const std::size_t slash = arn.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto bytes = tx.get(keys::policy(account, arn.substr(slash + 1)));
  if (!bytes) return std::nullopt;
  FoundPolicy found{.policy = decode_policy(*bytes), .arn = std::string(arn)};
  if (found.policy.arn(account) != arn) return std::nullopt;
  return found;
}

Result<StoredPolicy> find_own_policy(const store::ReadTxn& tx, const std::string& account,
                                     const std::string& arn) {
  const auto found = find_policy(tx, account, arn);
  if (!found) return errors::no_such_entity("Policy " + arn + " was not found.");
  if (!found->aws_document.empty())
    return errors::unmodifiable_entity("Policy " + arn +
                                       " is managed by AWS and cannot be changed.");
  return found->policy;
}

std::uint64_t count_uses(const store::ReadTxn& tx, const std::string& account,
                         std::string_view policy_arn) {
  std::uint64_t count = 0;
  tx.scan(prefix(keys::policy_users(account, policy_arn)), [&](std::string_view, std::string_view) {
    ++count;
    return true;
  });
  return count;
}

bool any_in(const store::ReadTxn& tx, const store::Key& under) {
  bool any = false;
  tx.scan(prefix(under), [&](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

std::string new_id(Random& random, std::string_view prefix) {
  return std::string(prefix) + random.text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

}  // namespace cloudlet::iam
