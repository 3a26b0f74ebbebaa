// Packets from a client: bytes to structs. Everything borrows from the buffer; nothing is copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "mqtt/application.h"
#include "mqtt/message.h"
#include "mqtt/packet.h"
#include "mqtt/properties.h"

namespace cloudlet::mqtt {

// A fixed header, and where the body is.
struct Frame {
  PacketType type = PacketType::connect;
  std::uint8_t flags = 0;
  std::string_view body;
  std::size_t size = 0;  // of the whole packet
};

enum class Framing { complete, incomplete, malformed, too_large };

// The first packet in `bytes`. With `incomplete` and a known length, `frame.size` says how many
// bytes it will have.
Framing read_frame(std::string_view bytes, std::size_t size_max, Frame& frame);

// All decoders answer success, or the reason to give before the connection is closed.

struct Connect {
  int protocol = mqtt_3_1_1;
  bool clean_start = true;
  std::uint16_t keep_alive_s = 0;
  std::string_view client_id;
  Properties properties;
  bool has_will = false;
  PublishView will;  // `expires_at` is not set: see will_properties.message_expiry
  Properties will_properties;
  std::optional<std::string_view> username;
  std::optional<std::string_view> password;
};
Reason decode_connect(const Frame& frame, Connect& connect);

struct Publish {
  PublishView view;
  Properties properties;
};
// Checks all but the topic's rules.
Reason decode_publish(const Frame& frame, int protocol, Publish& publish);

// PUBACK, PUBREC, PUBREL, PUBCOMP.
struct Acknowledgement {
  std::uint16_t packet_id = 0;
  Reason reason = Reason::success;
};
Reason decode_acknowledgement(const Frame& frame, int protocol, Acknowledgement& acknowledgement);

struct Subscribe {
  struct Item {
    std::string_view filter;
    Qos qos = Qos::at_most_once;
    bool no_local = false;
    bool retain_as_published = false;
    std::uint8_t retain_handling = 0;  // 0: send, 1: send if the subscription is new, 2: don't
  };
  std::uint16_t packet_id = 0;
  Properties properties;
  std::vector<Item> items;
};
Reason decode_subscribe(const Frame& frame, int protocol, Subscribe& subscribe);

struct Unsubscribe {
  std::uint16_t packet_id = 0;
  std::vector<std::string_view> filters;
};
Reason decode_unsubscribe(const Frame& frame, int protocol, Unsubscribe& unsubscribe);

struct Disconnect {
  Reason reason = Reason::success;
  std::optional<std::uint32_t> session_expiry;
};
Reason decode_disconnect(const Frame& frame, int protocol, Disconnect& disconnect);

}  // namespace cloudlet::mqtt
