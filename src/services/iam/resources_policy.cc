// AWS::IAM::ManagedPolicy and AWS::IAM::Policy.
#include "services/iam/resources_parts.h"

namespace cloudlet::iam {
namespace {

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html
constexpr Property managed_properties[] = {
    {.name = "ManagedPolicyName", .update = Update::replace},
    {.name = "Path", .update = Update::replace},
    {.name = "Description", .update = Update::replace},
    {.name = "PolicyDocument", .kind = Kind::document, .need = Need::required},
    {.name = "Roles", .kind = Kind::texts}};
constexpr std::string_view managed_attributes[] = {"PolicyArn", "PolicyId"};
constexpr deploy::TypeFacts managed_facts{.name = "AWS::IAM::ManagedPolicy",
                                          .properties = managed_properties,
                                          .attributes = managed_attributes,
                                          .name_property = "ManagedPolicyName",
                                          .style = {.length_max = 128}};

class ManagedPolicyResource : public deploy::DescribedType {
 public:
  ManagedPolicyResource() : DescribedType(managed_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CreatePolicyInput input{.description = deploy::text_if(properties, "Description"),
                            .path = deploy::text_if(properties, "Path"),
                            .policy_document = deploy::document_text(properties, "PolicyDocument"),
                            .policy_name = name_or(properties, "ManagedPolicyName", request)};
    CO_TRY(const auto created, co_await client.create_policy(std::move(input)));
    if (!created.policy)
      co_return Error(cloudlet::errors::internal_failure, "the policy was made, but not described");
    Made made = describe(*created.policy);
    const auto attached =
        co_await settle_roles(client, made.physical_id, deploy::no_properties, properties);
    co_return deploy::completed(std::move(made), attached);
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string path = deploy::text_if(properties, "Path").value_or("/");
    GetPolicyInput input{.policy_arn = "arn:aws:iam::" + request.scope.account + ":policy" + path +
                                       name_or(properties, "ManagedPolicyName", request)};
    auto got = co_await client.get_policy(std::move(input));
    if (got.has_value() && got->policy) co_return std::optional(describe(*got->policy));
    if (got.has_error() && !deploy::says_missing(got.error())) co_return std::move(got).error();
    co_return std::optional<Made>();
  }

  Task<Result<Made>> update(const Request& request, const std::string& arn,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    const std::string document = deploy::document_text(after, "PolicyDocument");
    if (deploy::document_text(before, "PolicyDocument") != document) {
      // Five versions are kept at most: those that are not in force make room.
      CO_CHECK(co_await drop_versions(client, arn));
      CreatePolicyVersionInput input{
          .policy_arn = arn, .policy_document = document, .set_as_default = true};
      CO_CHECK(co_await client.create_policy_version(std::move(input)));
      CO_CHECK(co_await drop_versions(client, arn));
    }
    CO_CHECK(co_await settle_roles(client, arn, before, after));
    GetPolicyInput again{.policy_arn = arn};
    CO_TRY(const auto got, co_await client.get_policy(std::move(again)));
    if (!got.policy)
      co_return Error(cloudlet::errors::internal_failure,
                      "the policy was changed, but not described");
    co_return describe(*got.policy);
  }

  Task<Result<void>> remove(const Request& request, const std::string& arn,
                            const json::object& properties) const override {
    Client client(request.caller);
    CO_CHECK(co_await settle_roles(client, arn, properties, deploy::no_properties));
    CO_CHECK(deploy::gone(co_await drop_versions(client, arn)));
    DeletePolicyInput input{.policy_arn = arn};
    co_return deploy::gone(co_await client.delete_policy(std::move(input)));
  }

 private:
  static Made describe(const Policy& policy) {
    const std::string arn = policy.arn.value_or("");
    return {.physical_id = arn,
            .attributes = {{"PolicyArn", arn}, {"PolicyId", policy.policy_id.value_or("")}}};
  }

  static Task<Result<void>> drop_versions(Client& client, const std::string& arn) {
    ListPolicyVersionsInput list{.policy_arn = arn};
    CO_TRY(const auto versions, co_await client.list_policy_versions(std::move(list)));
    for (const auto& version : versions.versions) {
      if (version.is_default_version.value_or(false)) continue;
      DeletePolicyVersionInput input{.policy_arn = arn,
                                     .version_id = version.version_id.value_or("")};
      CO_CHECK(deploy::gone(co_await client.delete_policy_version(std::move(input))));
    }
    co_return Result<void>();
  }

