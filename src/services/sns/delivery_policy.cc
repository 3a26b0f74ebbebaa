#include "services/sns/delivery_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace cloudlet::sns {
namespace {

namespace json = boost::json;
using delivery::Backoff;
using delivery::RetryPolicy;

constexpr std::int64_t seconds_max = 3600;  // of one delay, and of all together
constexpr std::int64_t retries_max = 100;

Error bad(const std::string& why) { return invalid("DeliveryPolicy: " + why); }

// Each part has one name in a topic's policy and another in a subscription's.
struct Names {
  std::string_view retry, throttle, request;
};
constexpr Names of_topic{"defaultHealthyRetryPolicy", "defaultThrottlePolicy",
                         "defaultRequestPolicy"};
constexpr Names of_subscription{"healthyRetryPolicy", "throttlePolicy", "requestPolicy"};

struct Member {
  std::string_view name;
  std::int64_t least, most;
  std::int64_t* value;
};

Result<void> read_numbers(const json::object& object, std::initializer_list<Member> members) {
  for (const Member& member : members) {
    const json::value* value = object.if_contains(member.name);
    if (value == nullptr || value->is_null()) continue;
    if (!value->is_int64() || value->get_int64() < member.least || value->get_int64() > member.most)
      return bad(fmt::format("{} must be a whole number between {} and {}", member.name,
                             member.least, member.most));
    *member.value = value->get_int64();
  }
  return {};
}

Result<void> only(const json::object& object, std::initializer_list<std::string_view> names) {
  for (const auto& member : object)
    if (std::find(names.begin(), names.end(), std::string_view(member.key())) == names.end())
      return bad(fmt::format("unexpected JSON member: {}", std::string_view(member.key())));
  return {};
}

Result<void> check_total(const RetryPolicy& policy) {
  Duration total{0};
  for (int n = 1; const auto delay = policy.delay(n); ++n) total += *delay;
  if (total > std::chrono::seconds(seconds_max))
    return bad("the total of all delays must not exceed 3600 seconds");
  return {};
}

Result<RetryPolicy> read_retry(const json::object& object) {
  CHECK(only(object, {"minDelayTarget", "maxDelayTarget", "numRetries", "numNoDelayRetries",
                      "numMinDelayRetries", "numMaxDelayRetries", "backoffFunction"}));
  std::int64_t least = 20, most = 20, retries = 3, no_delay = 0, min_delay = 0, max_delay = 0;
  CHECK(read_numbers(object, {{"minDelayTarget", 1, seconds_max, &least},
                              {"maxDelayTarget", 1, seconds_max, &most},
                              {"numRetries", 0, retries_max, &retries},
                              {"numNoDelayRetries", 0, retries_max, &no_delay},
                              {"numMinDelayRetries", 0, retries_max, &min_delay},
                              {"numMaxDelayRetries", 0, retries_max, &max_delay}}));
  if (least > most) return bad("maxDelayTarget must be greater than or equal to minDelayTarget");
  if (no_delay + min_delay + max_delay > retries)
    return bad(
        "numRetries must be greater than or equal to total of numMinDelayRetries, "
        "numNoDelayRetries and "
        "numMaxDelayRetries");
  RetryPolicy policy{.no_delay = static_cast<int>(no_delay),
                     .min_delay = static_cast<int>(min_delay),
                     .backoff = static_cast<int>(retries - no_delay - min_delay - max_delay),
                     .max_delay = static_cast<int>(max_delay),
                     .least = Duration(least * 1000),
                     .most = Duration(most * 1000)};
  if (const json::value* name = object.if_contains("backoffFunction");
      name != nullptr && !name->is_null()) {
    const auto function = name->is_string()
                              ? delivery::parse_backoff(std::string_view(name->get_string()))
                              : std::nullopt;
    if (!function)
      return bad("backoffFunction must be one of arithmetic, exponential, geometric, linear");
    policy.function = *function;
  }
  CHECK(check_total(policy));
  return policy;
}

Result<std::string> read_content_type(const json::object& object) {
  CHECK(only(object, {"headerContentType"}));
  const json::value* value = object.if_contains("headerContentType");
  if (value == nullptr || value->is_null()) return DeliveryPolicy().content_type;
  if (!value->is_string()) return bad("headerContentType must be a string");
  std::string text(value->get_string());
  const bool clean =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (text.empty() || text.size() > 255 || text.find('/') == text.npos || !clean)
    return bad("headerContentType must be a media type");
  return text;
}

// The parts that both levels have.
Result<void> read_parts(const json::object& object, const Names& names, DeliveryPolicy& policy) {
  const auto part = [&](std::string_view name) -> const json::value* {
    const json::value* value = object.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  };
  for (const std::string_view name : {names.retry, names.throttle, names.request})
    if (const json::value* value = part(name); value != nullptr && !value->is_object())
      return bad(fmt::format("{} must be an object", name));
  if (const json::value* value = part(names.retry)) {
    TRY(policy.retry, read_retry(value->get_object()));
  }
  if (const json::value* value = part(names.throttle)) {
    CHECK(only(value->get_object(), {"maxReceivesPerSecond"}));
    std::int64_t receives = 0;
    CHECK(read_numbers(value->get_object(), {{"maxReceivesPerSecond", 1, 1000, &receives}}));
    policy.receives_per_second_max = static_cast<int>(receives);
  }
  if (const json::value* value = part(names.request)) {
    TRY(policy.content_type, read_content_type(value->get_object()));
  }
  return {};
}

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code failure;
  json::value value = json::parse(text, failure);
  if (failure || !value.is_object()) return bad("failed to parse JSON.");
  return std::move(value.get_object());
}

