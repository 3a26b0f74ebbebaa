// What is attached to what: policies to certificates, certificates to things.
#include <fmt/core.h>

#include "services/iot/find.h"
#include "services/iot/iot.h"
#include "services/iot/keys.h"
#include "services/iot/pages.h"

namespace cloudlet::iot {
namespace {

constexpr std::size_t policies_of_certificate_max = 10;  // AWS IoT quotas

std::size_t count_under(const store::ReadTxn& tx, const store::Key& key) {
  std::size_t count = 0;
  tx.scan(store::prefix(key), [&](std::string_view, std::string_view) { return ++count > 0; });
  return count;
}

// The last part of a key: the name of the other end.
std::string last_part(const std::string& key, int before) {
  store::KeyReader reader(key);
  for (int i = 0; i < before; ++i) reader.skip();
  return reader.text();
}

Result<void> attach(store::Txn& tx, const wire::Call& call, const std::string& policy,
                    const std::string& target) {
  TRY(const std::string id, certificate_in_arn(call, target));
  CHECK(find_policy(tx, call, policy));
  CHECK(find_certificate(tx, call, id));
  if (tx.exists(keys::certificate_policy(id, policy))) return {};
  if (count_under(tx, keys::certificate_policies(id)) >= policies_of_certificate_max) {
    return errors::limit_exceeded(
        fmt::format("A certificate has at most {} policies attached", policies_of_certificate_max));
  }
  tx.put(keys::certificate_policy(id, policy), "");
  tx.put(keys::policy_target(call.scope, policy, id), "");
  return {};
}

Result<void> detach(store::Txn& tx, const wire::Call& call, const std::string& policy,
                    const std::string& target) {
  TRY(const std::string id, certificate_in_arn(call, target));
  CHECK(find_policy(tx, call, policy));
  tx.erase(keys::certificate_policy(id, policy));
  tx.erase(keys::policy_target(call.scope, policy, id));
  return {};
}

Result<Page> policies_attached(const store::ReadTxn& tx, const wire::Call& call,
                               const std::string& target, const PageRequest& request) {
  TRY(const std::string id, certificate_in_arn(call, target));
  CHECK(find_certificate(tx, call, id));
  return read_page(tx, store::prefix(keys::certificate_policies(id)), request);
}

std::vector<Policy> as_policies(const wire::Call& call, const Page& page) {
  std::vector<Policy> policies;
  for (const Entry& entry : page.entries) {
    const std::string name = last_part(entry.key, 4);
    policies.push_back({.policy_arn = policy_arn(call.scope, name), .policy_name = name});
  }
  return policies;
}

Result<Page> targets_of(const store::ReadTxn& tx, const wire::Call& call, const std::string& policy,
                        const PageRequest& request) {
  CHECK(find_policy(tx, call, policy));
  return read_page(tx, store::prefix(keys::policy_targets(call.scope, policy)), request);
}

std::vector<std::string> as_certificate_arns(const wire::Call& call, const Page& page) {
  std::vector<std::string> arns;
  for (const Entry& entry : page.entries)
    arns.push_back(certificate_arn(call.scope, last_part(entry.key, 5)));
  return arns;
}

store::Direction direction(const std::optional<bool>& ascending) {
  return ascending.value_or(false) ? store::Direction::forward : store::Direction::backward;
}

}  // namespace

Result<AttachPolicyOutput> Service::attach_policy(store::Txn& tx, const wire::Call& call,
                                                  const AttachPolicyInput& in) {
  CHECK(attach(tx, call, in.policy_name, in.target));
  return AttachPolicyOutput{};
}

Result<AttachPrincipalPolicyOutput> Service::attach_principal_policy(
    store::Txn& tx, const wire::Call& call, const AttachPrincipalPolicyInput& in) {
  CHECK(attach(tx, call, in.policy_name, in.principal));
  return AttachPrincipalPolicyOutput{};
}

Result<DetachPolicyOutput> Service::detach_policy(store::Txn& tx, const wire::Call& call,
                                                  const DetachPolicyInput& in) {
  CHECK(detach(tx, call, in.policy_name, in.target));
  return DetachPolicyOutput{};
}

Result<DetachPrincipalPolicyOutput> Service::detach_principal_policy(
    store::Txn& tx, const wire::Call& call, const DetachPrincipalPolicyInput& in) {
  CHECK(detach(tx, call, in.policy_name, in.principal));
  return DetachPrincipalPolicyOutput{};
}

// `recursive` asks for what groups pass on; there are no groups, so both answers are the same.
Result<ListAttachedPoliciesOutput> Service::list_attached_policies(
    const store::ReadTxn& tx, const wire::Call& call, const ListAttachedPoliciesInput& in) {
  TRY(Page page,
      policies_attached(tx, call, in.target, {.marker = in.marker, .size = in.page_size}));
  auto policies = as_policies(call, page);
  return ListAttachedPoliciesOutput{.next_marker = std::move(page.next),
                                    .policies = std::move(policies)};
}

Result<ListPrincipalPoliciesOutput> Service::list_principal_policies(
    const store::ReadTxn& tx, const wire::Call& call, const ListPrincipalPoliciesInput& in) {
  const PageRequest request{
      .marker = in.marker, .size = in.page_size, .direction = direction(in.ascending_order)};
  TRY(Page page, policies_attached(tx, call, in.principal, request));
  auto policies = as_policies(call, page);
  return ListPrincipalPoliciesOutput{.next_marker = std::move(page.next),
                                     .policies = std::move(policies)};
}

Result<ListTargetsForPolicyOutput> Service::list_targets_for_policy(
    const store::ReadTxn& tx, const wire::Call& call, const ListTargetsForPolicyInput& in) {
  TRY(Page page, targets_of(tx, call, in.policy_name, {.marker = in.marker, .size = in.page_size}));
  auto targets = as_certificate_arns(call, page);
  return ListTargetsForPolicyOutput{.next_marker = std::move(page.next),
                                    .targets = std::move(targets)};
}

Result<ListPolicyPrincipalsOutput> Service::list_policy_principals(
    const store::ReadTxn& tx, const wire::Call& call, const ListPolicyPrincipalsInput& in) {
  const PageRequest request{
      .marker = in.marker, .size = in.page_size, .direction = direction(in.ascending_order)};
  TRY(Page page, targets_of(tx, call, in.policy_name, request));
  auto principals = as_certificate_arns(call, page);
  return ListPolicyPrincipalsOutput{.next_marker = std::move(page.next),
                                    .principals = std::move(principals)};
}

Result<AttachThingPrincipalOutput> Service::attach_thing_principal(
    store::Txn& tx, const wire::Call& call, const AttachThingPrincipalInput& in) {
  if (in.thing_principal_type.value_or(ThingPrincipalType::non_exclusive_thing) ==
      ThingPrincipalType::exclusive_thing) {
    return errors::invalid_request("The thing principal type EXCLUSIVE_THING is not supported");
  }
  TRY(const std::string id, certificate_in_arn(call, in.principal));
  CHECK(find_thing(tx, call, in.thing_name));
  CHECK(find_certificate(tx, call, id));
  tx.put(keys::thing_principal(call.scope, in.thing_name, id), "");
  tx.put(keys::certificate_thing(id, in.thing_name), "");
  return AttachThingPrincipalOutput{};
}

Result<DetachThingPrincipalOutput> Service::detach_thing_principal(
    store::Txn& tx, const wire::Call& call, const DetachThingPrincipalInput& in) {
  TRY(const std::string id, certificate_in_arn(call, in.principal));
  if (!tx.exists(keys::thing_principal(call.scope, in.thing_name, id))) {
    return errors::resource_not_found(
        fmt::format("{} is not attached to the thing {}", in.principal, in.thing_name));
  }
  tx.erase(keys::thing_principal(call.scope, in.thing_name, id));
  tx.erase(keys::certificate_thing(id, in.thing_name));
  return DetachThingPrincipalOutput{};
}

Result<ListThingPrincipalsOutput> Service::list_thing_principals(
    const store::ReadTxn& tx, const wire::Call& call, const ListThingPrincipalsInput& in) {
  CHECK(find_thing(tx, call, in.thing_name));
  const PageRequest request{.marker = in.next_token, .size = in.max_results};
  TRY(Page page,
      read_page(tx, store::prefix(keys::thing_principals(call.scope, in.thing_name)), request));
  auto principals = as_certificate_arns(call, page);
  return ListThingPrincipalsOutput{.next_token = std::move(page.next),
                                   .principals = std::move(principals)};
}

Result<ListPrincipalThingsOutput> Service::list_principal_things(
    const store::ReadTxn& tx, const wire::Call& call, const ListPrincipalThingsInput& in) {
  TRY(const std::string id, certificate_in_arn(call, in.principal));
  CHECK(find_certificate(tx, call, id));
  const PageRequest request{.marker = in.next_token, .size = in.max_results};
  TRY(Page page, read_page(tx, store::prefix(keys::certificate_things(id)), request));
  ListPrincipalThingsOutput out{.next_token = std::move(page.next), .things = {}};
  for (const Entry& entry : page.entries) out.things.push_back(last_part(entry.key, 3));
  return out;
}

}  // namespace cloudlet::iot