  static Task<Result<void>> settle_roles(Client& client, const std::string& arn,
                                         const json::object& before, const json::object& after) {
    const auto had = deploy::texts_of(before, "Roles"), wanted = deploy::texts_of(after, "Roles");
    for (const auto& role : deploy::beyond(wanted, had)) {
      AttachRolePolicyInput input{.policy_arn = arn, .role_name = role};
      CO_CHECK(co_await client.attach_role_policy(std::move(input)));
    }
    for (const auto& role : deploy::beyond(had, wanted)) {
      DetachRolePolicyInput input{.policy_arn = arn, .role_name = role};
      CO_CHECK(deploy::gone(co_await client.detach_role_policy(std::move(input))));
    }
    co_return Result<void>();
  }
};

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-policy.html
constexpr Property policy_properties[] = {
    {.name = "PolicyName", .update = Update::replace, .need = Need::required},
    {.name = "PolicyDocument", .kind = Kind::document, .need = Need::required},
    {.name = "Roles", .kind = Kind::texts, .need = Need::required}};
constexpr std::string_view policy_attributes[] = {"Id"};
// No name property: putting a policy into a role replaces one of the same name, as the service
// does.
constexpr deploy::TypeFacts policy_facts{.name = "AWS::IAM::Policy",
                                         .properties = policy_properties,
                                         .attributes = policy_attributes,
                                         .style = {.length_max = 128}};

class PolicyResource : public deploy::DescribedType {
 public:
  PolicyResource() : DescribedType(policy_facts) {}

  // All roles or none: if one refuses, those before it give the policy back.
  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    std::vector<std::string> done;
    for (const auto& role : deploy::texts_of(properties, "Roles")) {
      const auto put = co_await attach(client, properties, role);
      if (put.has_value()) {
        done.push_back(role);
        continue;
      }
      const auto undone =
          co_await withdraw(client, deploy::text_of(properties, "PolicyName"), std::move(done));
      if (undone.has_value()) co_return put.error();
      co_return deploy::completed(describe(request.name), put);
    }
    co_return describe(request.name);
  }

  Task<Result<Made>> update(const Request& request, const std::string& id,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    const auto wanted = deploy::texts_of(after, "Roles");
    for (const auto& role : wanted) CO_CHECK(co_await attach(client, after, role));
    CO_CHECK(co_await withdraw(client, deploy::text_of(before, "PolicyName"),
                               deploy::beyond(deploy::texts_of(before, "Roles"), wanted)));
    co_return describe(id);
  }

  Task<Result<void>> remove(const Request& request, const std::string&,
                            const json::object& properties) const override {
    Client client(request.caller);
    co_return co_await withdraw(client, deploy::text_of(properties, "PolicyName"),
                                deploy::texts_of(properties, "Roles"));
  }

 private:
  static Made describe(const std::string& id) {
    return {.physical_id = id, .attributes = {{"Id", id}}};
  }

  static Task<Result<void>> attach(Client& client, const json::object& properties,
                                   const std::string& role) {
    PutRolePolicyInput input{.policy_document = deploy::document_text(properties, "PolicyDocument"),
                             .policy_name = deploy::text_of(properties, "PolicyName"),
                             .role_name = role};
    CO_CHECK(co_await client.put_role_policy(std::move(input)));
    co_return Result<void>();
  }

  static Task<Result<void>> withdraw(Client& client, std::string policy,
                                     std::vector<std::string> roles) {
    for (const auto& role : roles) {
      DeleteRolePolicyInput input{.policy_name = policy, .role_name = role};
      CO_CHECK(deploy::gone(co_await client.delete_role_policy(std::move(input))));
    }
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> managed_policy_resource() {
  return std::make_unique<ManagedPolicyResource>();
}
std::unique_ptr<deploy::ResourceType> policy_resource() {
  return std::make_unique<PolicyResource>();
}

}  // namespace cloudlet::iam
