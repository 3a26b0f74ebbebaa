#include "mqtt/properties.h"

#include <array>

#include "mqtt/encode.h"

namespace cloudlet::mqtt {
namespace {

enum class Kind : std::uint8_t {
  none,
  byte,
  two_bytes,
  four_bytes,
  variable,
  string,
  binary,
  pair
};

struct Rule {
  Kind kind = Kind::none;
  std::uint32_t places = 0;
  bool forwarded = false;
};

constexpr std::uint32_t in(PropertyPlace place) { return static_cast<std::uint32_t>(place); }

constexpr std::array<Rule, 0x2B> make_rules() {
  using P = PropertyPlace;
  constexpr auto message = in(P::publish) | in(P::will);
  std::array<Rule, 0x2B> rules{};
  const auto set = [&](Property id, Kind kind, std::uint32_t places, bool forwarded = false) {
    rules[static_cast<std::size_t>(id)] = {.kind = kind, .places = places, .forwarded = forwarded};
  };
  set(Property::payload_format, Kind::byte, message, true);
  set(Property::message_expiry, Kind::four_bytes, message);
  set(Property::content_type, Kind::string, message, true);
  set(Property::response_topic, Kind::string, message, true);
  set(Property::correlation_data, Kind::binary, message, true);
  set(Property::subscription_identifier, Kind::variable, in(P::subscribe));
  set(Property::session_expiry, Kind::four_bytes, in(P::connect) | in(P::disconnect));
  set(Property::authentication_method, Kind::string, in(P::connect) | in(P::auth));
  set(Property::authentication_data, Kind::binary, in(P::connect) | in(P::auth));
  set(Property::request_problem_information, Kind::byte, in(P::connect));
  set(Property::will_delay, Kind::four_bytes, in(P::will));
  set(Property::request_response_information, Kind::byte, in(P::connect));
  set(Property::reason_string, Kind::string,
      in(P::acknowledgement) | in(P::disconnect) | in(P::auth));
  set(Property::receive_maximum, Kind::two_bytes, in(P::connect));
  set(Property::topic_alias_maximum, Kind::two_bytes, in(P::connect));
  set(Property::topic_alias, Kind::two_bytes, in(P::publish));
  set(Property::user_property, Kind::pair, ~0U, true);
  set(Property::maximum_packet_size, Kind::four_bytes, in(P::connect));
  return rules;
}

constexpr auto rules = make_rules();

struct Value {
  std::uint32_t number = 0;
  std::string_view text;
};

Value read_value(Reader& reader, Kind kind) {
  switch (kind) {
    case Kind::none: break;
    case Kind::byte: return {.number = reader.byte()};
    case Kind::two_bytes: return {.number = reader.two_bytes()};
    case Kind::four_bytes: return {.number = reader.four_bytes()};
    case Kind::variable: return {.number = reader.variable()};
    case Kind::string: return {.text = reader.string()};
    case Kind::binary: return {.text = reader.binary()};
    case Kind::pair: {
      reader.string();
      reader.string();
      break;
    }
  }
  return {};
}

// The values that the specification forbids are protocol errors ("It is a Protocol Error to include
// ... value of 0").
Reason keep(Property id, const Value& value, Properties& properties) {
  const auto flag = value.number <= 1 ? Reason::success : Reason::protocol_error;
  const auto positive = value.number != 0 ? Reason::success : Reason::protocol_error;
  switch (id) {
    case Property::payload_format: return flag;
    case Property::request_response_information: return flag;
    case Property::request_problem_information:
      properties.request_problem_information = value.number != 0;
      return flag;
    case Property::message_expiry: properties.message_expiry = value.number; break;
    case Property::session_expiry: properties.session_expiry = value.number; break;
    case Property::will_delay: properties.will_delay = value.number; break;
    case Property::topic_alias_maximum:
      properties.topic_alias_maximum = static_cast<std::uint16_t>(value.number);
      break;
    case Property::topic_alias:
      properties.topic_alias = static_cast<std::uint16_t>(value.number);
      break;
    case Property::receive_maximum:
      properties.receive_maximum = static_cast<std::uint16_t>(value.number);
      return positive;
    case Property::maximum_packet_size:
      properties.maximum_packet_size = value.number;
      return positive;
    case Property::subscription_identifier:
      properties.subscription_identifier = value.number;
      return positive;
    case Property::response_topic:
      properties.response_topic = value.text;
      if (value.text.find_first_of("+#") != std::string_view::npos) return Reason::protocol_error;
      break;
    case Property::authentication_method:
    case Property::authentication_data: properties.authentication = true; break;
    default: break;
  }
  return Reason::success;
}

}  // namespace

Reason read_properties(Reader& reader, PropertyPlace place, Properties& properties) {
  const auto length = reader.variable();
  const auto list = reader.take(length);
  if (reader.failed()) return Reason::malformed_packet;
  Reader items(list);
  std::uint64_t seen = 0;
  bool all_forwarded = true;
  while (!items.at_end()) {
    const auto before = items.rest();
    const auto id = items.variable();
    if (items.failed() || id >= rules.size() || rules[id].kind == Kind::none)
      return Reason::malformed_packet;
    const auto& rule = rules[id];
    if ((rule.places & in(place)) == 0) return Reason::protocol_error;
    if (rule.kind != Kind::pair && (seen >> id & 1) != 0) return Reason::protocol_error;
    seen |= std::uint64_t{1} << id;
    const auto value = read_value(items, rule.kind);
    if (items.failed()) return Reason::malformed_packet;
    if (const auto reason = keep(static_cast<Property>(id), value, properties);
        reason != Reason::success)
      return reason;
    const auto item = before.substr(0, before.size() - items.rest().size());
    if (!rule.forwarded && all_forwarded) {
      all_forwarded = false;
      properties.rebuilt.assign(list.substr(0, list.size() - before.size()));
    } else if (rule.forwarded && !all_forwarded) {
      properties.rebuilt.append(item);
    }
  }
  properties.forwarded = all_forwarded ? list : std::string_view(properties.rebuilt);
  return Reason::success;
}

MessageProperties decode_message_properties(std::string_view bytes) {
  MessageProperties out;
  Reader reader(bytes);
  while (!reader.at_end() && !reader.failed()) {
    switch (static_cast<Property>(reader.byte())) {
      case Property::payload_format: out.payload_format = reader.byte(); break;
      case Property::content_type: out.content_type = reader.string(); break;
      case Property::response_topic: out.response_topic = reader.string(); break;
      case Property::correlation_data: out.correlation_data = reader.binary(); break;
      case Property::user_property: {
        const auto name = reader.string();
        out.user.emplace_back(name, reader.string());
        break;
      }
      default: return out;
    }
  }
  return out;
}

std::string encode_message_properties(const MessageProperties& properties) {
  std::string out;
  const auto text = [&](Property id, const std::optional<std::string>& value) {
    if (!value) return;
    put_byte(out, static_cast<std::uint8_t>(id));
    put_string(out, *value);
  };
  if (properties.payload_format) {
    put_byte(out, static_cast<std::uint8_t>(Property::payload_format));
    put_byte(out, *properties.payload_format);
  }
  text(Property::content_type, properties.content_type);
  text(Property::response_topic, properties.response_topic);
  text(Property::correlation_data, properties.correlation_data);
  for (const auto& [name, value] : properties.user) {
    put_byte(out, static_cast<std::uint8_t>(Property::user_property));
    put_string(out, name);
    put_string(out, value);
  }
  return out;
}

}  // namespace cloudlet::mqtt
