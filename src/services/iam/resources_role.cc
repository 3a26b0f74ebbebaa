// AWS::IAM::Role.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
#include <algorithm>

#include "services/iam/resources_parts.h"

namespace cloudlet::iam {
namespace {

using deploy::Kind;
using deploy::Made;
using deploy::Need;
using deploy::Property;
using deploy::Request;
using deploy::Update;
namespace json = boost::json;

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
    if (const auto seconds = deploy::number_if(properties, "MaxSessionDuration"))
      input.max_session_duration = static_cast<std::int32_t>(*seconds);
    for (const auto& [key, value] : deploy::tags_of(properties))
      input.tags.push_back({.key = key, .value = value});
    auto created = co_await client.create_role(std::move(input));
    if (created.has_error()) co_return std::move(created).error();
    Made made = describe(created->role);
    const json::object none;
    auto settled = co_await settle_policies(client, made.physical_id, none, properties);
    if (settled.has_error()) made.failure = settled.error().message();
    co_return made;
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    GetRoleInput input{.role_name = name_or(properties, "RoleName", request)};
    auto got = co_await client.get_role(std::move(input));
    if (got.has_value()) co_return std::optional(describe(got->role));
    if (deploy::says_missing(got.error())) co_return std::optional<Made>();
    co_return std::move(got).error();
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
    role.max_session_duration =
        static_cast<std::int32_t>(deploy::number_if(after, "MaxSessionDuration").value_or(3600));
    CO_CHECK(co_await client.update_role(std::move(role)));
    CO_CHECK(co_await settle_policies(client, name, before, after));
    const auto tags = deploy::tag_changes(before, after);
    if (!tags.set.empty()) {
      TagRoleInput input{.role_name = name};
      for (const auto& [key, value] : tags.set) input.tags.push_back({.key = key, .value = value});
      CO_CHECK(co_await client.tag_role(std::move(input)));
    }
    if (!tags.removed.empty()) {
      UntagRoleInput input{.role_name = name, .tag_keys = tags.removed};
      CO_CHECK(co_await client.untag_role(std::move(input)));
    }
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
      auto detached = co_await client.detach_role_policy(std::move(input));
      if (detached.has_error() && !deploy::says_missing(detached.error()))
        co_return std::move(detached).error();
    }
    ListRolePoliciesInput list{.role_name = name};
    auto own = co_await client.list_role_policies(std::move(list));
    if (own.has_value())
      for (const auto& policy : own->policy_names) {
        DeleteRolePolicyInput input{.policy_name = policy, .role_name = name};
        auto dropped = co_await client.delete_role_policy(std::move(input));
        if (dropped.has_error() && !deploy::says_missing(dropped.error()))
          co_return std::move(dropped).error();
      }
    DeleteRoleInput input{.role_name = name};
    auto deleted = co_await client.delete_role(std::move(input));
    if (deleted.has_error() && !deploy::says_missing(deleted.error()))
      co_return std::move(deleted).error();
    co_return Result<void>();
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
    for (const auto& arn : beyond(wanted, had)) {
      AttachRolePolicyInput input{.policy_arn = arn, .role_name = name};
      CO_CHECK(co_await client.attach_role_policy(std::move(input)));
    }
    for (const auto& arn : beyond(had, wanted)) {
      DetachRolePolicyInput input{.policy_arn = arn, .role_name = name};
      auto detached = co_await client.detach_role_policy(std::move(input));
      if (detached.has_error() && !deploy::says_missing(detached.error()))
        co_return std::move(detached).error();
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
      auto dropped = co_await client.delete_role_policy(std::move(input));
      if (dropped.has_error() && !deploy::says_missing(dropped.error()))
        co_return std::move(dropped).error();
    }
    co_return Result<void>();
  }
};

}  // namespace

std::vector<std::string> beyond(const std::vector<std::string>& wanted,
                                const std::vector<std::string>& had) {
  std::vector<std::string> more;
  for (const auto& one : wanted)
    if (std::find(had.begin(), had.end(), one) == had.end()) more.push_back(one);
  return more;
}

std::unique_ptr<deploy::ResourceType> role_resource() { return std::make_unique<RoleResource>(); }

}  // namespace cloudlet::iam
