// Topic rules: created, replaced, read, switched on and off, removed.
#include <fmt/core.h>

#include "base/encoding.h"
#include "mqtt/topic.h"
#include "services/iot/compiled_rule.h"
#include "services/iot/find.h"
#include "services/iot/iot.h"
#include "services/iot/keys.h"
#include "services/iot/pages.h"

namespace cloudlet::iot {
namespace {

// "key=value&key2=value2", percent-encoded, as the x-amz-tagging header has it.
Result<std::vector<Tag>> read_tags(const std::string& text) {
  std::vector<Tag> tags;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('&', at), text.size());
    const std::string pair = text.substr(at, end - at);
    const std::size_t equals = pair.find('=');
    const auto key = percent_decode(pair.substr(0, equals), Plus::space);
    const auto value =
        equals == std::string::npos ? "" : percent_decode(pair.substr(equals + 1), Plus::space);
    if (!key || key->empty() || !value)
      return errors::invalid_request("The tags of the rule cannot be read");
    tags.push_back({.key = *key, .value = *value});
    at = end + 1;
  }
  return tags;
}

Result<void> set_disabled(store::Txn& tx, const wire::Call& call, const std::string& name,
                          bool disabled) {
  TRY(StoredRule rule, find_rule(tx, call, name));
  rule.payload.rule_disabled = disabled;
  tx.put(keys::rule(call.scope, name), encode(rule));
  return {};
}

std::string topic_pattern(const StoredRule& rule) {
  const auto compiled = compile_rule(rule);
  return compiled.has_value() ? (*compiled)->statement.filter() : "";
}

}  // namespace

Result<CreateTopicRuleOutput> Service::create_topic_rule(store::Txn& tx, const wire::Call& call,
                                                         const CreateTopicRuleInput& in) {
  constexpr std::size_t rules_max = 1000;  // AWS IoT quotas
  const StoredRule rule{.name = in.rule_name,
                        .scope = call.scope,
                        .payload = in.topic_rule_payload,
                        .created = call.now};
  CHECK(compile_rule(rule));
  if (tx.exists(keys::rule(call.scope, rule.name))) {
    auto members = std::make_shared<boost::json::object>();
    (*members)["resourceId"] = rule.name;
    (*members)["resourceArn"] = rule_arn(call.scope, rule.name);
    return errors::resource_already_exists(
               fmt::format("Rule with name {} already exists", rule.name))
        .with(std::move(members));
  }
  std::size_t count = 0;
  tx.scan(store::prefix(keys::rules(call.scope)),
          [&](std::string_view, std::string_view) { return ++count < rules_max; });
  if (count >= rules_max)
    return errors::limit_exceeded(fmt::format("An account has at most {} rules", rules_max));
  TRY(const auto tags, read_tags(in.tags.value_or("")));
  tx.put(keys::rule(call.scope, rule.name), encode(rule));
  CHECK(put_tags(tx, rule_arn(call.scope, rule.name), tags));
  return CreateTopicRuleOutput{};
}

Result<ReplaceTopicRuleOutput> Service::replace_topic_rule(store::Txn& tx, const wire::Call& call,
                                                           const ReplaceTopicRuleInput& in) {
  TRY(StoredRule rule, find_rule(tx, call, in.rule_name));
  rule.payload = in.topic_rule_payload;
  CHECK(compile_rule(rule));
  tx.put(keys::rule(call.scope, rule.name), encode(rule));
  return ReplaceTopicRuleOutput{};
}

Result<GetTopicRuleOutput> Service::get_topic_rule(const store::ReadTxn& tx, const wire::Call& call,
                                                   const GetTopicRuleInput& in) {
  TRY(StoredRule rule, find_rule(tx, call, in.rule_name));
  GetTopicRuleOutput out;
  out.rule_arn = rule_arn(call.scope, rule.name);
  out.rule =
      TopicRule{.actions = std::move(rule.payload.actions),
                .aws_iot_sql_version = rule.payload.aws_iot_sql_version.value_or("2015-10-08"),
                .created_at = rule.created,
                .description = rule.payload.description,
                .error_action = std::move(rule.payload.error_action),
                .rule_disabled = rule.payload.rule_disabled,
                .rule_name = rule.name,
                .sql = rule.payload.sql};
  return out;
}

Result<ListTopicRulesOutput> Service::list_topic_rules(const store::ReadTxn& tx,
                                                       const wire::Call& call,
                                                       const ListTopicRulesInput& in) {
  const PageRequest request{.marker = in.next_token, .size = in.max_results};
  const auto take = [&](std::string_view, std::string_view value) {
    if (!in.rule_disabled && !in.topic) return true;
    const StoredRule rule = decode_rule(value);
    if (in.rule_disabled && rule.payload.rule_disabled.value_or(false) != *in.rule_disabled)
      return false;
    return !in.topic || mqtt::matches(topic_pattern(rule), *in.topic);
  };
  TRY(Page page, read_page(tx, store::prefix(keys::rules(call.scope)), request, take));
  ListTopicRulesOutput out{.next_token = std::move(page.next), .rules = {}};
  for (const Entry& entry : page.entries) {
    const StoredRule rule = decode_rule(entry.value);
    out.rules.push_back({.created_at = rule.created,
                         .rule_arn = rule_arn(call.scope, rule.name),
                         .rule_disabled = rule.payload.rule_disabled,
                         .rule_name = rule.name,
                         .topic_pattern = topic_pattern(rule)});
  }
  return out;
}

Result<EnableTopicRuleOutput> Service::enable_topic_rule(store::Txn& tx, const wire::Call& call,
                                                         const EnableTopicRuleInput& in) {
  CHECK(set_disabled(tx, call, in.rule_name, false));
  return EnableTopicRuleOutput{};
}

Result<DisableTopicRuleOutput> Service::disable_topic_rule(store::Txn& tx, const wire::Call& call,
                                                           const DisableTopicRuleInput& in) {
  CHECK(set_disabled(tx, call, in.rule_name, true));
  return DisableTopicRuleOutput{};
}

Result<DeleteTopicRuleOutput> Service::delete_topic_rule(store::Txn& tx, const wire::Call& call,
                                                         const DeleteTopicRuleInput& in) {
  TRY(const StoredRule rule, find_rule(tx, call, in.rule_name));
  tx.erase(keys::rule(call.scope, rule.name));
  drop_tags(tx, rule_arn(call.scope, rule.name));
  return DeleteTopicRuleOutput{};
}

}  // namespace cloudlet::iot
