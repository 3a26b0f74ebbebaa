// AWS::IoT::PolicyPrincipalAttachment and AWS::IoT::ThingPrincipalAttachment. Attaching twice is
// attaching once.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-policyprincipalattachment.html
#include "services/iot/resources_parts.h"

namespace cloudlet::iot {
namespace {

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

// AttachPolicy and DetachPolicy, AttachThingPrincipal and DetachThingPrincipal take the same.
template <class Input>
Input policy_and_target(const json::object& properties) {
  return {.policy_name = deploy::text_of(properties, "PolicyName"),
          .target = deploy::text_of(properties, "Principal")};
}
template <class Input>
Input thing_and_principal(const json::object& properties) {
  return {.principal = deploy::text_of(properties, "Principal"),
          .thing_name = deploy::text_of(properties, "ThingName")};
}

}  // namespace

std::unique_ptr<deploy::ResourceType> policy_attachment_resource() {
  return deploy::setting_type(policy_facts, &Client::attach_policy, policy_and_target,
                              &Client::detach_policy, policy_and_target);
}
std::unique_ptr<deploy::ResourceType> thing_attachment_resource() {
  return deploy::setting_type(thing_facts, &Client::attach_thing_principal, thing_and_principal,
                              &Client::detach_thing_principal, thing_and_principal);
}

}  // namespace cloudlet::iot
