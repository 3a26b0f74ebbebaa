#include "mqtt/encode.h"

#include <algorithm>

#include "mqtt/properties.h"

namespace cloudlet::mqtt {
namespace {

void put_head(std::string& out, PacketType type, std::uint8_t flags, std::size_t length) {
  put_byte(out, static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags));
  put_variable(out, static_cast<std::uint32_t>(length));
}

std::size_t variable_size(std::size_t value) {
  if (value < 128) return 1;
  if (value < 16'384) return 2;
  return value < 2'097'152 ? 3 : 4;
}

// A whole packet of which the body is known.
void put_packet(std::string& out, PacketType type, std::string_view body) {
  put_head(out, type, 0, body.size());
  out.append(body);
}

void put_property(std::string& out, Property id, std::string_view text) {
  if (text.empty()) return;
  put_byte(out, static_cast<std::uint8_t>(id));
  put_string(out, text);
}

void put_properties(std::string& out, std::string_view properties) {
  put_variable(out, static_cast<std::uint32_t>(properties.size()));
  out.append(properties);
}

// 3.1.1, section 3.2.2.3.
std::uint8_t return_code(Reason reason) {
  switch (reason) {
    case Reason::success: return 0;
    case Reason::unsupported_protocol_version: return 1;
    case Reason::client_identifier_not_valid: return 2;
    case Reason::bad_user_name_or_password: return 4;
    case Reason::not_authorized: return 5;
    default: return 3;
  }
}

std::string connack_properties(const Connack& connack) {
  std::string out;
  const auto id = [&](Property property) { put_byte(out, static_cast<std::uint8_t>(property)); };
  if (connack.reason == Reason::success) {
    if (connack.session_expiry_s)
      id(Property::session_expiry), put_four_bytes(out, *connack.session_expiry_s);
    id(Property::receive_maximum), put_two_bytes(out, connack.receive_maximum);
    id(Property::maximum_packet_size), put_four_bytes(out, connack.maximum_packet_size);
    put_property(out, Property::assigned_client_identifier, connack.assigned_client_id);
    id(Property::subscription_identifiers_available), put_byte(out, 0);
    id(Property::shared_subscriptions_available), put_byte(out, 0);
    if (connack.server_keep_alive_s)
      id(Property::server_keep_alive), put_two_bytes(out, *connack.server_keep_alive_s);
  }
  put_property(out, Property::reason_string, connack.reason_string);
  return out;
}

}  // namespace

void put_four_bytes(std::string& out, std::uint32_t value) {
  put_two_bytes(out, static_cast<std::uint16_t>(value >> 16));
  put_two_bytes(out, static_cast<std::uint16_t>(value));
}

void put_variable(std::string& out, std::uint32_t value) {
  while (value >= 128) {
    put_byte(out, static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  put_byte(out, static_cast<std::uint8_t>(value));
}

void put_string(std::string& out, std::string_view text) {
  put_two_bytes(out, static_cast<std::uint16_t>(text.size()));
  out.append(text);
}

void put_connack(std::string& out, int protocol, const Connack& connack) {
  std::string body;
  put_byte(body, connack.session_present ? 1 : 0);
  if (protocol == mqtt_5_0) {
    put_byte(body, static_cast<std::uint8_t>(connack.reason));
    put_properties(body, connack_properties(connack));
  } else {
    put_byte(body, return_code(connack.reason));
  }
  put_packet(out, PacketType::connack, body);
}

void put_acknowledgement(std::string& out, int protocol, PacketType type, std::uint16_t packet_id,
                         Reason reason) {
  if (protocol != mqtt_5_0 || reason == Reason::success)
    return put_acknowledgement(out, type, packet_id);
  put_head(out, type, type == PacketType::pubrel ? 2 : 0, 3);
  put_two_bytes(out, packet_id);
  put_byte(out, static_cast<std::uint8_t>(reason));
}

namespace {

void put_codes(std::string& out, PacketType type, std::string body,
               std::span<const std::uint8_t> codes) {
  body.append(reinterpret_cast<const char*>(codes.data()), codes.size());
  put_packet(out, type, body);
}

}  // namespace

void put_suback(std::string& out, int protocol, std::uint16_t packet_id,
                std::span<const std::uint8_t> codes) {
  std::string body;
  put_two_bytes(body, packet_id);
  if (protocol == mqtt_5_0) put_byte(body, 0);
  put_codes(out, PacketType::suback, std::move(body), codes);
}

void put_unsuback(std::string& out, int protocol, std::uint16_t packet_id,
                  std::span<const std::uint8_t> codes) {
  std::string body;
  put_two_bytes(body, packet_id);
  if (protocol != mqtt_5_0) return put_packet(out, PacketType::unsuback, body);
  put_byte(body, 0);
  put_codes(out, PacketType::unsuback, std::move(body), codes);
}

void put_pingresp(std::string& out) { put_packet(out, PacketType::pingresp, {}); }

void put_disconnect(std::string& out, Reason reason, std::string_view reason_string) {
  std::string properties;
  put_property(properties, Property::reason_string, reason_string);
  std::string body;
  put_byte(body, static_cast<std::uint8_t>(reason));
  put_properties(body, properties);
  put_packet(out, PacketType::disconnect, body);
}

void PublishEncoder::reset(const PublishView& message, Time now) {
  message_ = message;
  for (auto& form : encoded_) form.ready = false;
  if (!message.expires_at) return;
  const auto left = std::chrono::ceil<std::chrono::seconds>(*message.expires_at - now).count();
  expiry_s_ = static_cast<std::uint32_t>(std::max<std::int64_t>(left, 0));
}

const PublishEncoder::Encoded& PublishEncoder::encoded(const Form& form) {
  const bool with_id = form.qos != Qos::at_most_once;
  auto& entry = encoded_[(form.protocol == mqtt_5_0 ? 2U : 0U) + (with_id ? 1U : 0U)];
  if (entry.ready) return entry;
  entry.ready = true;
  entry.bytes.clear();
  const std::size_t properties = message_.properties.size() + (message_.expires_at ? 5 : 0);
  std::size_t length = 2 + message_.topic.size() + (with_id ? 2 : 0) + message_.payload.size();
  if (form.protocol == mqtt_5_0) length += variable_size(properties) + properties;
  put_head(entry.bytes, PacketType::publish, 0, length);
  put_string(entry.bytes, message_.topic);
  entry.packet_id_at = entry.bytes.size();
  if (with_id) put_two_bytes(entry.bytes, 0);
  if (form.protocol == mqtt_5_0) {
    put_variable(entry.bytes, static_cast<std::uint32_t>(properties));
    if (message_.expires_at) {
      put_byte(entry.bytes, static_cast<std::uint8_t>(Property::message_expiry));
      put_four_bytes(entry.bytes, expiry_s_);
    }
    entry.bytes.append(message_.properties);
  }
  entry.bytes.append(message_.payload);
  return entry;
}

std::size_t PublishEncoder::size(const Form& form) { return encoded(form).bytes.size(); }

void PublishEncoder::append(std::string& out, const Form& form) {
  const auto& entry = encoded(form);
  const auto start = out.size();
  out.append(entry.bytes);
  out[start] =
      static_cast<char>(static_cast<unsigned>(PacketType::publish) << 4 | (form.dup ? 8U : 0U) |
                        static_cast<unsigned>(form.qos) << 1 | (form.retain ? 1U : 0U));
  if (form.qos == Qos::at_most_once) return;
  out[start + entry.packet_id_at] = static_cast<char>(form.packet_id >> 8);
  out[start + entry.packet_id_at + 1] = static_cast<char>(form.packet_id);
}

PublishView view_of(const Message& message) {
  return {.topic = message.topic,
          .payload = message.payload,
          .properties = message.properties,
          .qos = message.qos,
          .retain = message.retain,
          .expires_at = message.expires_at};
}

}  // namespace cloudlet::mqtt
