// AWS::IoT::Policy.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-policy.html
#include "services/iot/resources_parts.h"

namespace cloudlet::iot {
namespace {

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
    deploy::add_tags(input.tags, deploy::tags_of(properties));
    const std::string name = input.policy_name;
    CO_TRY(const auto created, co_await client.create_policy(std::move(input)));
    co_return describe(name, created.policy_arn);
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "PolicyName", request);
    GetPolicyInput input{.policy_name = name};
    const auto described = [&](const GetPolicyOutput& got) {
      return describe(name, got.policy_arn);
    };
    co_return deploy::seen(co_await client.get_policy(std::move(input)), described);
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
    CO_CHECK(co_await tag(client, now.policy_arn.value_or(""), before, after));
    co_return describe(name, now.policy_arn);
  }

  // A policy that is attached stays, as the service says: somebody's device needs it.
  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    CO_CHECK(deploy::gone(co_await drop_versions(client, name)));
    DeletePolicyInput input{.policy_name = name};
    co_return deploy::gone(co_await client.delete_policy(std::move(input)));
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
      CO_CHECK(deploy::gone(co_await client.delete_policy_version(std::move(input))));
    }
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> policy_resource() {
  return std::make_unique<PolicyResource>();
}

}  // namespace cloudlet::iot
