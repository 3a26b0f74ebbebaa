// What the message carries beside its payload: topic, time, who sent it.
#include "services/iot/sql/functions.h"

namespace cloudlet::iot::sql {
namespace {

Value text_or_undefined(std::string_view text) { return text.empty() ? Value() : Value::of(text); }

Value topic(Frame& frame, Arguments args) {
  if (args.empty()) return Value::of(frame.input.message().topic);
  const auto number = to_int(args[0]);
  const auto level = number ? frame.input.topic_level(*number) : std::nullopt;
  return level ? Value::of(*level) : Value();
}

Value timestamp(Frame& frame, Arguments) { return Value::of(to_millis(frame.input.message().now)); }

// The service answers "n/a" for what wasn't sent over MQTT.
Value client_id(Frame& frame, Arguments) {
  const std::string_view id = frame.input.message().client_id;
  return Value::of(id.empty() ? std::string_view("n/a") : id);
}

Value principal(Frame& frame, Arguments) {
  return text_or_undefined(frame.input.message().principal);
}
Value source_ip(Frame& frame, Arguments) {
  return text_or_undefined(frame.input.message().source_ip);
}
Value trace_id(Frame& frame, Arguments) { return text_or_undefined(frame.input.message().trace); }
Value account_id(Frame& frame, Arguments) {
  return text_or_undefined(frame.input.message().account);
}
Value new_uuid(Frame& frame, Arguments) {
  return Value::of(std::string_view(frame.input.message().random->uuid()));
}

Value sql_version(Frame& frame, Arguments) {
  return Value::of(
      std::string_view(frame.version == Version::v2015_10_08 ? "2015-10-08" : "2016-03-23"));
}

}  // namespace

std::span<const Function> message_functions() {
  static constexpr Function table[] = {
      {"accountid", 0, 0, account_id}, {"clientid", 0, 0, client_id},
      {"newuuid", 0, 0, new_uuid},     {"principal", 0, 0, principal},
      {"sourceip", 0, 0, source_ip},   {"sql_version", 0, 0, sql_version},
      {"timestamp", 0, 0, timestamp},  {"topic", 0, 1, topic},
      {"traceid", 0, 0, trace_id},
  };
  return table;
}

}  // namespace cloudlet::iot::sql
