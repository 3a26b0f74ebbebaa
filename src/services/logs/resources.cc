#include "services/logs/resources.h"

#include "deploy/resource_steps.h"
#include "gen/logs/api.h"

namespace cloudlet::logs {
namespace {

using namespace deploy::words;
namespace json = boost::json;

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
constexpr Property group_properties[] = {{.name = "LogGroupName", .update = Update::replace},
                                         {.name = "RetentionInDays", .kind = Kind::number},
                                         {.name = "Tags", .kind = Kind::tags}};
constexpr std::string_view group_attributes[] = {"Arn"};
constexpr deploy::TypeFacts group_facts{.name = "AWS::Logs::LogGroup",
                                        .properties = group_properties,
                                        .attributes = group_attributes,
                                        .name_property = "LogGroupName",
                                        .style = {.length_max = 512}};

class LogGroupType : public deploy::DescribedType {
 public:
  LogGroupType() : DescribedType(group_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "LogGroupName", request);
    CreateLogGroupInput input{.log_group_name = name, .tags = deploy::tags_of(properties)};
    CO_CHECK(co_await client.create_log_group(std::move(input)));
    co_return deploy::completed(describe(request, name),
                                co_await retain(client, name, deploy::no_properties, properties));
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "LogGroupName", request);
    std::optional<std::string> token;
    do {
      DescribeLogGroupsInput input{.log_group_name_prefix = name, .next_token = token};
      CO_TRY(auto page, co_await client.describe_log_groups(std::move(input)));
      for (const auto& group : page.log_groups)
        if (group.log_group_name == name) co_return std::optional(describe(request, name));
      token = page.next_token;
    } while (token);
    co_return std::optional<Made>();
  }

  Task<Result<Made>> update(const Request& request, const std::string& name,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    CO_CHECK(co_await retain(client, name, before, after));
    TagResourceInput tagged{.resource_arn = arn_of(request, name)};
    UntagResourceInput untagged{.resource_arn = tagged.resource_arn};
    CO_CHECK(co_await deploy::retag(client, &Client::tag_resource, std::move(tagged),
                                    &Client::untag_resource, std::move(untagged),
                                    deploy::tag_changes(before, after)));
    co_return describe(request, name);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    DeleteLogGroupInput input{.log_group_name = name};
    co_return deploy::gone(co_await client.delete_log_group(std::move(input)));
  }

 private:
  static std::string arn_of(const Request& request, const std::string& name) {
    return make_arn("logs", request.scope, "log-group:" + name);
  }
  static Made describe(const Request& request, const std::string& name) {
    return {.physical_id = name, .attributes = {{"Arn", arn_of(request, name) + ":*"}}};
  }

  static Task<Result<void>> retain(Client& client, const std::string& name,
                                   const json::object& before, const json::object& after) {
    const auto wanted = deploy::number_if(after, "RetentionInDays");
    if (deploy::number_if(before, "RetentionInDays") == wanted) co_return Result<void>();
    if (wanted) {
      PutRetentionPolicyInput input{.log_group_name = name, .retention_in_days = *wanted};
      CO_CHECK(co_await client.put_retention_policy(std::move(input)));
      co_return Result<void>();
    }
    DeleteRetentionPolicyInput input{.log_group_name = name};
    CO_CHECK(co_await client.delete_retention_policy(std::move(input)));
    co_return Result<void>();
  }
};

}  // namespace

deploy::ResourceTypeList resource_types() {
  return deploy::type_list(std::make_unique<LogGroupType>());
}

}  // namespace cloudlet::logs
