// An application message: what PUBLISH carries, as the broker, the sessions and the application see
// it. MQTT 3.1.1 section 3.3, MQTT 5.0 section 3.3.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace cloudlet::mqtt {

enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

inline Qos lower(Qos a, Qos b) { return a < b ? a : b; }

// One message, owned and shared: it is kept once however many sessions receive it. Immutable.
struct Message {
  std::string topic;
  std::string payload;
  std::string properties;  // the 5.0 properties that travel with it, as they stand in the packet,
                           // without the length, message expiry and topic alias (see properties.h
                           // to read them); empty: none
  Qos qos = Qos::at_most_once;
  bool retain = false;             // as published
  std::optional<Time> expires_at;  // 5.0 message expiry interval, counted from its arrival
};
using MessagePtr = std::shared_ptr<const Message>;

// The same, borrowed from a read buffer: valid only during the call that gets it.
struct PublishView {
  std::string_view topic;
  std::string_view payload;
  std::string_view properties;
  Qos qos = Qos::at_most_once;
  bool retain = false;
  bool dup = false;
  std::uint16_t packet_id = 0;  // 0 with QoS 0 and for messages that come from inside
  std::optional<Time> expires_at;
};

MessagePtr make_message(const PublishView& publish);

// A will, left at `made_at`, when it is published at `now`: its expiry interval begins only then
// (5.0 section 3.1.3.2.4).
MessagePtr published_will(const MessagePtr& will, Time made_at, Time now);

}  // namespace cloudlet::mqtt
