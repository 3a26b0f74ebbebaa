// MQTT messages as stored: retained, queued for a session, or a will.
#pragma once

#include <string>
#include <string_view>

#include "base/arn.h"
#include "mqtt/application.h"

namespace cloudlet::iot {

std::string encode_message(const mqtt::PublishView& message, Time now);
std::string encode_message(const mqtt::Message& message, Time now);

struct StoredMessage {
  mqtt::MessagePtr message;
  Time stored;
};
StoredMessage decode_message(std::string_view bytes);

// A place in a session's queue. `received`: the client has it; the message is gone then.
struct QueueEntry {
  mqtt::Qos qos = mqtt::Qos::at_least_once;
  bool retain = false;
  bool received = false;
  std::string message;  // encoded
};
std::string encode(const QueueEntry& entry);
QueueEntry decode_queue_entry(std::string_view bytes);

// Positions go on from here; `count` messages wait.
struct QueueEnd {
  std::uint64_t last = 0;
  std::uint64_t count = 0;
};
std::string encode(const QueueEnd& end);
QueueEnd decode_queue_end(std::string_view bytes);

struct StoredSessionRecord {
  bool persistent = false;
  std::chrono::seconds expiry{0};
  std::optional<Time> disconnected_at;
  // Whose client it was, for the rules that hear its will.
  std::optional<Scope> scope;
  std::string principal;
};
std::string encode(const StoredSessionRecord& session);
StoredSessionRecord decode_session(std::string_view bytes);

std::string encode(const mqtt::Subscription& subscription);
mqtt::Subscription decode_subscription(std::string_view bytes);

}  // namespace cloudlet::iot
