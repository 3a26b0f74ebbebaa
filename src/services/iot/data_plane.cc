// Publish, GetRetainedMessage, ListRetainedMessages.
#include "services/iot/data_plane.h"

#include <fmt/core.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/encoding.h"
#include "mqtt/properties.h"
#include "mqtt/topic.h"
#include "services/iot/keys.h"
#include "services/iot/pages.h"
#include "services/iot/stored_message.h"

namespace cloudlet::iot {
namespace {

namespace json = boost::json;

// userProperties: a JSON array of one-member objects [{"key": "value"}], in the order they are
// sent.
Result<void> read_user_properties(const std::string& text, mqtt::MessageProperties& properties) {
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  const json::array* list = failed ? nullptr : value.if_array();
  if (!list)
    return iotdata::errors::invalid_request("userProperties must be a JSON array of objects");
  for (const json::value& one : *list) {
    const json::object* object = one.if_object();
    if (!object)
      return iotdata::errors::invalid_request("userProperties must be a JSON array of objects");
    for (const auto& member : *object) {
      if (!member.value().is_string())
        return iotdata::errors::invalid_request("A user property's value must be a text");
      properties.user.emplace_back(std::string(member.key()),
                                   std::string(member.value().get_string()));
    }
  }
  return {};
}

Result<std::string> properties_of(const iotdata::PublishInput& in) {
  mqtt::MessageProperties properties;
  properties.content_type = in.content_type;
  properties.response_topic = in.response_topic;
  if (in.correlation_data) {
    const auto bytes = from_base64(*in.correlation_data);
    if (!bytes) return iotdata::errors::invalid_request("correlationData must be base64");
    properties.correlation_data = *bytes;
  }
  if (in.payload_format_indicator) {
    properties.payload_format =
        *in.payload_format_indicator == iotdata::PayloadFormatIndicator::utf8_data ? 1 : 0;
  }
  if (in.user_properties) CHECK(read_user_properties(*in.user_properties, properties));
  return mqtt::encode_message_properties(properties);
}

// Awaits Broker::publish; resumes on the awaiting coroutine's executor.
Task<Result<void>> publish_durably(mqtt::Broker& broker, const mqtt::Client& from,
                                   const mqtt::PublishView& message, const Cause& cause) {
  auto start = [&](auto handler) {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto executor = asio::get_associated_executor(*waiting);
    auto guard = asio::make_work_guard(executor);
    broker.publish(from, message, cause, [waiting, executor, guard](Result<void> outcome) {
      asio::post(executor, [waiting, outcome = std::move(outcome)]() mutable {
        std::move (*waiting)(std::move(outcome));
      });
    });
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<void>)>(
      std::move(start), asio::use_awaitable);
}

}  // namespace

// Goes the same way as a device's message: through rules, to subscribers, retained if asked for.
Task<Result<iotdata::PublishOutput>> DataPlane::publish(const wire::Call& call,
                                                        iotdata::PublishInput in) {
  constexpr std::size_t payload_max = 128 << 10;  // AWS IoT quotas
  mqtt::Broker* broker = broker_.load();
  if (!broker) co_return iotdata::errors::service_unavailable("The MQTT broker is not running");
  if (!mqtt::valid_topic(in.topic, {})) {
    co_return iotdata::errors::invalid_request(
        fmt::format("'{}' is not a topic to publish to", in.topic));
  }
  const std::int32_t qos = in.qos.value_or(0);
  if (qos != 0 && qos != 1) co_return iotdata::errors::invalid_request("qos must be 0 or 1");
  const std::string payload = std::move(in.payload).value_or("");
  if (payload.size() > payload_max) {
    co_return iotdata::errors::invalid_request(
        fmt::format("The payload is larger than {} bytes", payload_max));
  }
  CO_TRY(const std::string properties, properties_of(in));
  mqtt::Client from;
  from.address = call.source_ip;
  from.grant = {.policy = open_policy(call.scope), .principal = call.principal.id};
  from.connected_at = call.now;
  mqtt::PublishView message{.topic = in.topic, .payload = payload, .properties = properties};
  message.qos = qos == 1 ? mqtt::Qos::at_least_once : mqtt::Qos::at_most_once;
  message.retain = in.retain.value_or(false);
  if (in.message_expiry && *in.message_expiry > 0)
    message.expires_at = call.now + std::chrono::seconds(*in.message_expiry);
  CO_CHECK(co_await publish_durably(*broker, from, message, call.cause));
  co_return iotdata::PublishOutput{};
}

Result<iotdata::GetRetainedMessageOutput> DataPlane::get_retained_message(
    const store::ReadTxn& tx, const wire::Call& call, const iotdata::GetRetainedMessageInput& in) {
  const auto bytes = tx.get(keys::retained(in.topic));
  if (!bytes)
    return iotdata::errors::resource_not_found("No retained message found for topic: " + in.topic);
  const StoredMessage stored = decode_message(*bytes);
  if (stored.message->expires_at && *stored.message->expires_at <= call.now) {
    return iotdata::errors::resource_not_found("No retained message found for topic: " + in.topic);
  }
  iotdata::GetRetainedMessageOutput out;
  out.topic = in.topic;
  out.payload = stored.message->payload;
  out.qos = static_cast<std::int32_t>(stored.message->qos);
  out.last_modified_time = to_millis(stored.stored);
  json::array user;
  for (const auto& [name, value] :
       mqtt::decode_message_properties(stored.message->properties).user) {
    user.push_back(json::object{{name, value}});
  }
  if (!user.empty()) out.user_properties = json::serialize(user);
  return out;
}

Result<iotdata::ListRetainedMessagesOutput> DataPlane::list_retained_messages(
    const store::ReadTxn& tx, const wire::Call& call,
    const iotdata::ListRetainedMessagesInput& in) {
  const PageRequest request{.marker = in.next_token, .size = in.max_results};
  const auto take = [&](std::string_view, std::string_view value) {
    const StoredMessage stored = decode_message(value);
    return !stored.message->expires_at || *stored.message->expires_at > call.now;
  };
  auto page = read_page(tx, store::prefix(keys::retained_messages()), request, take);
  if (page.has_error()) return iotdata::errors::invalid_request(page.error().message());
  iotdata::ListRetainedMessagesOutput out{.next_token = std::move(page->next),
                                          .retained_topics = {}};
  for (const Entry& entry : page->entries) {
    const StoredMessage stored = decode_message(entry.value);
    out.retained_topics.push_back(
        {.last_modified_time = to_millis(stored.stored),
         .payload_size = static_cast<std::int64_t>(stored.message->payload.size()),
         .qos = static_cast<std::int32_t>(stored.message->qos),
         .topic = stored.message->topic});
  }
  return out;
}

}  // namespace cloudlet::iot
