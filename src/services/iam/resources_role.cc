// AWS::IAM::Role.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
#include "services/iam/resources_parts.h"

namespace cloudlet::iam {
namespace {

constexpr Property inline_policy[] = {
    {.name = "PolicyName", .need = Need::required},
    {.name = "PolicyDocument", .kind = Kind::document, .need = Need::required}};
constexpr Property role_properties[] = {
    {.name = "RoleName", .update = Update::replace},
    {.name = "Path", .update = Update::replace},
    {.name = "AssumeRolePolicyDocument", .kind = Kind::document, .need = Need::required},
    {.name = "Description"},
    {.name = "MaxSessionDuration", .kind = Kind::number},
    {.name = "PermissionsBoundary", .update = Update::replace},
    {.name = "ManagedPolicyArns", .kind = Kind::texts},
    {.name = "Policies", .kind = Kind::objects, .members = inline_policy},
    {.name = "Tags", .kind = Kind::tags}};
constexpr std::string_view role_attributes[] = {"Arn", "RoleId"};
constexpr deploy::TypeFacts role_facts{.name = "AWS::IAM::Role",
                                       .properties = role_properties,
                                       .attributes = role_attributes,
                                       .name_property = "RoleName",
                                       .style = {.length_max = 64}};

std::map<std::string, std::string> inline_policies(const json::object& properties) {
  std::map<std::string, std::string> policies;
  for (const auto& one : deploy::list_of(properties, "Policies"))
    policies[deploy::text_of(one.get_object(), "PolicyName")] =
        deploy::document_text(one.get_object(), "PolicyDocument");
  return policies;
}

class RoleResource : public deploy::DescribedType {
 public:
  RoleResource() : DescribedType(role_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CreateRoleInput input{
        .assume_role_policy_document =
            deploy::document_text(properties, "AssumeRolePolicyDocument"),
        .description = deploy::text_if(properties, "Description"),
        .path = deploy::text_if(properties, "Path"),
        .permissions_boundary = deploy::text_if(properties, "PermissionsBoundary"),
        .role_name = name_or(properties, "RoleName", request)};
    input.max_session_duration = deploy::number_if(properties, "MaxSessionDuration");
    deploy::add_tags(input.tags, deploy::tags_of(properties));
    CO_TRY(const auto created, co_await client.create_role(std::move(input)));
    Made made = describe(created.role);
    const auto settled =
        co_await settle_policies(client, made.physical_id, deploy::no_properties, properties);
    co_return deploy::completed(std::move(made), settled);
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    GetRoleInput input{.role_name = name_or(properties, "RoleName", request)};
    co_return deploy::seen(co_await client.get_role(std::move(input)),
                           [](const GetRoleOutput& got) { return describe(got.role); });
  }

  Task<Result<Made>> update(const Request& request, const std::string& name,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    const std::string trust = deploy::document_text(after, "AssumeRolePolicyDocument");
    if (deploy::document_text(before, "AssumeRolePolicyDocument") != trust) {
      UpdateAssumeRolePolicyInput input{.policy_document = trust, .role_name = name};
      CO_CHECK(co_await client.update_assume_role_policy(std::move(input)));
    }
    UpdateRoleInput role{.description = deploy::text_of(after, "Description"), .role_name = name};
    role.max_session_duration = deploy::number_if(after, "MaxSessionDuration").value_or(3600);
    CO_CHECK(co_await client.update_role(std::move(role)));
    CO_CHECK(co_await settle_policies(client, name, before, after));
    TagRoleInput tagged{.role_name = name};
    UntagRoleInput untagged{.role_name = name};
    CO_CHECK(co_await deploy::retag(client, &Client::tag_role, std::move(tagged),
                                    &Client::untag_role, std::move(untagged),
                                    deploy::tag_changes(before, after)));
    GetRoleInput again{.role_name = name};
    CO_TRY(const auto got, co_await client.get_role(std::move(again)));
    co_return describe(got.role);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    // Everything that hangs on the role, also what another resource put there and an earlier
    // attempt left.
    CO_TRY(const auto attached, co_await attached_policies(client, name));
    for (const auto& arn : attached) {
      DetachRolePolicyInput input{.policy_arn = arn, .role_name = name};
      CO_CHECK(deploy::gone(co_await client.detach_role_policy(std::move(input))));
    }
    ListRolePoliciesInput list{.role_name = name};
    auto own = co_await client.list_role_policies(std::move(list));
    if (own.has_value())
      for (const auto& policy : own->policy_names) {
        DeleteRolePolicyInput input{.policy_name = policy, .role_name = name};
        CO_CHECK(deploy::gone(co_await client.delete_role_policy(std::move(input))));
      }
    DeleteRoleInput input{.role_name = name};
    co_return deploy::gone(co_await client.delete_role(std::move(input)));
  }

 private:
  static Made describe(const Role& role) {
    return {.physical_id = role.role_name,
            .attributes = {{"Arn", role.arn}, {"RoleId", role.role_id}}};
  }

  static Task<Result<std::vector<std::string>>> attached_policies(Client& client,
                                                                  const std::string& name) {
    std::vector<std::string> arns;
    std::optional<std::string> marker;
    do {
      ListAttachedRolePoliciesInput input{.marker = marker, .role_name = name};
      auto page = co_await client.list_attached_role_policies(std::move(input));
      if (page.has_error() && deploy::says_missing(page.error())) co_return arns;
      if (page.has_error()) co_return std::move(page).error();
      for (const auto& policy : page->attached_policies)
        arns.push_back(policy.policy_arn.value_or(""));
      marker = page->marker;
    } while (marker);
    co_return arns;
  }

  static Task<Result<void>> settle_policies(Client& client, const std::string& name,
                                            const json::object& before, const json::object& after) {
    const auto had = deploy::texts_of(before, "ManagedPolicyArns"),
               wanted = deploy::texts_of(after, "ManagedPolicyArns");
    for (const auto& arn : deploy::beyond(wanted, had)) {
      AttachRolePolicyInput input{.policy_arn = arn, .role_name = name};
      CO_CHECK(co_await client.attach_role_policy(std::move(input)));
    }
    for (const auto& arn : deploy::beyond(had, wanted)) {
      DetachRolePolicyInput input{.policy_arn = arn, .role_name = name};
      CO_CHECK(deploy::gone(co_await client.detach_role_policy(std::move(input))));
    }
    const auto old = inline_policies(before), next = inline_policies(after);
    for (const auto& [policy, document] : next) {
      if (const auto there = old.find(policy); there != old.end() && there->second == document)
        continue;
      PutRolePolicyInput input{
          .policy_document = document, .policy_name = policy, .role_name = name};
      CO_CHECK(co_await client.put_role_policy(std::move(input)));
    }
    for (const auto& [policy, document] : old) {
      if (next.contains(policy)) continue;
      DeleteRolePolicyInput input{.policy_name = policy, .role_name = name};
      CO_CHECK(deploy::gone(co_await client.delete_role_policy(std::move(input))));
    }
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> role_resource() { return std::make_unique<RoleResource>(); }

}  // namespace cloudlet::iam
