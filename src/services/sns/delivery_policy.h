// Delivery policies of topics and subscriptions: how HTTP and HTTPS endpoints are tried again.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#creating-delivery-policy
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "delivery/retry.h"

namespace cloudlet::sns {

struct DeliveryPolicy {
  delivery::RetryPolicy retry = delivery::http_retry_policy();
  int receives_per_second_max = 0;  // 0: any
  std::string content_type = "text/plain; charset=UTF-8";
  bool overridable = true;  // topics: a subscription's own policy counts

  // The error's message is what the service says after "Invalid parameter: ".
  static Result<DeliveryPolicy> parse_of_topic(std::string_view json);
  static Result<DeliveryPolicy> parse_of_subscription(std::string_view json);
};

// What holds for a subscription, from the two texts (either may be empty). Stored texts were
// checked when they were set.
DeliveryPolicy effective_policy(std::string_view topic_json, std::string_view subscription_json);

// The attribute EffectiveDeliveryPolicy.
std::string effective_json_of_topic(const DeliveryPolicy& policy);
std::string effective_json_of_subscription(const DeliveryPolicy& policy);

}  // namespace cloudlet::sns
