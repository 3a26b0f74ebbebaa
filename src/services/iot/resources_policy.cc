// AWS::IoT::Policy.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-policy.html
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

constexpr Property policy_properties[] = {
    {.name = "PolicyName", .update = Update::replace},
    {.name = "PolicyDocument", .kind = Kind::document, .need = Need::required},
    {.name = "Tags", .kind = Kind::tags}};
constexpr std::string_view policy_attributes[] = {"Arn", "Id"};
constexpr deploy::TypeFacts policy_facts{.name = "AWS::IoT::Policy",
                                         .properties = policy_properties,
                                         .attributes = policy_attributes,
                                         .name_property = "PolicyName",
                                         .style = {.length_max = 128}};

class PolicyResource : public deploy::DescribedType {
 public:
  PolicyResource() : DescribedType(policy_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CreatePolicyInput input{.policy_document = deploy::document_text(properties, "PolicyDocument"),
                            .policy_name = name_or(properties, "PolicyName", request)};
    for (const auto& [key, value] : deploy::tags_of(properties))
      input.tags.push_back({.key = key, .value = value});
    const std::string name = input.policy_name;
    auto created = co_await client.create_policy(std::move(input));
    if (created.has_error()) co_return std::move(created).error();
    co_return describe(name, created->policy_arn);
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "PolicyName", request);
    GetPolicyInput input{.policy_name = name};
    auto got = co_await client.get_policy(std::move(input));
    if (got.has_value()) co_return std::optional(describe(name, got->policy_arn));
    if (deploy::says_missing(got.error())) co_return std::optional<Made>();
    co_return std::move(got).error();
  }

  Task<Result<Made>> update(const Request& request, const std::string& name,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    const std::string document = deploy::document_text(after, "PolicyDocument");
    GetPolicyInput get{.policy_name = name};
    CO_TRY(const auto now, co_await client.get_policy(std::move(get)));
    if (now.policy_document != document) {
      // Five versions are kept at most: those that are not in force make room.
      CO_CHECK(co_await drop_versions(client, name));
      CreatePolicyVersionInput input{
          .policy_document = document, .policy_name = name, .set_as_default = true};
      CO_CHECK(co_await client.create_policy_version(std::move(input)));
      CO_CHECK(co_await drop_versions(client, name));
    }
    const auto tags = deploy::tag_changes(before, after);
    const std::string arn = now.policy_arn.value_or("");
    if (!tags.set.empty()) {
      TagResourceInput input{.resource_arn = arn};
      for (const auto& [key, value] : tags.set) input.tags.push_back({.key = key, .value = value});
      CO_CHECK(co_await client.tag_resource(std::move(input)));
    }
    if (!tags.removed.empty()) {
      UntagResourceInput input{.resource_arn = arn, .tag_keys = tags.removed};
      CO_CHECK(co_await client.untag_resource(std::move(input)));
    }
    co_return describe(name, now.policy_arn);
  }

  // A policy that is attached stays, as the service says: somebody's device needs it.
  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    auto dropped = co_await drop_versions(client, name);
    if (dropped.has_error()) {
      if (deploy::says_missing(dropped.error())) co_return Result<void>();
      co_return dropped;
    }
    DeletePolicyInput input{.policy_name = name};
    auto deleted = co_await client.delete_policy(std::move(input));
    if (deleted.has_error() && !deploy::says_missing(deleted.error()))
      co_return std::move(deleted).error();
    co_return Result<void>();
  }

 private:
  static Made describe(const std::string& name, const std::optional<std::string>& arn) {
    return {.physical_id = name, .attributes = {{"Arn", arn.value_or("")}, {"Id", name}}};
  }

  static Task<Result<void>> drop_versions(Client& client, const std::string& name) {
    ListPolicyVersionsInput list{.policy_name = name};
    CO_TRY(const auto versions, co_await client.list_policy_versions(std::move(list)));
    for (const auto& version : versions.policy_versions) {
      if (version.is_default_version.value_or(false)) continue;
      DeletePolicyVersionInput input{.policy_name = name,
                                     .policy_version_id = version.version_id.value_or("")};
      auto deleted = co_await client.delete_policy_version(std::move(input));
      if (deleted.has_error() && !deploy::says_missing(deleted.error()))
        co_return std::move(deleted).error();
    }
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> policy_resource() {
  return std::make_unique<PolicyResource>();
}

}  // namespace cloudlet::iot
