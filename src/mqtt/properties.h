// The properties of MQTT 5.0 packets, section 2.2.2: one table says which packet may carry which.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mqtt/packet.h"
#include "mqtt/reader.h"

namespace cloudlet::mqtt {

enum class Property : std::uint8_t {
  payload_format = 0x01,
  message_expiry = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_available = 0x28,
  subscription_identifiers_available = 0x29,
  shared_subscriptions_available = 0x2A,
};

// What a client may send. Views into the packet.
struct Properties {
  std::optional<std::uint32_t> session_expiry;
  std::optional<std::uint16_t> receive_maximum;
  std::optional<std::uint32_t> maximum_packet_size;
  std::optional<std::uint16_t> topic_alias_maximum;
  std::optional<std::uint16_t> topic_alias;
  std::optional<std::uint32_t> message_expiry;
  std::optional<std::uint32_t> will_delay;
  std::optional<std::uint32_t> subscription_identifier;
  std::optional<std::string_view> response_topic;
  bool request_problem_information = true;
  bool authentication = false;  // a method or data is there
  // What travels with a message (payload format, content type, response topic, correlation data,
  // user properties), as it stood in the packet. Points into the packet, or at `rebuilt`.
  std::string_view forwarded;
  std::string rebuilt;
};

// Where a property stands: the will's are a list of their own.
enum class PropertyPlace : std::uint32_t {
  connect = 1 << 1,
  publish = 1 << 3,
  acknowledgement = 1 << 4,  // PUBACK, PUBREC, PUBREL, PUBCOMP
  subscribe = 1 << 8,
  unsubscribe = 1 << 10,
  disconnect = 1 << 14,
  auth = 1 << 15,
  will = 1 << 16,
};

// Reads the length and the list. success, malformed_packet or protocol_error (a property twice, or
// not of this place).
Reason read_properties(Reader& reader, PropertyPlace place, Properties& properties);

// For applications: the user properties and named parts of Message::properties.
struct MessageProperties {
  std::optional<std::uint8_t> payload_format;
  std::optional<std::string> content_type;
  std::optional<std::string> response_topic;
  std::optional<std::string> correlation_data;
  std::vector<std::pair<std::string, std::string>> user;
};
MessageProperties decode_message_properties(std::string_view properties);
std::string encode_message_properties(const MessageProperties& properties);

}  // namespace cloudlet::mqtt
