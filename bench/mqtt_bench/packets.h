// The few MQTT 3.1.1 packets that a load generator and a bare peer exchange, written by hand so
// that the client costs little beside the server that it measures.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace cloudlet::bench {

// A packet as it stands in a buffer.
struct Packet {
  std::uint8_t first;     // type and flags
  std::string_view body;  // after the fixed header
  std::size_t size;       // with the fixed header
};

// The packet at the front of `bytes`; nothing when it isn't there whole. `malformed` is set when
// the length field is longer than the protocol allows.
inline std::optional<Packet> packet_at(std::string_view bytes, bool& malformed) {
  std::size_t length = 0;
  for (std::size_t i = 1; i < 5; ++i) {
    if (i >= bytes.size()) return std::nullopt;
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    length |= std::size_t{byte & 0x7fU} << (7 * (i - 1));
    if ((byte & 0x80) != 0) continue;
    if (bytes.size() < i + 1 + length) return std::nullopt;
    return Packet{static_cast<std::uint8_t>(bytes[0]), bytes.substr(i + 1, length), i + 1 + length};
  }
  malformed = true;
  return std::nullopt;
}

inline std::uint16_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) << 8 |
                                    static_cast<std::uint8_t>(bytes[at + 1]));
}

inline void put_number(char* at, std::uint16_t value) {
  at[0] = static_cast<char>(value >> 8);
  at[1] = static_cast<char>(value);
}

inline void append_number(std::string& out, std::uint16_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}

inline void append_text(std::string& out, std::string_view text) {
  append_number(out, static_cast<std::uint16_t>(text.size()));
  out.append(text);
}

inline void append_length(std::string& out, std::size_t length) {
  do {
    out.push_back(static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0)));
    length >>= 7;
  } while (length > 0);
}

inline std::string framed(std::uint8_t first, std::string_view body) {
  std::string out(1, static_cast<char>(first));
  append_length(out, body.size());
  out.append(body);
  return out;
}

inline std::string connect_packet(std::string_view client_id) {
  std::string body;
  append_text(body, "MQTT");
  body += '\x04';  // protocol level of 3.1.1
  body += '\x02';  // clean session
  append_number(body, 60);
  append_text(body, client_id);
  return framed(0x10, body);
}

inline std::string subscribe_packet(std::string_view filter, int qos) {
  std::string body;
  append_number(body, 1);
  append_text(body, filter);
  body.push_back(static_cast<char>(qos));
  return framed(0x82, body);
}

inline void append_ack(std::string& out, std::uint16_t id) {
  const char packet[4] = {0x40, 0x02, static_cast<char>(id >> 8), static_cast<char>(id)};
  out.append(packet, sizeof packet);
}

}  // namespace cloudlet::bench
