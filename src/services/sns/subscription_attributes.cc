// The attributes of subscriptions: get, set, and what each accepts.
#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "services/sns/delivery_policy.h"
#include "services/sns/keys.h"
#include "services/sns/rules.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {
namespace {

Result<void> set_raw(StoredSubscription& subscription, const std::string& value,
                     const std::string& reason) {
  if (value != "true" && value != "false")
    return rules::invalid_parameter(fmt::format(
        "{}RawMessageDelivery: Invalid value [{}]. Must be true or false.", reason, value));
  const bool posted = subscription.protocol == "http" || subscription.protocol == "https";
  if (value == "true" && !posted)
    return rules::invalid_parameter(
        fmt::format("{}Delivery protocol [{}] does not support raw message delivery.", reason,
                    subscription.protocol));
  subscription.raw = value == "true";
  return {};
}

Result<void> check_filter(const StoredSubscription& subscription, const std::string& reason) {
  if (subscription.filter_policy.empty()) return {};
  const auto filter =
      Filter::compile(subscription.filter_policy, filter_scope(subscription.filter_scope));
  if (filter.has_error()) return rules::invalid_parameter(reason + filter.error().message());
  return {};
}

bool is_empty_policy(const std::string& value) {
  boost::system::error_code failure;
  const auto policy = boost::json::parse(value, failure);
  return value.empty() || (!failure && policy.is_object() && policy.get_object().empty());
}

Result<void> set_scope(StoredSubscription& subscription, const std::string& value,
                       const std::string& reason) {
  if (value != "MessageAttributes" && value != "MessageBody")
    return rules::invalid_parameter(
        fmt::format("{}FilterPolicyScope: Invalid value [{}]. Please use either MessageBody or "
                    "MessageAttributes",
                    reason, value));
  subscription.filter_scope = value;
  return check_filter(subscription, reason);
}

Result<void> set_delivery_policy(StoredSubscription& subscription, const std::string& value,
                                 const std::string& reason) {
  if (!value.empty()) {
    if (subscription.protocol != "http" && subscription.protocol != "https")
      return rules::invalid_parameter(
          fmt::format("{}Delivery protocol [{}] does not support a delivery policy.", reason,
                      subscription.protocol));
    const auto policy = DeliveryPolicy::parse_of_subscription(value);
    if (policy.has_error()) return rules::invalid_parameter(reason + policy.error().message());
  }
  subscription.delivery_policy = value;
  return {};
}

}  // namespace

Result<void> set_attribute(StoredSubscription& subscription, const std::string& name,
                           const std::string& value, const std::string& reason) {
  if (name == "RawMessageDelivery") return set_raw(subscription, value, reason);
  if (name == "FilterPolicyScope") return set_scope(subscription, value, reason);
  if (name == "DeliveryPolicy") return set_delivery_policy(subscription, value, reason);
  if (name == "FilterPolicy") {
    subscription.filter_policy = is_empty_policy(value) ? "" : value;
    return check_filter(subscription, reason);
  }
  if (name == "RedrivePolicy") {
    if (value.empty()) return {};
    return rules::invalid_parameter(reason +
                                    "RedrivePolicy: cloudlet serves no queues to redrive to yet");
  }
  if (name == "SubscriptionRoleArn" || name == "ReplayPolicy")
    return rules::invalid_parameter(fmt::format("{}{} is not served by cloudlet", reason, name));
  return rules::invalid_parameter(reason.empty() ? "AttributeName"
                                                 : "Attributes Reason: Unknown attribute: " + name);
}

std::string get_attribute(const StoredSubscription& subscription, const std::string& name) {
  if (name == "RawMessageDelivery") return subscription.raw ? "true" : "false";
  if (name == "FilterPolicy") return subscription.filter_policy;
  if (name == "DeliveryPolicy") return subscription.delivery_policy;
  if (name == "FilterPolicyScope")
    return subscription.filter_scope.empty() ? "MessageAttributes" : subscription.filter_scope;
  return {};
}

Result<GetSubscriptionAttributesOutput> Service::get_subscription_attributes(
    const store::ReadTxn& tx, const wire::Call& call, const GetSubscriptionAttributesInput& input) {
  TRY(const auto id,
      rules::own_subscription(call, input.subscription_arn, "GetSubscriptionAttributes"));
  const auto subscription = read_subscription(tx, id.topic, id.id);
  if (!subscription) return errors::not_found("Subscription does not exist");
  TRY(const StoredTopic topic, find_topic(tx, id.topic));
  GetSubscriptionAttributesOutput output;
  auto& attributes = output.attributes;
  const auto truth = [](bool yes) { return yes ? "true" : "false"; };
  attributes = {{"SubscriptionArn", subscription->arn(id.topic)},
                {"TopicArn", id.topic.arn()},
                {"Owner", subscription->owner},
                {"Protocol", subscription->protocol},
                {"Endpoint", subscription->endpoint},
                {"PendingConfirmation", truth(subscription->pending)},
                {"ConfirmationWasAuthenticated", truth(subscription->authenticated)},
                {"RawMessageDelivery", truth(subscription->raw)},
                {"SubscriptionPrincipal", subscription->principal}};
  if (!subscription->filter_policy.empty()) {
    attributes["FilterPolicy"] = subscription->filter_policy;
    attributes["FilterPolicyScope"] = get_attribute(*subscription, "FilterPolicyScope");
  }
  if (!subscription->delivery_policy.empty())
    attributes["DeliveryPolicy"] = subscription->delivery_policy;
  if (subscription->protocol.starts_with("http"))
    attributes["EffectiveDeliveryPolicy"] = effective_json_of_subscription(
        effective_policy(topic.attribute("DeliveryPolicy"), subscription->delivery_policy));
  return output;
}

Result<SetSubscriptionAttributesOutput> Service::set_subscription_attributes(
    store::Txn& tx, const wire::Call& call, const SetSubscriptionAttributesInput& input) {
  TRY(const auto id,
      rules::own_subscription(call, input.subscription_arn, "SetSubscriptionAttributes"));
  auto subscription = read_subscription(tx, id.topic, id.id);
  if (!subscription) return errors::not_found("Subscription does not exist");
  CHECK(set_attribute(*subscription, input.attribute_name, input.attribute_value.value_or(""), ""));
  write_subscription(tx, id.topic, *subscription);
  return SetSubscriptionAttributesOutput{};
}

}  // namespace cloudlet::sns
