// The versions of a managed policy: five at most, one of them in force.
#include <charconv>

#include "gen/iam/errors.h"
#include "services/iam/document.h"
#include "services/iam/find.h"
#include "services/iam/iam.h"
#include "services/iam/keys.h"
#include "services/iam/present.h"

namespace cloudlet::iam {
namespace {

constexpr std::size_t versions_max = 5;

// "v3"; the model's pattern has already refused most other texts.
std::optional<std::uint64_t> number_of(std::string_view version) {
  std::uint64_t number = 0;
  if (!version.starts_with('v')) return std::nullopt;
  const auto [end, error] =
      std::from_chars(version.data() + 1, version.data() + version.size(), number);
  if (error != std::errc() || end != version.data() + version.size()) return std::nullopt;
  return number;
}

Error no_version(const std::string& arn, const std::string& version) {
  return errors::no_such_entity("Policy " + arn + " version " + version +
                                " does not exist or is not attachable.");
}

PolicyVersion present_version(const StoredVersion& version, std::uint64_t number, bool is_default) {
  PolicyVersion out;
  out.create_date = version.created;
  out.document = present_document(version.document);
  out.is_default_version = is_default;
  out.version_id = "v" + std::to_string(number);
  return out;
}

}  // namespace

Result<CreatePolicyVersionOutput> Service::create_policy_version(
    store::Txn& tx, const wire::Call& call, const CreatePolicyVersionInput& in) {
  const std::string& account = call.scope.account;
  TRY(StoredPolicy policy, find_own_policy(tx, account, in.policy_arn));
  CHECK(check_managed_document(in.policy_document));
  std::size_t count = 0;
  tx.scan(prefix(keys::versions(account, policy.name)), [&](std::string_view, std::string_view) {
    ++count;
    return true;
  });
  if (count >= versions_max)
    return errors::limit_exceeded(
        "A managed policy can have up to 5 versions. Before you create a new version, you must "
        "delete an existing version.");
  const std::uint64_t number = ++policy.last_version;
  if (in.set_as_default.value_or(false)) policy.default_version = number;
  policy.updated = call.now;
  const StoredVersion version{.document = in.policy_document, .created = call.now};
  tx.put(keys::version(account, policy.name, number), encode(version));
  tx.put(keys::policy(account, policy.name), encode(policy));
  CreatePolicyVersionOutput out;
  out.policy_version = present_version(version, number, policy.default_version == number);
  out.policy_version->document.reset();  // not answered here (API reference, CreatePolicyVersion)
  return out;
}

Result<GetPolicyVersionOutput> Service::get_policy_version(const store::ReadTxn& tx,
                                                           const wire::Call& call,
                                                           const GetPolicyVersionInput& in) {
  const std::string& account = call.scope.account;
  const auto found = find_policy(tx, account, in.policy_arn);
  if (!found) return errors::no_such_entity("Policy " + in.policy_arn + " was not found.");
  const auto number = number_of(in.version_id);
  GetPolicyVersionOutput out;
  if (!found->aws_document.empty()) {
    if (number != 1u) return no_version(in.policy_arn, in.version_id);
    out.policy_version = present_version(
        {.document = found->aws_document, .created = found->policy.created}, 1, true);
    return out;
  }
  const auto bytes =
      number ? tx.get(keys::version(account, found->policy.name, *number)) : std::nullopt;
  if (!bytes) return no_version(in.policy_arn, in.version_id);
  out.policy_version =
      present_version(decode_version(*bytes), *number, found->policy.default_version == *number);
  return out;
}

Result<DeletePolicyVersionOutput> Service::delete_policy_version(
    store::Txn& tx, const wire::Call& call, const DeletePolicyVersionInput& in) {
  const std::string& account = call.scope.account;
  TRY(const StoredPolicy policy, find_own_policy(tx, account, in.policy_arn));
  const auto number = number_of(in.version_id);
  if (!number || !tx.exists(keys::version(account, policy.name, *number)))
    return no_version(in.policy_arn, in.version_id);
  if (*number == policy.default_version)
    return errors::delete_conflict("Cannot delete the default version of a policy.");
  tx.erase(keys::version(account, policy.name, *number));
  return DeletePolicyVersionOutput{};
}

Result<SetDefaultPolicyVersionOutput> Service::set_default_policy_version(
    store::Txn& tx, const wire::Call& call, const SetDefaultPolicyVersionInput& in) {
  const std::string& account = call.scope.account;
  TRY(StoredPolicy policy, find_own_policy(tx, account, in.policy_arn));
  const auto number = number_of(in.version_id);
  if (!number || !tx.exists(keys::version(account, policy.name, *number)))
    return no_version(in.policy_arn, in.version_id);
  policy.default_version = *number;
  policy.updated = call.now;
  tx.put(keys::policy(account, policy.name), encode(policy));
  return SetDefaultPolicyVersionOutput{};
}

Result<ListPolicyVersionsOutput> Service::list_policy_versions(const store::ReadTxn& tx,
                                                               const wire::Call& call,
                                                               const ListPolicyVersionsInput& in) {
  const std::string& account = call.scope.account;
  const auto found = find_policy(tx, account, in.policy_arn);
  if (!found) return errors::no_such_entity("Policy " + in.policy_arn + " was not found.");
  ListPolicyVersionsOutput out;
  out.is_truncated = false;
  if (!found->aws_document.empty()) {
    out.versions.push_back(present_version(
        {.document = found->aws_document, .created = found->policy.created}, 1, true));
    out.versions.back().document.reset();
    return out;
  }
  TRY(Page page, Page::open(in.marker, in.max_items));
  page.fill(tx, keys::versions(account, found->policy.name),
            [&](std::string_view key, std::string_view bytes) {
              store::KeyReader reader(key);
              for (int part = 0; part < 4; ++part) reader.skip();
              const std::uint64_t number = reader.number();
              out.versions.push_back(present_version(decode_version(bytes), number,
                                                     found->policy.default_version == number));
              out.versions.back().document.reset();
              return true;
            });
  out.is_truncated = page.truncated();
  out.marker = page.marker();
  return out;
}

}  // namespace cloudlet::iam
