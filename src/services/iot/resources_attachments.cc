// AWS::IoT::PolicyPrincipalAttachment and AWS::IoT::ThingPrincipalAttachment. Attaching twice is
// attaching once.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-policyprincipalattachment.html
#include "services/iot/resources_parts.h"

namespace cloudlet::iot {
namespace {

using deploy::Made;
using deploy::Need;
using deploy::Property;
using deploy::Request;
using deploy::Update;
namespace json = boost::json;

constexpr Property policy_properties[] = {
    {.name = "PolicyName", .update = Update::replace, .need = Need::required},
    {.name = "Principal", .update = Update::replace, .need = Need::required}};
constexpr deploy::TypeFacts policy_facts{.name = "AWS::IoT::PolicyPrincipalAttachment",
                                         .properties = policy_properties};
constexpr Property thing_properties[] = {
    {.name = "ThingName", .update = Update::replace, .need = Need::required},
    {.name = "Principal", .update = Update::replace, .need = Need::required}};
constexpr deploy::TypeFacts thing_facts{.name = "AWS::IoT::ThingPrincipalAttachment",
                                        .properties = thing_properties};

class PolicyAttachment : public deploy::DescribedType {
 public:
  PolicyAttachment() : DescribedType(policy_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    const json::object none;
    co_return co_await update(request, request.name, none, properties);
  }
  Task<Result<Made>> update(const Request& request, const std::string& id, const json::object&,
                            const json::object& after) const override {
    Client client(request.caller);
    AttachPolicyInput input{.policy_name = deploy::text_of(after, "PolicyName"),
                            .target = deploy::text_of(after, "Principal")};
    CO_CHECK(co_await client.attach_policy(std::move(input)));
    co_return Made{.physical_id = id};
  }
  Task<Result<void>> remove(const Request& request, const std::string&,
                            const json::object& properties) const override {
    Client client(request.caller);
    DetachPolicyInput input{.policy_name = deploy::text_of(properties, "PolicyName"),
                            .target = deploy::text_of(properties, "Principal")};
    auto detached = co_await client.detach_policy(std::move(input));
    if (detached.has_error() && !deploy::says_missing(detached.error()))
      co_return std::move(detached).error();
    co_return Result<void>();
  }
};

class ThingAttachment : public deploy::DescribedType {
 public:
  ThingAttachment() : DescribedType(thing_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    const json::object none;
    co_return co_await update(request, request.name, none, properties);
  }
  Task<Result<Made>> update(const Request& request, const std::string& id, const json::object&,
                            const json::object& after) const override {
    Client client(request.caller);
    AttachThingPrincipalInput input{.principal = deploy::text_of(after, "Principal"),
                                    .thing_name = deploy::text_of(after, "ThingName")};
    CO_CHECK(co_await client.attach_thing_principal(std::move(input)));
    co_return Made{.physical_id = id};
  }
  Task<Result<void>> remove(const Request& request, const std::string&,
                            const json::object& properties) const override {
    Client client(request.caller);
    DetachThingPrincipalInput input{.principal = deploy::text_of(properties, "Principal"),
                                    .thing_name = deploy::text_of(properties, "ThingName")};
    auto detached = co_await client.detach_thing_principal(std::move(input));
    if (detached.has_error() && !deploy::says_missing(detached.error()))
      co_return std::move(detached).error();
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> policy_attachment_resource() {
  return std::make_unique<PolicyAttachment>();
}
std::unique_ptr<deploy::ResourceType> thing_attachment_resource() {
  return std::make_unique<ThingAttachment>();
}

}  // namespace cloudlet::iot
