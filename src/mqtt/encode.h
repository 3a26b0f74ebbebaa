// Packets to a client, appended to its output.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mqtt/message.h"
#include "mqtt/packet.h"

namespace cloudlet::mqtt {

inline void put_byte(std::string& out, std::uint8_t value) {
  out.push_back(static_cast<char>(value));
}
inline void put_two_bytes(std::string& out, std::uint16_t value) {
  const char bytes[2] = {static_cast<char>(value >> 8), static_cast<char>(value)};
  out.append(bytes, 2);
}
void put_four_bytes(std::string& out, std::uint32_t value);
void put_variable(std::string& out, std::uint32_t value);  // below 2^28
void put_string(std::string& out, std::string_view text);  // at most 65,535 bytes

struct Connack {
  bool session_present = false;
  Reason reason = Reason::success;  // for 3.1.1 translated to its return codes
  // 5.0 only
  std::optional<std::uint32_t> session_expiry_s;
  std::optional<std::uint16_t> server_keep_alive_s;
  std::uint16_t receive_maximum = 0xffff;
  std::uint32_t maximum_packet_size = 0;
  std::string_view assigned_client_id;
  std::string_view reason_string;
};
void put_connack(std::string& out, int protocol, const Connack& connack);

// PUBACK, PUBREC, PUBREL, PUBCOMP.
inline void put_acknowledgement(std::string& out, PacketType type, std::uint16_t packet_id) {
  const auto first = static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 |
                                               (type == PacketType::pubrel ? 2U : 0U));
  const char bytes[4] = {static_cast<char>(first), 2, static_cast<char>(packet_id >> 8),
                         static_cast<char>(packet_id)};
  out.append(bytes, 4);
}
// The 5.0 form with a reason (3.1.1 clients get the short one).
void put_acknowledgement(std::string& out, int protocol, PacketType type, std::uint16_t packet_id,
                         Reason reason);

void put_suback(std::string& out, int protocol, std::uint16_t packet_id,
                std::span<const std::uint8_t> codes);
void put_unsuback(std::string& out, int protocol, std::uint16_t packet_id,
                  std::span<const std::uint8_t> codes);
void put_pingresp(std::string& out);
// 5.0 only.
void put_disconnect(std::string& out, Reason reason, std::string_view reason_string);

// Encodes one message once for each form that its receivers need, and appends it to as many outputs
// as there are.
class PublishEncoder {
 public:
  struct Form {
    int protocol = mqtt_3_1_1;
    Qos qos = Qos::at_most_once;
    bool retain = false;
    bool dup = false;
    std::uint16_t packet_id = 0;
  };

  // `message` is borrowed until the next `reset`.
  void reset(const PublishView& message, Time now);
  std::size_t size(const Form& form);
  void append(std::string& out, const Form& form);

 private:
  struct Encoded {
    bool ready = false;
    std::string bytes;
    std::size_t packet_id_at = 0;
  };
  const Encoded& encoded(const Form& form);

  PublishView message_;
  std::uint32_t expiry_s_ = 0;      // what is left; only if message_.expires_at
  std::array<Encoded, 4> encoded_;  // protocol, and with or without a packet id
};

PublishView view_of(const Message& message);

}  // namespace cloudlet::mqtt
