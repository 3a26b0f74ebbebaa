// AWS::Lambda::Permission and AWS::Lambda::EventInvokeConfig.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
#include "services/lambda/resources_parts.h"

namespace cloudlet::lambda {
namespace {

using deploy::Kind;
using deploy::Made;
using deploy::Need;
using deploy::Property;
using deploy::Request;
using deploy::Update;
namespace json = boost::json;

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
    auto removed = co_await client.remove_permission(std::move(input));
    if (removed.has_error() && !deploy::says_missing(removed.error()))
      co_return std::move(removed).error();
    co_return Result<void>();
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

class EventInvokeConfigResource : public deploy::DescribedType {
 public:
  EventInvokeConfigResource() : DescribedType(config_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    const json::object none;
    co_return co_await update(request, request.name, none, properties);
  }

  // Putting says everything anew.
  Task<Result<Made>> update(const Request& request, const std::string& id, const json::object&,
                            const json::object& after) const override {
    Client client(request.caller);
    PutFunctionEventInvokeConfigInput input{.function_name = deploy::text_of(after, "FunctionName"),
                                            .qualifier = deploy::text_of(after, "Qualifier")};
    if (const auto age = deploy::number_if(after, "MaximumEventAgeInSeconds"))
      input.maximum_event_age_in_seconds = static_cast<std::int32_t>(*age);
    if (const auto attempts = deploy::number_if(after, "MaximumRetryAttempts"))
      input.maximum_retry_attempts = static_cast<std::int32_t>(*attempts);
    if (const auto* config = deploy::object_if(after, "DestinationConfig")) {
      input.destination_config.emplace();
      if (const auto* failed = deploy::object_if(*config, "OnFailure"))
        input.destination_config->on_failure =
            OnFailure{.destination = deploy::text_if(*failed, "Destination")};
      if (const auto* succeeded = deploy::object_if(*config, "OnSuccess"))
        input.destination_config->on_success =
            OnSuccess{.destination = deploy::text_if(*succeeded, "Destination")};
    }
    CO_CHECK(co_await client.put_function_event_invoke_config(std::move(input)));
    co_return Made{.physical_id = id};
  }

  Task<Result<void>> remove(const Request& request, const std::string&,
                            const json::object& properties) const override {
    Client client(request.caller);
    DeleteFunctionEventInvokeConfigInput input{
        .function_name = deploy::text_of(properties, "FunctionName"),
        .qualifier = deploy::text_of(properties, "Qualifier")};
    auto deleted = co_await client.delete_function_event_invoke_config(std::move(input));
    if (deleted.has_error() && !deploy::says_missing(deleted.error()))
      co_return std::move(deleted).error();
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> permission_resource() {
  return std::make_unique<PermissionResource>();
}
std::unique_ptr<deploy::ResourceType> event_invoke_config_resource() {
  return std::make_unique<EventInvokeConfigResource>();
}

}  // namespace cloudlet::lambda
