#include "services/sns/access_policy.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace cloudlet::sns {
namespace {

namespace json = boost::json;

constexpr std::size_t policy_bytes_max = 30'720;

bool in_scope(std::string_view action) {
  std::string lower(action);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower.starts_with("sns:") || lower == "*";
}

// One text, or a list of them.
bool all_texts(const json::value* value, bool (*accepted)(std::string_view)) {
  if (value == nullptr) return false;
  if (value->is_string()) return accepted(value->get_string());
  if (!value->is_array() || value->get_array().empty()) return false;
  const json::array& list = value->get_array();
  return std::all_of(list.begin(), list.end(), [&](const auto& element) {
    return element.is_string() && accepted(std::string_view(element.get_string()));
  });
}

bool anything(std::string_view) { return true; }

Result<void> check_statement(const json::value& statement) {
  const json::object* object = statement.if_object();
  if (object == nullptr) return invalid("Policy Error: null");
  const json::value* effect = object->if_contains("Effect");
  if (effect == nullptr || (*effect != "Allow" && *effect != "Deny"))
    return invalid("Policy Error: null");
  const json::value* action = object->if_contains("Action");
  const json::value* not_action = object->if_contains("NotAction");
  if ((action == nullptr) == (not_action == nullptr)) return invalid("Policy Error: null");
  if (!all_texts(action != nullptr ? action : not_action, in_scope))
    return invalid("Policy statement action out of service scope!");
  if (!object->contains("Principal") && !object->contains("NotPrincipal"))
    return invalid("Policy Error: null");
  if (!all_texts(object->contains("Resource") ? object->if_contains("Resource")
                                              : object->if_contains("NotResource"),
                 anything))
    return invalid("Policy Error: null");
  if (const json::value* condition = object->if_contains("Condition");
      condition != nullptr && !condition->is_object())
    return invalid("Policy Error: null");
  return {};
}

}  // namespace

std::string default_access_policy(const TopicId& topic) {
  const json::array actions{"SNS:GetTopicAttributes",
                            "SNS:SetTopicAttributes",
                            "SNS:AddPermission",
                            "SNS:RemovePermission",
                            "SNS:DeleteTopic",
                            "SNS:Subscribe",
                            "SNS:ListSubscriptionsByTopic",
                            "SNS:Publish"};
  const json::object statement{
      {"Effect", "Allow"},
      {"Sid", "__default_statement_ID"},
      {"Principal", {{"AWS", "*"}}},
      {"Action", actions},
      {"Resource", topic.arn()},
      {"Condition", {{"StringEquals", {{"AWS:SourceOwner", topic.scope.account}}}}}};
  return json::serialize(json::object{{"Version", "2008-10-17"},
                                      {"Id", "__default_policy_ID"},
                                      {"Statement", json::array{statement}}});
}

Result<void> check_access_policy(std::string_view text) {
  boost::system::error_code failure;
  const json::value policy = json::parse(text, failure);
  if (failure || !policy.is_object() || text.size() > policy_bytes_max)
    return invalid("Policy Error: null");
  const json::object& object = policy.get_object();
  if (const json::value* version = object.if_contains("Version");
      version != nullptr && *version != "2008-10-17" && *version != "2012-10-17")
    return invalid("Policy Error: null");
  const json::value* statements = object.if_contains("Statement");
  if (statements == nullptr) return invalid("Policy Error: null");
  if (!statements->is_array()) return check_statement(*statements);
  if (statements->get_array().empty()) return invalid("Policy Error: null");
  for (const json::value& statement : statements->get_array()) CHECK(check_statement(statement));
  return {};
}

}  // namespace cloudlet::sns
