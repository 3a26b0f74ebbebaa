// AWS::IoT::TopicRule, with the actions that rules here carry out.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-topicrule.html
#include "services/iot/resources_parts.h"

namespace cloudlet::iot {
namespace {

using deploy::Kind;
using deploy::Made;
using deploy::Need;
using deploy::Property;
using deploy::Request;
using deploy::Update;
namespace json = boost::json;

constexpr Property s3_action[] = {{.name = "BucketName", .need = Need::required},
                                  {.name = "CannedAcl"},
                                  {.name = "Key", .need = Need::required},
                                  {.name = "RoleArn", .need = Need::required}};
constexpr Property lambda_action[] = {{.name = "FunctionArn", .need = Need::required}};
constexpr Property sns_action[] = {{.name = "MessageFormat"},
                                   {.name = "RoleArn", .need = Need::required},
                                   {.name = "TargetArn", .need = Need::required}};
constexpr Property republish_action[] = {{.name = "Qos", .kind = Kind::number},
                                         {.name = "RoleArn", .need = Need::required},
                                         {.name = "Topic", .need = Need::required}};
constexpr Property action[] = {
    {.name = "S3", .kind = Kind::object, .members = s3_action},
    {.name = "Lambda", .kind = Kind::object, .members = lambda_action},
    {.name = "Sns", .kind = Kind::object, .members = sns_action},
    {.name = "Republish", .kind = Kind::object, .members = republish_action}};
constexpr Property payload[] = {
    {.name = "Actions", .kind = Kind::objects, .need = Need::required, .members = action},
    {.name = "AwsIotSqlVersion"},
    {.name = "Description"},
    {.name = "ErrorAction", .kind = Kind::object, .members = action},
    {.name = "RuleDisabled", .kind = Kind::flag},
    {.name = "Sql", .need = Need::required}};
constexpr Property rule_properties[] = {
    {.name = "RuleName", .update = Update::replace},
    {.name = "TopicRulePayload", .kind = Kind::object, .need = Need::required, .members = payload},
    {.name = "Tags", .kind = Kind::tags}};
constexpr std::string_view rule_attributes[] = {"Arn"};
constexpr deploy::TypeFacts rule_facts{.name = "AWS::IoT::TopicRule",
                                       .properties = rule_properties,
                                       .attributes = rule_attributes,
                                       .name_property = "RuleName",
                                       .style = {.length_max = 128, .separator = "_"}};

Error wrong(std::string_view property, const std::string& value) {
  return Error(cloudlet::errors::invalid_argument,
               "Value '" + value + "' of property " + std::string(property) + " is not valid");
}

Result<Action> action_of(const json::object& given) {
  Action made;
  if (const auto* s3 = deploy::object_if(given, "S3")) {
    made.s3 = S3Action{.bucket_name = deploy::text_of(*s3, "BucketName"),
                       .key = deploy::text_of(*s3, "Key"),
                       .role_arn = deploy::text_of(*s3, "RoleArn")};
    if (const auto acl = deploy::text_if(*s3, "CannedAcl")) {
      made.s3->canned_acl = parse_canned_access_control_list(*acl);
      if (!made.s3->canned_acl) return wrong("CannedAcl", *acl);
    }
  }
  if (const auto* lambda = deploy::object_if(given, "Lambda"))
    made.lambda = LambdaAction{.function_arn = deploy::text_of(*lambda, "FunctionArn")};
  if (const auto* sns = deploy::object_if(given, "Sns")) {
    made.sns = SnsAction{.role_arn = deploy::text_of(*sns, "RoleArn"),
                         .target_arn = deploy::text_of(*sns, "TargetArn")};
    if (const auto format = deploy::text_if(*sns, "MessageFormat")) {
      made.sns->message_format = parse_message_format(*format);
      if (!made.sns->message_format) return wrong("MessageFormat", *format);
    }
  }
  if (const auto* republish = deploy::object_if(given, "Republish")) {
    made.republish = RepublishAction{.role_arn = deploy::text_of(*republish, "RoleArn"),
                                     .topic = deploy::text_of(*republish, "Topic")};
    if (const auto qos = deploy::number_if(*republish, "Qos"))
      made.republish->qos = static_cast<std::int32_t>(*qos);
  }
  return made;
}

Result<TopicRulePayload> payload_of(const json::object& properties) {
  const json::object& given = *deploy::object_if(properties, "TopicRulePayload");
  TopicRulePayload made{.aws_iot_sql_version = deploy::text_if(given, "AwsIotSqlVersion"),
                        .description = deploy::text_if(given, "Description"),
                        .rule_disabled = deploy::flag_if(given, "RuleDisabled"),
                        .sql = deploy::text_of(given, "Sql")};
  for (const auto& one : deploy::list_of(given, "Actions")) {
    TRY(auto converted, action_of(one.get_object()));
    made.actions.push_back(std::move(converted));
  }
  if (const auto* error = deploy::object_if(given, "ErrorAction")) {
    TRY(made.error_action, action_of(*error));
  }
  return made;
}

class TopicRuleResource : public deploy::DescribedType {
 public:
  TopicRuleResource() : DescribedType(rule_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CreateTopicRuleInput input{.rule_name = name_or(properties, "RuleName", request)};
    CO_TRY(input.topic_rule_payload, payload_of(properties));
    const std::string name = input.rule_name;
    auto created = co_await client.create_topic_rule(std::move(input));
    if (created.has_error()) co_return std::move(created).error();
    Made made = describe(request, name);
    const json::object none;
    auto tagged = co_await tag(client, request, name, none, properties);
    if (tagged.has_error()) made.failure = tagged.error().message();
    co_return made;
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "RuleName", request);
    GetTopicRuleInput input{.rule_name = name};
    auto got = co_await client.get_topic_rule(std::move(input));
    if (got.has_value()) co_return std::optional(describe(request, name));
    // GetTopicRule says "unauthorized" of rules that are not there.
    if (deploy::says_missing(got.error()) || got.error().kind().name == "UnauthorizedException")
      co_return std::optional<Made>();
    co_return std::move(got).error();
  }

