// Policies and their versions.
#include <fmt/core.h>

#include <charconv>

#include "services/iot/find.h"
#include "services/iot/iot.h"
#include "services/iot/keys.h"
#include "services/iot/pages.h"
#include "services/iot/policy_document.h"

namespace cloudlet::iot {
namespace {

constexpr std::size_t versions_max = 5;

// Version ids are the numbers 1, 2, 3 ...
std::uint64_t version_number(std::string_view id) {
  std::uint64_t number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  return number;
}

std::vector<StoredPolicyVersion> versions_of(const store::ReadTxn& tx, const Scope& scope,
                                             std::string_view name) {
  std::vector<StoredPolicyVersion> versions;
  tx.scan(store::prefix(keys::policy_versions(scope, name)),
          [&](std::string_view, std::string_view value) {
            versions.push_back(decode_policy_version(value));
            return true;
          });
  return versions;
}

bool attached_anywhere(const store::ReadTxn& tx, const Scope& scope, std::string_view name) {
  bool any = false;
  tx.scan(store::prefix(keys::policy_targets(scope, name)),
          [&](std::string_view, std::string_view) {
            any = true;
            return false;
          });
  return any;
}

}  // namespace

Result<CreatePolicyOutput> Service::create_policy(store::Txn& tx, const wire::Call& call,
                                                  const CreatePolicyInput& in) {
  CHECK(PolicyDocument::parse(in.policy_document));
  if (tx.exists(keys::policy(call.scope, in.policy_name))) {
    return errors::resource_already_exists(
        fmt::format("Policy cannot be created - name already exists (name={})", in.policy_name));
  }
  const StoredPolicy policy{
      .name = in.policy_name, .created = call.now, .modified = call.now, .generation = call.uuid()};
  const std::string arn = policy_arn(call.scope, policy.name);
  tx.put(keys::policy_version(call.scope, policy.name, 1),
         encode({.number = 1, .document = in.policy_document, .created = call.now}));
  tx.put(keys::policy(call.scope, policy.name), encode(policy));
  CHECK(put_tags(tx, arn, in.tags));
  return CreatePolicyOutput{.policy_arn = arn,
                            .policy_document = in.policy_document,
                            .policy_name = in.policy_name,
                            .policy_version_id = "1"};
}

Result<CreatePolicyVersionOutput> Service::create_policy_version(
    store::Txn& tx, const wire::Call& call, const CreatePolicyVersionInput& in) {
  TRY(StoredPolicy policy, find_policy(tx, call, in.policy_name));
  CHECK(PolicyDocument::parse(in.policy_document));
  if (versions_of(tx, call.scope, policy.name).size() >= versions_max) {
    return errors::versions_limit_exceeded(
        fmt::format("The policy {} already has the maximum number of versions ({})", policy.name,
                    versions_max));
  }
  const std::uint64_t number = ++policy.last_version;
  if (in.set_as_default.value_or(false)) policy.default_version = number;
  policy.modified = call.now;
  tx.put(keys::policy_version(call.scope, policy.name, number),
         encode({.number = number, .document = in.policy_document, .created = call.now}));
  tx.put(keys::policy(call.scope, policy.name), encode(policy));
  return CreatePolicyVersionOutput{.is_default_version = policy.default_version == number,
                                   .policy_arn = policy_arn(call.scope, policy.name),
                                   .policy_document = in.policy_document,
                                   .policy_version_id = std::to_string(number)};
}

Result<GetPolicyOutput> Service::get_policy(const store::ReadTxn& tx, const wire::Call& call,
                                            const GetPolicyInput& in) {
  TRY(const StoredPolicy policy, find_policy(tx, call, in.policy_name));
  TRY(const StoredPolicyVersion version,
      find_policy_version(tx, call, policy, policy.default_version));
  GetPolicyOutput out;
  out.creation_date = policy.created;
  out.default_version_id = std::to_string(policy.default_version);
  out.generation_id = policy.generation;
  out.last_modified_date = policy.modified;
  out.policy_arn = policy_arn(call.scope, policy.name);
  out.policy_document = version.document;
  out.policy_name = policy.name;
  return out;
}

Result<GetPolicyVersionOutput> Service::get_policy_version(const store::ReadTxn& tx,
                                                           const wire::Call& call,
                                                           const GetPolicyVersionInput& in) {
  TRY(const StoredPolicy policy, find_policy(tx, call, in.policy_name));
  TRY(const StoredPolicyVersion version,
      find_policy_version(tx, call, policy, version_number(in.policy_version_id)));
  GetPolicyVersionOutput out;
  out.creation_date = version.created;
  out.generation_id = policy.generation;
  out.is_default_version = version.number == policy.default_version;
  out.last_modified_date = version.created;
  out.policy_arn = policy_arn(call.scope, policy.name);
  out.policy_document = version.document;
  out.policy_name = policy.name;
  out.policy_version_id = std::to_string(version.number);
  return out;
}

Result<ListPoliciesOutput> Service::list_policies(const store::ReadTxn& tx, const wire::Call& call,
                                                  const ListPoliciesInput& in) {
  const auto direction =
      in.ascending_order.value_or(true) ? store::Direction::forward : store::Direction::backward;
  const PageRequest request{.marker = in.marker, .size = in.page_size, .direction = direction};
  TRY(Page page, read_page(tx, store::prefix(keys::policies(call.scope)), request));
  ListPoliciesOutput out{.next_marker = std::move(page.next), .policies = {}};
  for (const Entry& entry : page.entries) {
    const std::string name = decode_policy(entry.value).name;
    out.policies.push_back({.policy_arn = policy_arn(call.scope, name), .policy_name = name});
  }
  return out;
}

Result<ListPolicyVersionsOutput> Service::list_policy_versions(const store::ReadTxn& tx,
                                                               const wire::Call& call,
                                                               const ListPolicyVersionsInput& in) {
  TRY(const StoredPolicy policy, find_policy(tx, call, in.policy_name));
  ListPolicyVersionsOutput out;
  for (const StoredPolicyVersion& version : versions_of(tx, call.scope, policy.name)) {
    out.policy_versions.push_back({.create_date = version.created,
                                   .is_default_version = version.number == policy.default_version,
                                   .version_id = std::to_string(version.number)});
  }
  return out;
}

Result<SetDefaultPolicyVersionOutput> Service::set_default_policy_version(
    store::Txn& tx, const wire::Call& call, const SetDefaultPolicyVersionInput& in) {
  TRY(StoredPolicy policy, find_policy(tx, call, in.policy_name));
  TRY(const StoredPolicyVersion version,
      find_policy_version(tx, call, policy, version_number(in.policy_version_id)));
  policy.default_version = version.number;
  policy.modified = call.now;
  tx.put(keys::policy(call.scope, policy.name), encode(policy));
  return SetDefaultPolicyVersionOutput{};
}

Result<DeletePolicyVersionOutput> Service::delete_policy_version(
    store::Txn& tx, const wire::Call& call, const DeletePolicyVersionInput& in) {
  TRY(const StoredPolicy policy, find_policy(tx, call, in.policy_name));
  TRY(const StoredPolicyVersion version,
      find_policy_version(tx, call, policy, version_number(in.policy_version_id)));
  if (version.number == policy.default_version) {
    return errors::delete_conflict("Cannot delete the default version of a policy");
  }
  tx.erase(keys::policy_version(call.scope, policy.name, version.number));
  return DeletePolicyVersionOutput{};
}

Result<DeletePolicyOutput> Service::delete_policy(store::Txn& tx, const wire::Call& call,
                                                  const DeletePolicyInput& in) {
  TRY(const StoredPolicy policy, find_policy(tx, call, in.policy_name));
  if (attached_anywhere(tx, call.scope, policy.name)) {
    return errors::delete_conflict(
        fmt::format("The policy cannot be deleted as the policy is attached to one or more "
                    "principals (name={})",
                    policy.name));
  }
  if (versions_of(tx, call.scope, policy.name).size() > 1) {
    return errors::delete_conflict(
        fmt::format("Cannot delete the policy because it has one or more policy versions attached "
                    "to it (name={})",
                    policy.name));
  }
  tx.erase(store::prefix(keys::policy_versions(call.scope, policy.name)));
  tx.erase(keys::policy(call.scope, policy.name));
  drop_tags(tx, policy_arn(call.scope, policy.name));
  return DeletePolicyOutput{};
}

}  // namespace cloudlet::iot
