// What calls a serverless function: the event sources whose services are here.
#include <algorithm>

#include "deploy/sam/parts.h"

namespace cloudlet::deploy::sam {
namespace {

struct EventSource {
  const Function& function;
  std::string name;  // of the event
  const json::object& properties;

  std::string id() const { return function.id + name; }
  void refuse(const std::string& sentence) const {
    function.problems->event(function.id, name, sentence);
  }
};

bool only(const EventSource& event, std::initializer_list<std::string_view> known,
          std::string_view type) {
  for (const auto& member : event.properties)
    if (std::find(known.begin(), known.end(), std::string_view(member.key())) == known.end()) {
      event.refuse("property " + std::string(member.key()) + " not defined for resource of type " +
                   std::string(type));
      return false;
    }
  return true;
}

void permit(const EventSource& event, std::string_view principal, json::object source) {
  json::object properties{{"Action", "lambda:InvokeFunction"},
                          {"FunctionName", event.function.ref()},
                          {"Principal", principal}};
  for (const auto& member : source) properties.emplace(member.key(), member.value());
  event.function.emit(event.id() + "Permission", "AWS::Lambda::Permission", std::move(properties));
}

void iot_rule(const EventSource& event) {
  if (!only(event, {"Sql", "AwsIotSqlVersion"}, "IoTRule")) return;
  const auto* sql = event.properties.if_contains("Sql");
  if (sql == nullptr) return event.refuse("Missing required property 'Sql'.");
  json::object payload{
      {"RuleDisabled", false},
      {"Sql", *sql},
      {"Actions",
       json::array{json::object{{"Lambda", json::object{{"FunctionArn", event.function.arn()}}}}}}};
  if (const auto* version = event.properties.if_contains("AwsIotSqlVersion"))
    payload.emplace("AwsIotSqlVersion", *version);
  event.function.emit(event.id(), "AWS::IoT::TopicRule",
                      {{"TopicRulePayload", std::move(payload)}});
  const json::object rule{{"RuleName", json::object{{"Ref", event.id()}}}};
  permit(
      event, "iot.amazonaws.com",
      {{"SourceAccount", json::object{{"Fn::Sub", "${AWS::AccountId}"}}},
       {"SourceArn",
        json::object{
            {"Fn::Sub", json::array{"arn:aws:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}",
                                    rule}}}}});
}

void sns(const EventSource& event) {
  if (!only(event,
            {"Topic", "Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy",
             "SqsSubscription"},
            "SNS"))
    return;
  const auto* topic = event.properties.if_contains("Topic");
  if (topic == nullptr) return event.refuse("Missing required property 'Topic'.");
  if (const auto* queue = event.properties.if_contains("SqsSubscription");
      queue != nullptr && *queue != json::value(false))
    return event.refuse("SqsSubscription is not supported here.");
  json::object properties{
      {"Endpoint", event.function.arn()}, {"Protocol", "lambda"}, {"TopicArn", *topic}};
  for (const std::string_view name :
       {"Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"})
    if (const auto* value = event.properties.if_contains(name)) properties.emplace(name, *value);
  event.function.emit(event.id(), "AWS::SNS::Subscription", std::move(properties));
  permit(event, "sns.amazonaws.com", {{"SourceArn", *topic}});
}

}  // namespace

void make_events(const Function& function) {
  const auto* events = function.properties.if_contains("Events");
  if (events == nullptr || events->is_null()) return;
  if (!events->is_object()) return function.refuse("Type of property 'Events' is invalid.");
  static const json::object none;
  for (const auto& member : events->get_object()) {
    const std::string name(member.key());
    const auto* source = member.value().if_object();
    const auto* type = source == nullptr ? nullptr : source->if_contains("Type");
    if (type == nullptr || !type->is_string()) {
      function.problems->event(function.id, name, "Event is missing its 'Type'.");
      continue;
    }
    const auto* properties = source->if_contains("Properties");
    const EventSource event{
        function, name,
        properties == nullptr || !properties->is_object() ? none : properties->get_object()};
    if (type->get_string() == "IoTRule")
      iot_rule(event);
    else if (type->get_string() == "SNS")
      sns(event);
    else
      function.problems->event(function.id, name,
                               "Events of type " + std::string(type->get_string()) +
                                   " are not supported here" +
                                   function.problems->line_of("/Resources/" + function.id +
                                                              "/Properties/Events/" + name) +
                                   ".");
  }
}

}  // namespace cloudlet::deploy::sam
