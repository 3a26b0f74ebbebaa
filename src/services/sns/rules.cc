#include "services/sns/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <set>

#include "base/encoding.h"
#include "delivery/mime.h"
#include "services/sns/access_policy.h"
#include "services/sns/delivery_policy.h"

namespace cloudlet::sns::rules {
namespace {

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Result<Arn> parse_sns_arn(std::string_view text, std::string_view name) {
  const auto parts = static_cast<std::size_t>(std::count(text.begin(), text.end(), ':')) + 1;
  if (parts < 6)
    return invalid_parameter(
        fmt::format("{} Reason: An ARN must have at least 6 elements, not {}", name, parts));
  auto arn = Arn::parse(text);
  if (!arn || arn->partition != "aws" || arn->service != "sns" || arn->resource.empty())
    return invalid_parameter(std::string(name));
  return *std::move(arn);
}

// A caller from another account would need the topic's policy to say yes: see the service's page.
Result<void> check_owner(const wire::Call& call, const Scope& scope, std::string_view arn,
                         std::string_view operation, std::string_view name) {
  if (scope.account != call.scope.account)
    return errors::authorization_error(
        fmt::format("User: {} is not authorized to perform: SNS:{} on resource: {} because no "
                    "resource-based policy allows the SNS:{} "
                    "action",
                    call.principal.arn, operation, arn, operation));
  if (scope.region != call.scope.region) return invalid_parameter(std::string(name));
  return {};
}

bool is_function_arn(const wire::Call& call, const std::string& endpoint) {
  const auto arn = Arn::parse(endpoint);
  return arn && arn->service == "lambda" && arn->resource.starts_with("function:") &&
         arn->account == call.scope.account && arn->resource.size() > 9;
}

bool is_url(const std::string& endpoint, std::string_view scheme) {
  const auto url = boost::urls::parse_uri(endpoint);
  return url && url->scheme() == scheme && !url->encoded_host().empty() && endpoint.size() <= 2048;
}

}  // namespace

Error invalid_parameter(const std::string& what) {
  return errors::invalid_parameter("Invalid parameter: " + what);
}

Result<TopicId> parse_topic_arn(std::string_view text, std::string_view name) {
  TRY(const Arn arn, parse_sns_arn(text, name));
  if (arn.resource.find(':') != std::string::npos || arn.resource.find('/') != std::string::npos)
    return invalid_parameter(std::string(name));
  return TopicId{.scope = arn.scope(), .name = arn.resource};
}

Result<TopicId> own_topic(const wire::Call& call, std::string_view text, std::string_view operation,
                          std::string_view name) {
  TRY(TopicId topic, parse_topic_arn(text, name));
  CHECK(check_owner(call, topic.scope, text, operation, name));
  return topic;
}

Result<SubscriptionId> parse_subscription_arn(std::string_view text) {
  TRY(const Arn arn, parse_sns_arn(text, "SubscriptionArn"));
  const std::size_t colon = arn.resource.find(':');
  if (colon == std::string::npos || arn.resource.find(':', colon + 1) != std::string::npos)
    return invalid_parameter("SubscriptionId");
  return SubscriptionId{.topic = {.scope = arn.scope(), .name = arn.resource.substr(0, colon)},
                        .id = arn.resource.substr(colon + 1)};
}

Result<SubscriptionId> own_subscription(const wire::Call& call, std::string_view text,
                                        std::string_view operation) {
  TRY(SubscriptionId id, parse_subscription_arn(text));
  CHECK(check_owner(call, id.topic.scope, text, operation, "SubscriptionArn"));
  return id;
}

Result<void> check_topic_name(std::string_view name) {
  if (name.ends_with(".fifo"))
    return invalid_parameter("Topic Name Reason: FIFO topics are not served by cloudlet yet");
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (name.empty() || name.size() > 256 || !std::all_of(name.begin(), name.end(), allowed))
    return invalid_parameter("Topic Name");
  return {};
}

Result<void> check_topic_attribute(const std::string& name, const std::string& value,
                                   std::string_view reason) {
  const auto bad = [&](const std::string& what) {
    return invalid_parameter(std::string(reason) + what);
  };
  if (name == "DisplayName") {
    if (characters(value) > 100 || has_controls(value) || !valid_utf8(value))
      return bad("DisplayName");
    return {};
  }
  if (name == "Policy") {
    if (value.empty()) return {};
    const auto checked = check_access_policy(value);
    if (checked.has_error()) return bad(checked.error().message());
    return {};
  }
  if (name == "DeliveryPolicy") {
    if (value.empty()) return {};
    const auto parsed = DeliveryPolicy::parse_of_topic(value);
    if (parsed.has_error()) return bad(parsed.error().message());
    return {};
  }
  if (name == "SignatureVersion") {
    if (value != "1" && value != "2") return bad("SignatureVersion");
    return {};
  }
  if (name == "TracingConfig") {
    if (value == "PassThrough") return {};
    return bad(value == "Active" ? "TracingConfig Reason: Active tracing is not served by cloudlet"
                                 : "TracingConfig");
  }
  if (name == "FifoTopic") {
    if (value == "false") return {};
    return bad("FifoTopic Reason: FIFO topics are not served by cloudlet yet");
  }
  if (name == "KmsMasterKeyId") {
    if (value.empty()) return {};
    return bad("KmsMasterKeyId Reason: server-side encryption is not served by cloudlet");
  }
  const bool feedback = name.ends_with("FeedbackRoleArn") || name.ends_with("FeedbackSampleRate");
  if (feedback || name == "ArchivePolicy" || name == "ContentBasedDeduplication" ||
      name == "FifoThroughputScope")
    return bad(name + " Reason: not served by cloudlet");
  return invalid_parameter(reason.empty() ? "AttributeName"
                                          : "Attributes Reason: Unknown attribute " + name);
}

Result<void> check_tags(const std::vector<Tag>& tags) {
  std::set<std::string_view> seen;
  for (const Tag& tag : tags) {
    if (tag.key.empty() || characters(tag.key) > 128 || characters(tag.value) > 256 ||
        tag.key.starts_with("aws:"))
      return invalid_parameter("Tag key or value");
    if (!seen.insert(tag.key).second) return invalid_parameter("Duplicated keys are not allowed.");
  }
  if (tags.size() > tags_max)
    return errors::tag_limit_exceeded(
        "Could not complete request: tag quota of per resource exceeded");
  return {};
}

// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: no line breaks or control
// characters, at most 100 characters.
Result<void> check_subject(const std::optional<std::string>& subject) {
  if (!subject) return {};
  if (subject->empty() || characters(*subject) > 100 || has_controls(*subject) ||
      !valid_utf8(*subject))
    return invalid_parameter("Subject");
  return {};
}

std::size_t message_size(std::string_view message, const MessageAttributes& attributes) {
  std::size_t size = message.size();
  for (const auto& [name, value] : attributes)
    size += name.size() + value.data_type.size() + value.string_value.value_or("").size() +
            value.binary_value.value_or("").size();
  return size;
}

Result<void> check_message(std::string_view message, const MessageAttributes& attributes) {
  if (message.empty()) return invalid_parameter("Empty message");
  if (!valid_utf8(message)) return invalid_parameter("Message");
  if (message_size(message, attributes) > message_bytes_max)
    return invalid_parameter("Message too long");
  return check_attributes(attributes);
}

Result<void> check_endpoint(const wire::Call& call, const std::string& protocol,
                            const std::string& endpoint) {
  if (protocol == "email" || protocol == "email-json") {
    if (!delivery::valid_mail_address(endpoint)) return invalid_parameter("Email address");
    return {};
  }
  if (protocol == "http" || protocol == "https") {
    if (!is_url(endpoint, protocol))
      return invalid_parameter("Endpoint must match the specified protocol");
    return {};
  }
  if (protocol == "lambda") {
    if (!is_function_arn(call, endpoint)) return invalid_parameter("Lambda endpoint ARN");
    return {};
  }
  for (const char* later : {"sqs", "sms", "application", "firehose"})
    if (protocol == later)
      return invalid_parameter(
          fmt::format("Protocol Reason: cloudlet does not serve '{}' subscriptions yet", protocol));
  return invalid_parameter("Amazon SNS does not support this protocol string: " + protocol);
}

}  // namespace cloudlet::sns::rules
