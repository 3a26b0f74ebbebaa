// What SNS checks and no model says, with the service's own texts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gen/sns/api.h"
#include "services/sns/filter.h"
#include "services/sns/state.h"
#include "wire/call.h"

namespace cloudlet::sns::rules {

constexpr std::size_t message_bytes_max = 262'144;
constexpr std::size_t tags_max = 50;
constexpr std::size_t batch_max = 10;

// "Invalid parameter: " and what is wrong.
Error invalid_parameter(const std::string& what);

// Topic ARNs. `name` is the parameter's: "TopicArn". `own_topic` also refuses another account's or
// region's, as long as topic policies are not evaluated.
Result<TopicId> parse_topic_arn(std::string_view arn, std::string_view name = "TopicArn");
Result<TopicId> own_topic(const wire::Call& call, std::string_view arn, std::string_view operation,
                          std::string_view name = "TopicArn");

struct SubscriptionId {
  TopicId topic;
  std::string id;
};
Result<SubscriptionId> parse_subscription_arn(std::string_view arn);
Result<SubscriptionId> own_subscription(const wire::Call& call, std::string_view arn,
                                        std::string_view operation);

Result<void> check_topic_name(std::string_view name);
// `reason` is in front of what is wrong: "" for SetTopicAttributes, "Attributes Reason: " for
// CreateTopic.
Result<void> check_topic_attribute(const std::string& name, const std::string& value,
                                   std::string_view reason);
Result<void> check_tags(const std::vector<Tag>& tags);

Result<void> check_subject(const std::optional<std::string>& subject);
Result<void> check_message(std::string_view message, const MessageAttributes& attributes);
Result<void> check_attributes(const MessageAttributes& attributes);
std::size_t message_size(std::string_view message, const MessageAttributes& attributes);

// Protocol and endpoint belong together and are served.
Result<void> check_endpoint(const wire::Call& call, const std::string& protocol,
                            const std::string& endpoint);

}  // namespace cloudlet::sns::rules
