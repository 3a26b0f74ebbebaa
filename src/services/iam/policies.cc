// Managed policies of the account; AWS's are read here too.
#include "base/managed_policies.h"
#include "gen/iam/errors.h"
#include "services/iam/document.h"
#include "services/iam/find.h"
#include "services/iam/iam.h"
#include "services/iam/keys.h"
#include "services/iam/present.h"

namespace cloudlet::iam {

Result<CreatePolicyOutput> Service::create_policy(store::Txn& tx, const wire::Call& call,
                                                  const CreatePolicyInput& in) {
  const std::string& account = call.scope.account;
  if (tx.exists(keys::policy(account, in.policy_name)))
    return errors::entity_already_exists("A policy called " + in.policy_name +
                                         " already exists. Duplicate names are not allowed.");
  CHECK(check_managed_document(in.policy_document));
  TRY(Tags tags, read_tags(in.tags));
  const StoredPolicy policy{.name = in.policy_name,
                            .path = in.path.value_or("/"),
                            .id = new_id(call.rng(), "ANPA"),
                            .description = in.description.value_or(""),
                            .created = call.now,
                            .updated = call.now,
                            .tags = std::move(tags)};
  tx.put(keys::policy(account, policy.name), encode(policy));
  tx.put(keys::version(account, policy.name, 1),
         encode(StoredVersion{.document = in.policy_document, .created = call.now}));
  CreatePolicyOutput out;
  out.policy = present({.policy = policy, .arn = policy.arn(account)}, tx, account);
  return out;
}

Result<GetPolicyOutput> Service::get_policy(const store::ReadTxn& tx, const wire::Call& call,
                                            const GetPolicyInput& in) {
  const auto found = find_policy(tx, call.scope.account, in.policy_arn);
  if (!found) return errors::no_such_entity("Policy " + in.policy_arn + " was not found.");
  GetPolicyOutput out;
  out.policy = present(*found, tx, call.scope.account);
  return out;
}

Result<DeletePolicyOutput> Service::delete_policy(store::Txn& tx, const wire::Call& call,
                                                  const DeletePolicyInput& in) {
  const std::string& account = call.scope.account;
  TRY(const StoredPolicy policy, find_own_policy(tx, account, in.policy_arn));
  if (any_in(tx, keys::policy_users(account, in.policy_arn)))
    return errors::delete_conflict("Cannot delete a policy attached to entities.");
  std::size_t versions = 0;
  tx.scan(prefix(keys::versions(account, policy.name)),
          [&](std::string_view, std::string_view) { return ++versions < 2; });
  if (versions > 1)
    return errors::delete_conflict(
        "This policy has more than one version. Before you delete a policy, you must delete the "
        "policy's versions. The "
        "default version is deleted with the policy.");
  tx.erase(prefix(keys::versions(account, policy.name)));
  tx.erase(keys::policy(account, policy.name));
  return DeletePolicyOutput{};
}

Result<ListPoliciesOutput> Service::list_policies(const store::ReadTxn& tx, const wire::Call& call,
                                                  const ListPoliciesInput& in) {
  const std::string& account = call.scope.account;
  const PolicyScopeType scope = in.scope.value_or(PolicyScopeType::all);
  const auto wanted = [&](const Policy& policy) {
    if (in.only_attached.value_or(false) && policy.attachment_count == 0) return false;
    if (in.policy_usage_filter == PolicyUsageType::permissions_boundary) return false;
    return policy.path->starts_with(in.path_prefix.value_or("/"));
  };
  // AWS's come after the account's own, in the order of their table; "aws:<n>" marks where a page
  // ended in it.
  constexpr std::string_view aws_marker = "aws:";
  const bool in_aws = in.marker && in.marker->starts_with(aws_marker);
  ListPoliciesOutput out;
  out.is_truncated = false;
  const std::size_t max = static_cast<std::size_t>(in.max_items.value_or(100));
  if (scope != PolicyScopeType::aws && !in_aws) {
    TRY(Page page, Page::open(in.marker, in.max_items));
    page.fill(tx, keys::policies(account), [&](std::string_view, std::string_view bytes) {
      const StoredPolicy policy = decode_policy(bytes);
      Policy shown = present({.policy = policy, .arn = policy.arn(account)}, tx, account);
      if (!wanted(shown)) return false;
      out.policies.push_back(std::move(shown));
      return true;
    });
    out.is_truncated = page.truncated();
    out.marker = page.marker();
    if (*out.is_truncated) return out;
  }
  if (scope == PolicyScopeType::local) return out;
  const auto managed = managed_policies();
  std::size_t at = 0;
  if (in_aws) {
    for (const char c : in.marker->substr(aws_marker.size())) {
      if (c < '0' || c > '9' || at > managed.size())
        return errors::validation_error("Invalid Marker.");
      at = at * 10 + static_cast<std::size_t>(c - '0');
    }
  }
  for (; at < managed.size(); ++at) {
    const auto found = find_policy(tx, account, managed_arn(managed[at]));
    Policy shown = present(*found, tx, account);
    if (!wanted(shown)) continue;
    if (out.policies.size() == max) {
      out.is_truncated = true;
      out.marker = std::string(aws_marker) + std::to_string(at);
      break;
    }
    out.policies.push_back(std::move(shown));
  }
  return out;
}

}  // namespace cloudlet::iam
