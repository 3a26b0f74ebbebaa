// AWS::Lambda::Permission and AWS::Lambda::EventInvokeConfig.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
#include "services/lambda/resources_parts.h"

namespace cloudlet::lambda {
namespace {

constexpr Property permission_properties[] = {
    {.name = "Action", .update = Update::replace, .need = Need::required},
    {.name = "FunctionName", .update = Update::replace, .need = Need::required},
    {.name = "Principal", .update = Update::replace, .need = Need::required},
    {.name = "EventSourceToken", .update = Update::replace},
    {.name = "PrincipalOrgID", .update = Update::replace},
    {.name = "SourceAccount", .update = Update::replace},
    {.name = "SourceArn", .update = Update::replace}};
constexpr std::string_view permission_attributes[] = {"Id"};
constexpr deploy::TypeFacts permission_facts{.name = "AWS::Lambda::Permission",
                                             .properties = permission_properties,
                                             .attributes = permission_attributes,
                                             .style = {.length_max = 100}};

class PermissionResource : public deploy::DescribedType {
 public:
  PermissionResource() : DescribedType(permission_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    AddPermissionInput input{.action = deploy::text_of(properties, "Action"),
                             .event_source_token = deploy::text_if(properties, "EventSourceToken"),
                             .function_name = deploy::text_of(properties, "FunctionName"),
                             .principal = deploy::text_of(properties, "Principal"),
                             .principal_org_id = deploy::text_if(properties, "PrincipalOrgID"),
                             .source_account = deploy::text_if(properties, "SourceAccount"),
                             .source_arn = deploy::text_if(properties, "SourceArn"),
                             .statement_id = request.name};
    auto added = co_await client.add_permission(std::move(input));
    // The statement's id is this resource's own: who finds it taken made it in an earlier attempt.
    if (added.has_error() && added.error().kind().name != "ResourceConflictException")
      co_return std::move(added).error();
    co_return describe(request.name);
  }

  // Nothing changes in place.
  Task<Result<Made>> update(const Request&, const std::string& id, const json::object&,
                            const json::object&) const override {
    co_return describe(id);
  }

  Task<Result<void>> remove(const Request& request, const std::string& id,
                            const json::object& properties) const override {
    Client client(request.caller);
    RemovePermissionInput input{.function_name = deploy::text_of(properties, "FunctionName"),
                                .statement_id = id};
    co_return deploy::gone(co_await client.remove_permission(std::move(input)));
  }

 private:
  static Made describe(const std::string& id) {
    return {.physical_id = id, .attributes = {{"Id", id}}};
  }
};

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html
constexpr Property destination[] = {{.name = "Destination", .need = Need::required}};
constexpr Property destinations[] = {
    {.name = "OnFailure", .kind = Kind::object, .members = destination},
    {.name = "OnSuccess", .kind = Kind::object, .members = destination}};
constexpr Property config_properties[] = {
    {.name = "FunctionName", .update = Update::replace, .need = Need::required},
    {.name = "Qualifier", .update = Update::replace, .need = Need::required},
    {.name = "DestinationConfig", .kind = Kind::object, .members = destinations},
    {.name = "MaximumEventAgeInSeconds", .kind = Kind::number},
    {.name = "MaximumRetryAttempts", .kind = Kind::number}};
constexpr deploy::TypeFacts config_facts{.name = "AWS::Lambda::EventInvokeConfig",
                                         .properties = config_properties};

// Putting says everything anew.
PutFunctionEventInvokeConfigInput config_of(const json::object& properties) {
  PutFunctionEventInvokeConfigInput input{
      .function_name = deploy::text_of(properties, "FunctionName"),
      .maximum_event_age_in_seconds = deploy::number_if(properties, "MaximumEventAgeInSeconds"),
      .maximum_retry_attempts = deploy::number_if(properties, "MaximumRetryAttempts"),
      .qualifier = deploy::text_of(properties, "Qualifier")};
  const auto* config = deploy::object_if(properties, "DestinationConfig");
  if (config == nullptr) return input;
  input.destination_config.emplace();
  if (const auto* failed = deploy::object_if(*config, "OnFailure"))
    input.destination_config->on_failure =
        OnFailure{.destination = deploy::text_if(*failed, "Destination")};
  if (const auto* succeeded = deploy::object_if(*config, "OnSuccess"))
    input.destination_config->on_success =
        OnSuccess{.destination = deploy::text_if(*succeeded, "Destination")};
  return input;
}

DeleteFunctionEventInvokeConfigInput configured(const json::object& properties) {
  return {.function_name = deploy::text_of(properties, "FunctionName"),
          .qualifier = deploy::text_of(properties, "Qualifier")};
}

}  // namespace

std::unique_ptr<deploy::ResourceType> permission_resource() {
  return std::make_unique<PermissionResource>();
}
std::unique_ptr<deploy::ResourceType> event_invoke_config_resource() {
  return deploy::setting_type(config_facts, &Client::put_function_event_invoke_config, config_of,
                              &Client::delete_function_event_invoke_config, configured);
}

}  // namespace cloudlet::lambda
