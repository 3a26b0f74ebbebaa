// AWS::IAM::InstanceProfile.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-instanceprofile.html
#include "services/iam/resources_parts.h"

namespace cloudlet::iam {
namespace {

constexpr Property profile_properties[] = {
    {.name = "InstanceProfileName", .update = Update::replace},
    {.name = "Path", .update = Update::replace},
    {.name = "Roles", .kind = Kind::texts, .need = Need::required}};
constexpr std::string_view profile_attributes[] = {"Arn"};
constexpr deploy::TypeFacts profile_facts{.name = "AWS::IAM::InstanceProfile",
                                          .properties = profile_properties,
                                          .attributes = profile_attributes,
                                          .name_property = "InstanceProfileName",
                                          .style = {.length_max = 128}};

class InstanceProfileResource : public deploy::DescribedType {
 public:
  InstanceProfileResource() : DescribedType(profile_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CreateInstanceProfileInput input{
        .instance_profile_name = name_or(properties, "InstanceProfileName", request),
        .path = deploy::text_if(properties, "Path")};
    CO_TRY(const auto created, co_await client.create_instance_profile(std::move(input)));
    Made made = describe(created.instance_profile);
    const auto settled =
        co_await settle(client, made.physical_id, deploy::texts_of(properties, "Roles"));
    co_return deploy::completed(std::move(made), settled);
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    GetInstanceProfileInput input{.instance_profile_name =
                                      name_or(properties, "InstanceProfileName", request)};
    co_return deploy::seen(
        co_await client.get_instance_profile(std::move(input)),
        [](const GetInstanceProfileOutput& got) { return describe(got.instance_profile); });
  }

  Task<Result<Made>> update(const Request& request, const std::string& name, const json::object&,
                            const json::object& after) const override {
    Client client(request.caller);
    CO_CHECK(co_await settle(client, name, deploy::texts_of(after, "Roles")));
    GetInstanceProfileInput input{.instance_profile_name = name};
    CO_TRY(const auto got, co_await client.get_instance_profile(std::move(input)));
    co_return describe(got.instance_profile);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    const std::vector<std::string> nobody;
    CO_CHECK(deploy::gone(co_await settle(client, name, nobody)));
    DeleteInstanceProfileInput input{.instance_profile_name = name};
    co_return deploy::gone(co_await client.delete_instance_profile(std::move(input)));
  }

 private:
  static Made describe(const InstanceProfile& profile) {
    return {.physical_id = profile.instance_profile_name, .attributes = {{"Arn", profile.arn}}};
  }

  // The roles in it become `wanted`.
  static Task<Result<void>> settle(Client& client, std::string name,
                                   std::vector<std::string> wanted) {
    GetInstanceProfileInput get{.instance_profile_name = name};
    CO_TRY(const auto got, co_await client.get_instance_profile(std::move(get)));
    std::vector<std::string> had;
    for (const auto& role : got.instance_profile.roles) had.push_back(role.role_name);
    for (const auto& role : deploy::beyond(had, wanted)) {
      RemoveRoleFromInstanceProfileInput input{.instance_profile_name = name, .role_name = role};
      CO_CHECK(deploy::gone(co_await client.remove_role_from_instance_profile(std::move(input))));
    }
    for (const auto& role : deploy::beyond(wanted, had)) {
      AddRoleToInstanceProfileInput input{.instance_profile_name = name, .role_name = role};
      CO_CHECK(co_await client.add_role_to_instance_profile(std::move(input)));
    }
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> instance_profile_resource() {
  return std::make_unique<InstanceProfileResource>();
}

}  // namespace cloudlet::iam
