// AWS::IoT::TopicRule, with the actions that rules here carry out.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-topicrule.html
#include "services/iot/resources_parts.h"

namespace cloudlet::iot {
namespace {

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

Result<Action> action_of(const json::object& given) {
  Action made;
  if (const auto* s3 = deploy::object_if(given, "S3")) {
    made.s3 = S3Action{.bucket_name = deploy::text_of(*s3, "BucketName"),
                       .key = deploy::text_of(*s3, "Key"),
                       .role_arn = deploy::text_of(*s3, "RoleArn")};
    TRY(made.s3->canned_acl, deploy::choice_if(*s3, "CannedAcl", parse_canned_access_control_list));
  }
  if (const auto* lambda = deploy::object_if(given, "Lambda"))
    made.lambda = LambdaAction{.function_arn = deploy::text_of(*lambda, "FunctionArn")};
  if (const auto* sns = deploy::object_if(given, "Sns")) {
    made.sns = SnsAction{.role_arn = deploy::text_of(*sns, "RoleArn"),
                         .target_arn = deploy::text_of(*sns, "TargetArn")};
    TRY(made.sns->message_format, deploy::choice_if(*sns, "MessageFormat", parse_message_format));
  }
  if (const auto* republish = deploy::object_if(given, "Republish"))
    made.republish = RepublishAction{.qos = deploy::number_if(*republish, "Qos"),
                                     .role_arn = deploy::text_of(*republish, "RoleArn"),
                                     .topic = deploy::text_of(*republish, "Topic")};
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
    CO_CHECK(co_await client.create_topic_rule(std::move(input)));
    co_return deploy::completed(
        describe(request, name),
        co_await tag(client, arn_of(request, name), deploy::no_properties, properties));
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "RuleName", request);
    GetTopicRuleInput input{.rule_name = name};
    const auto got = co_await client.get_topic_rule(std::move(input));
    if (says_absent(got)) co_return std::optional<Made>();
    co_return deploy::seen(got, [&](const auto&) { return describe(request, name); });
  }

  Task<Result<Made>> update(const Request& request, const std::string& name,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    ReplaceTopicRuleInput input{.rule_name = name};
    CO_TRY(input.topic_rule_payload, payload_of(after));
    CO_CHECK(co_await client.replace_topic_rule(std::move(input)));
    CO_CHECK(co_await tag(client, arn_of(request, name), before, after));
    co_return describe(request, name);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    DeleteTopicRuleInput input{.rule_name = name};
    const auto deleted = co_await client.delete_topic_rule(std::move(input));
    co_return says_absent(deleted) ? Result<void>() : deploy::gone(deleted);
  }

 private:
  static std::string arn_of(const Request& request, const std::string& name) {
    return make_arn("iot", request.scope, "rule/" + name);
  }
  static Made describe(const Request& request, const std::string& name) {
    return {.physical_id = name, .attributes = {{"Arn", arn_of(request, name)}}};
  }
  // IoT says "unauthorized" of rules that are not there.
  template <class Answer>
  static bool says_absent(const Result<Answer>& answer) {
    return answer.has_error() && answer.error().kind().name == "UnauthorizedException";
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> topic_rule_resource() {
  return std::make_unique<TopicRuleResource>();
}

}  // namespace cloudlet::iot