json::object retry_json(const RetryPolicy& policy) {
  return {{"minDelayTarget", policy.least.count() / 1000},
          {"maxDelayTarget", policy.most.count() / 1000},
          {"numRetries", policy.retries()},
          {"numMaxDelayRetries", policy.max_delay},
          {"numNoDelayRetries", policy.no_delay},
          {"numMinDelayRetries", policy.min_delay},
          {"backoffFunction", to_string(policy.function)}};
}

json::value throttle_json(const DeliveryPolicy& policy) {
  if (policy.receives_per_second_max == 0) return nullptr;
  return json::object{{"maxReceivesPerSecond", policy.receives_per_second_max}};
}

}  // namespace

Result<DeliveryPolicy> DeliveryPolicy::parse_of_topic(std::string_view text) {
  TRY(const json::object all, parse_object(text));
  CHECK(only(all, {"http"}));
  DeliveryPolicy policy;
  const json::value* http = all.if_contains("http");
  if (http == nullptr || http->is_null()) return policy;
  if (!http->is_object()) return bad("http must be an object");
  CHECK(only(http->get_object(), {of_topic.retry, of_topic.throttle, of_topic.request,
                                  "disableSubscriptionOverrides"}));
  CHECK(read_parts(http->get_object(), of_topic, policy));
  if (const json::value* fixed = http->get_object().if_contains("disableSubscriptionOverrides");
      fixed != nullptr) {
    if (!fixed->is_bool()) return bad("disableSubscriptionOverrides must be a boolean");
    policy.overridable = !fixed->get_bool();
  }
  return policy;
}

Result<DeliveryPolicy> DeliveryPolicy::parse_of_subscription(std::string_view text) {
  TRY(const json::object all, parse_object(text));
  CHECK(only(all, {of_subscription.retry, of_subscription.throttle, of_subscription.request,
                   "guaranteed", "sicklyRetryPolicy"}));
  for (const char* name : {"guaranteed", "sicklyRetryPolicy"})
    if (const json::value* value = all.if_contains(name);
        value != nullptr && !value->is_null() && *value != false)
      return bad(fmt::format("{} is not supported", name));
  DeliveryPolicy policy;
  CHECK(read_parts(all, of_subscription, policy));
  return policy;
}

DeliveryPolicy effective_policy(std::string_view topic_json, std::string_view subscription_json) {
  DeliveryPolicy policy;
  if (!topic_json.empty()) policy = DeliveryPolicy::parse_of_topic(topic_json).value();
  if (subscription_json.empty() || !policy.overridable) return policy;
  const json::object own = parse_object(subscription_json).value();
  const auto checked = read_parts(own, of_subscription, policy);
  assert_that(checked.has_value(), "a stored delivery policy was checked when it was set");
  return policy;
}

std::string effective_json_of_topic(const DeliveryPolicy& policy) {
  json::object http{{of_topic.retry, retry_json(policy.retry)},
                    {"disableSubscriptionOverrides", !policy.overridable},
                    {of_topic.request, {{"headerContentType", policy.content_type}}}};
  if (policy.receives_per_second_max > 0) http[of_topic.throttle] = throttle_json(policy);
  return json::serialize(json::object{{"http", std::move(http)}});
}

std::string effective_json_of_subscription(const DeliveryPolicy& policy) {
  return json::serialize(
      json::object{{of_subscription.retry, retry_json(policy.retry)},
                   {"sicklyRetryPolicy", nullptr},
                   {of_subscription.throttle, throttle_json(policy)},
                   {of_subscription.request, {{"headerContentType", policy.content_type}}},
                   {"guaranteed", false}});
}

}  // namespace cloudlet::sns