  Task<Result<Made>> update(const Request& request, const std::string& name,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    ReplaceTopicRuleInput input{.rule_name = name};
    CO_TRY(input.topic_rule_payload, payload_of(after));
    CO_CHECK(co_await client.replace_topic_rule(std::move(input)));
    CO_CHECK(co_await tag(client, request, name, before, after));
    co_return describe(request, name);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    DeleteTopicRuleInput input{.rule_name = name};
    auto deleted = co_await client.delete_topic_rule(std::move(input));
    if (deleted.has_error() && !deploy::says_missing(deleted.error()) &&
        deleted.error().kind().name != "UnauthorizedException")
      co_return std::move(deleted).error();
    co_return Result<void>();
  }

 private:
  static Made describe(const Request& request, const std::string& name) {
    return {.physical_id = name,
            .attributes = {{"Arn", make_arn("iot", request.scope, "rule/" + name)}}};
  }

  static Task<Result<void>> tag(Client& client, const Request& request, const std::string& name,
                                const json::object& before, const json::object& after) {
    const auto tags = deploy::tag_changes(before, after);
    const std::string arn = make_arn("iot", request.scope, "rule/" + name);
    if (!tags.set.empty()) {
      TagResourceInput input{.resource_arn = arn};
      for (const auto& [key, value] : tags.set) input.tags.push_back({.key = key, .value = value});
      CO_CHECK(co_await client.tag_resource(std::move(input)));
    }
    if (!tags.removed.empty()) {
      UntagResourceInput input{.resource_arn = arn, .tag_keys = tags.removed};
      CO_CHECK(co_await client.untag_resource(std::move(input)));
    }
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> topic_rule_resource() {
  return std::make_unique<TopicRuleResource>();
}

}  // namespace cloudlet::iot
