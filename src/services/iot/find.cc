// Reading stored resources.
#include "services/iot/find.h"

#include <fmt/core.h>

#include "gen/iot/errors.h"
#include "services/iot/keys.h"

namespace cloudlet::iot {

Result<StoredCertificate> find_certificate(const store::ReadTxn& tx, const wire::Call& call,
                                           std::string_view id) {
  const auto stored = tx.get(keys::certificate(id));
  if (stored) {
    StoredCertificate certificate = decode_certificate(*stored);
    if (certificate.scope == call.scope) return certificate;
  }
  return errors::resource_not_found(
      fmt::format("The certificate given in the request does not exist. ID: {}", id));
}

Result<StoredPolicy> find_policy(const store::ReadTxn& tx, const wire::Call& call,
                                 std::string_view name) {
  const auto stored = tx.get(keys::policy(call.scope, name));
  if (!stored) return errors::resource_not_found(fmt::format("Policy not found: {}", name));
  return decode_policy(*stored);
}

Result<StoredPolicyVersion> find_policy_version(const store::ReadTxn& tx, const wire::Call& call,
                                                const StoredPolicy& policy, std::uint64_t number) {
  const auto stored = tx.get(keys::policy_version(call.scope, policy.name, number));
  if (!stored) {
    return errors::resource_not_found(
        fmt::format("Policy version not found: {} of policy {}", number, policy.name));
  }
  return decode_policy_version(*stored);
}

Result<StoredThing> find_thing(const store::ReadTxn& tx, const wire::Call& call,
                               std::string_view name) {
  const auto stored = tx.get(keys::thing(call.scope, name));
  if (!stored) return errors::resource_not_found(fmt::format("Thing {} not found", name));
  return decode_thing(*stored);
}

Result<StoredThingType> find_thing_type(const store::ReadTxn& tx, const wire::Call& call,
                                        std::string_view name) {
  const auto stored = tx.get(keys::thing_type(call.scope, name));
  if (!stored) return errors::resource_not_found(fmt::format("ThingType {} not found", name));
  return decode_thing_type(*stored);
}

Result<StoredRule> find_rule(const store::ReadTxn& tx, const wire::Call& call,
                             std::string_view name) {
  const auto stored = tx.get(keys::rule(call.scope, name));
  if (!stored)
    return errors::unauthorized(fmt::format("Access to TopicRule '{}' was denied", name));
  return decode_rule(*stored);
}

Result<std::string> certificate_in_arn(const wire::Call& call, std::string_view text) {
  const auto arn = Arn::parse(text);
  if (!arn || arn->service != "iot") {
    return errors::invalid_request(
        fmt::format("{} is not the ARN of a certificate, the only principal served", text));
  }
  if (!arn->resource.starts_with("cert/")) {
    return errors::invalid_request(
        fmt::format("{}: only certificates are served as principals and policy targets", text));
  }
  if (arn->scope() != call.scope) {
    return errors::invalid_request(fmt::format("{} belongs to another account or region", text));
  }
  return arn->resource.substr(5);
}

Result<void> put_tags(store::Txn& tx, std::string_view arn, const std::vector<Tag>& tags) {
  constexpr std::size_t tags_max = 50;
  for (const Tag& tag : tags) tx.put(keys::tag(arn, tag.key), tag.value.value_or(""));
  std::size_t count = 0;
  tx.scan(store::prefix(keys::tags(arn)),
          [&](std::string_view, std::string_view) { return ++count <= tags_max; });
  if (count > tags_max)
    return errors::limit_exceeded(fmt::format("A resource has at most {} tags", tags_max));
  return {};
}

void drop_tags(store::Txn& tx, std::string_view arn) { tx.erase(store::prefix(keys::tags(arn))); }

}  // namespace cloudlet::iot
