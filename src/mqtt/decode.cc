#include "mqtt/decode.h"

#include "base/encoding.h"

namespace cloudlet::mqtt {

bool valid_string(std::string_view text) {
  unsigned char high = 0;
  bool zero = false;
  for (const char c : text) {
    high |= static_cast<unsigned char>(c);
    zero |= c == 0;
  }
  return !zero && (high < 0x80 || valid_utf8(text));
}

Framing read_frame(std::string_view bytes, std::size_t size_max, Frame& frame) {
  frame.size = 0;
  if (bytes.size() < 2) return Framing::incomplete;
  std::size_t length = 0;
  std::size_t head = 1;
  for (int shift = 0;; shift += 7, ++head) {
    if (shift > 21) return Framing::malformed;
    if (head >= bytes.size()) return Framing::incomplete;
    const auto next = static_cast<std::uint8_t>(bytes[head]);
    length |= static_cast<std::size_t>(next & 0x7f) << shift;
    if ((next & 0x80) == 0) break;
  }
  ++head;
  frame.type = static_cast<PacketType>(static_cast<std::uint8_t>(bytes[0]) >> 4);
  frame.flags = static_cast<std::uint8_t>(bytes[0]) & 0x0f;
  frame.size = head + length;
  if (frame.size > size_max) return Framing::too_large;
  if (frame.size > bytes.size()) return Framing::incomplete;
  frame.body = bytes.substr(head, length);
  return Framing::complete;
}

namespace {

Reason finish(const Reader& reader) {
  return reader.failed() || !reader.at_end() ? Reason::malformed_packet : Reason::success;
}

// Section 3.1.2.3. A reserved bit, or flags that make no sense: [MQTT-3.1.2-3], [MQTT-3.1.2-11] to
// [MQTT-3.1.2-22].
Reason check_connect_flags(std::uint8_t flags, int protocol) {
  const bool will = (flags & 0x04) != 0;
  const int will_qos = flags >> 3 & 3;
  if ((flags & 0x01) != 0 || will_qos == 3) return Reason::malformed_packet;
  if (!will && (flags & 0x38) != 0) return Reason::malformed_packet;
  if (protocol == mqtt_3_1_1 && (flags & 0x80) == 0 && (flags & 0x40) != 0)
    return Reason::malformed_packet;
  return Reason::success;
}

Reason decode_will(Reader& reader, std::uint8_t flags, Connect& connect) {
  connect.has_will = true;
  connect.will.qos = static_cast<Qos>(flags >> 3 & 3);
  connect.will.retain = (flags & 0x20) != 0;
  if (connect.protocol == mqtt_5_0) {
    const auto reason = read_properties(reader, PropertyPlace::will, connect.will_properties);
    if (reason != Reason::success) return reason;
    connect.will.properties = connect.will_properties.forwarded;
  }
  connect.will.topic = reader.string();
  connect.will.payload = reader.binary();
  return Reason::success;
}

}  // namespace

Reason decode_connect(const Frame& frame, Connect& connect) {
  if (frame.flags != 0) return Reason::malformed_packet;
  Reader reader(frame.body);
  const auto name = reader.string();
  const auto level = reader.byte();
  if (reader.failed()) return Reason::malformed_packet;
  if (name != "MQTT" && name != "MQIsdp") return Reason::protocol_error;
  if (name != "MQTT" || (level != mqtt_3_1_1 && level != mqtt_5_0))
    return Reason::unsupported_protocol_version;
  connect.protocol = level;
  const auto flags = reader.byte();
  if (const auto reason = check_connect_flags(flags, level); reason != Reason::success)
    return reason;
  connect.clean_start = (flags & 0x02) != 0;
  connect.keep_alive_s = reader.two_bytes();
  if (level == mqtt_5_0) {
    const auto reason = read_properties(reader, PropertyPlace::connect, connect.properties);
    if (reason != Reason::success) return reason;
  }
  connect.client_id = reader.string();
  if ((flags & 0x04) != 0) {
    if (const auto reason = decode_will(reader, flags, connect); reason != Reason::success)
      return reason;
  }
  if ((flags & 0x80) != 0) connect.username = reader.string();
  if ((flags & 0x40) != 0) connect.password = reader.binary();
  return finish(reader);
}

Reason decode_publish(const Frame& frame, int protocol, Publish& publish) {
  auto& view = publish.view;
  const int qos = frame.flags >> 1 & 3;
  view.dup = (frame.flags & 0x08) != 0;
  view.retain = (frame.flags & 0x01) != 0;
  if (qos == 3 || (qos == 0 && view.dup))
    return Reason::malformed_packet;  // [MQTT-3.3.1-4], [MQTT-3.3.1-2]
  view.qos = static_cast<Qos>(qos);
  Reader reader(frame.body);
  view.topic = reader.string();
  view.packet_id = 0;
  if (qos > 0) {
    view.packet_id = reader.two_bytes();
    if (view.packet_id == 0) return Reason::malformed_packet;  // [MQTT-2.3.1-1]
  }
  view.properties = {};
  if (protocol == mqtt_5_0) {
    const auto reason = read_properties(reader, PropertyPlace::publish, publish.properties);
    if (reason != Reason::success) return reason;
    view.properties = publish.properties.forwarded;
  }
  view.payload = reader.rest();
  return reader.failed() ? Reason::malformed_packet : Reason::success;
}

Reason decode_acknowledgement(const Frame& frame, int protocol, Acknowledgement& out) {
  if (frame.flags != (frame.type == PacketType::pubrel ? 0x02 : 0x00))
    return Reason::malformed_packet;
  Reader reader(frame.body);
  out.packet_id = reader.two_bytes();
  out.reason = Reason::success;
  if (reader.failed() || out.packet_id == 0) return Reason::malformed_packet;
  if (protocol == mqtt_5_0 && !reader.at_end()) {
    out.reason = static_cast<Reason>(reader.byte());
    if (!reader.at_end()) {
      Properties properties;
      const auto reason = read_properties(reader, PropertyPlace::acknowledgement, properties);
      if (reason != Reason::success) return reason;
    }
  }
  return finish(reader);
}

Reason decode_subscribe(const Frame& frame, int protocol, Subscribe& out) {
  if (frame.flags != 0x02) return Reason::malformed_packet;  // [MQTT-3.8.1-1]
  Reader reader(frame.body);
  out.packet_id = reader.two_bytes();
  if (out.packet_id == 0) return Reason::malformed_packet;
  if (protocol == mqtt_5_0) {
    const auto reason = read_properties(reader, PropertyPlace::subscribe, out.properties);
    if (reason != Reason::success) return reason;
  }
  while (!reader.at_end() && !reader.failed()) {
    Subscribe::Item item;
    item.filter = reader.string();
    const auto options = reader.byte();
    const int reserved = protocol == mqtt_5_0 ? 0xC0 : 0xFC;
    if ((options & reserved) != 0 || (options & 3) == 3)
      return Reason::malformed_packet;  // [MQTT-3-8.3-4]
    item.qos = static_cast<Qos>(options & 3);
    item.no_local = (options & 0x04) != 0;
    item.retain_as_published = (options & 0x08) != 0;
    item.retain_handling = options >> 4 & 3;
    if (item.retain_handling == 3) return Reason::protocol_error;
    out.items.push_back(item);
  }
  if (!reader.failed() && out.items.empty()) return Reason::protocol_error;  // [MQTT-3.8.3-3]
  return finish(reader);
}

Reason decode_unsubscribe(const Frame& frame, int protocol, Unsubscribe& out) {
  if (frame.flags != 0x02) return Reason::malformed_packet;  // [MQTT-3.10.1-1]
  Reader reader(frame.body);
  out.packet_id = reader.two_bytes();
  if (out.packet_id == 0) return Reason::malformed_packet;
  if (protocol == mqtt_5_0) {
    Properties properties;
    const auto reason = read_properties(reader, PropertyPlace::unsubscribe, properties);
    if (reason != Reason::success) return reason;
  }
  while (!reader.at_end() && !reader.failed()) out.filters.push_back(reader.string());
  if (!reader.failed() && out.filters.empty()) return Reason::protocol_error;  // [MQTT-3.10.3-2]
  return finish(reader);
}

Reason decode_disconnect(const Frame& frame, int protocol, Disconnect& out) {
  if (frame.flags != 0) return Reason::malformed_packet;  // [MQTT-3.14.1-1]
  Reader reader(frame.body);
  if (protocol == mqtt_5_0 && !reader.at_end()) {
    out.reason = static_cast<Reason>(reader.byte());
    if (!reader.at_end()) {
      Properties properties;
      const auto reason = read_properties(reader, PropertyPlace::disconnect, properties);
      if (reason != Reason::success) return reason;
      out.session_expiry = properties.session_expiry;
    }
  }
  return finish(reader);
}

}  // namespace cloudlet::mqtt
