// Arrays, objects, and questions about values.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>

#include "base/encoding.h"
#include "services/iot/sql/functions.h"
#include "services/iot/sql/json_parse.h"
#include "services/iot/sql/operators.h"

namespace cloudlet::iot::sql {
namespace {

constexpr std::size_t transform_bytes_max = 128
                                            << 10;  // the documented limit of transform's result

Value is_null(Frame&, Arguments args) { return Value::of(args[0].null()); }
Value is_undefined(Frame&, Arguments args) { return Value::of(args[0].undefined()); }

Value copy_of(const Value& value) {
  return value.undefined() ? Value() : Value(json::value(value.get()));
}

Value nanvl(Frame& frame, Arguments args) {
  const bool missing = args[0].undefined() || args[0].null();
  const Value& chosen = missing ? args[1] : args[0];
  return affordable(frame, chosen) ? copy_of(chosen) : Value();
}

Value concat(Frame& frame, Arguments args) {
  if (args.empty()) return {};
  if (args.size() == 1) return affordable(frame, args[0]) ? copy_of(args[0]) : Value();
  bool has_array = false, has_text = false;
  for (const Value& arg : args) {
    has_array |= !arg.undefined() && arg.get().is_array();
    has_text |= arg.string() != nullptr;
  }
  if (has_array) {
    json::array out;
    for (const Value& arg : args) {
      if (arg.undefined()) continue;
      if (!affordable(frame, arg)) return {};
      const json::array* items = arg.get().if_array();
      if (items) out.insert(out.end(), items->begin(), items->end());
      if (!items) out.push_back(arg.get());
    }
    return Value(json::value(std::move(out)));
  }
  if (!has_text) return {};
  std::string out;
  for (const Value& arg : args) {
    const auto text = to_text(arg, frame.version);
    if (!text || !frame.input.afford(text->size())) return {};
    out += *text;
  }
  return Value::of(std::string_view(out));
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

Value character_at(std::string_view text, std::int64_t index) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && continues(text[end])) ++end;
    if (index-- == 0) return Value::of(text.substr(at, end - at));
    at = end;
  }
  return {};
}

Value get(Frame& frame, Arguments args) {
  if (args[0].undefined() || args[1].undefined() || !affordable(frame, args[0])) return {};
  const json::value& of = args[0].get();
  if (const json::object* object = of.if_object()) {
    const json::string* name = args[1].string();
    const json::value* found = name ? object->if_contains(*name) : nullptr;
    return found ? Value(json::value(*found)) : Value();
  }
  const auto index = to_int(args[1]);
  if (!index || *index < 0) return {};
  if (const json::string* text = of.if_string()) return character_at(*text, *index);
  const json::array* array = of.if_array();
  if (!array || *index >= static_cast<std::int64_t>(array->size())) return {};
  return Value(json::value((*array)[static_cast<std::size_t>(*index)]));
}

// "Returns the default value ... when the expression in the first parameter returns null,
// undefined, or fails": what fails is Undefined here.
Value get_or_default(Frame& frame, Arguments args) {
  const bool missing = args[0].undefined() || args[0].null();
  if (missing && args.size() < 2) return {};
  const Value& chosen = missing ? args[1] : args[0];
  return affordable(frame, chosen) ? copy_of(chosen) : Value();
}

// Only 'base64' is a scheme for texts; what isn't text in it is null.
bool is_base64(const Value& scheme) { return scheme.string() && *scheme.string() == "base64"; }

Value decode(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  if (!text || !is_base64(args[1]) || !frame.input.afford(text->size())) return {};
  const auto bytes = from_base64(*text);
  if (!bytes || !valid_utf8(*bytes)) return Value(json::value(nullptr));
  auto document = parse_json(*bytes);
  // The reference's own example makes the number 80 of the text "80".
  if (document) return Value(*std::move(document));
  return Value::of(std::string_view(*bytes));
}

Value encode(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  if (!text || !is_base64(args[1]) || !frame.input.afford(text->size() * 4 / 3)) return {};
  return Value::of(std::string_view(to_base64(*text)));
}

Value transform(Frame& frame, Arguments args) {
  if (args[1].undefined() || args[2].undefined() || !args[0].string() ||
      *args[0].string() != "enrichArray")
    return {};
  const json::object* extra = args[1].get().if_object();
  const json::array* items = args[2].get().if_array();
  if (!extra || !items) return {};
  std::string extra_text;
  append_json(extra_text, args[1].get(), frame.version);
  std::size_t bytes = 0;
  json::array out;
  for (const json::value& item : *items) {
    if (!item.is_object()) return {};
    std::string item_text;
    append_json(item_text, item, frame.version);
    bytes += item_text.size() + extra_text.size();
    if (bytes > transform_bytes_max || !frame.input.afford(item_text.size() + extra_text.size()))
      return {};
    json::object& enriched = out.emplace_back(item).get_object();
    for (const auto& member : *extra) enriched.insert_or_assign(member.key(), member.value());
  }
  return Value(json::value(std::move(out)));
}

}  // namespace

std::span<const Function> value_functions() {
  static constexpr Function table[] = {
      {"concat", 0, Function::any, concat},
      {"decode", 2, 2, decode, Version::v2016_03_23},
      {"encode", 2, 2, encode, Version::v2016_03_23},
      {"get", 2, 2, get},
      {"get_or_default", 1, 2, get_or_default, Version::v2016_03_23},
      {"isnull", 1, 1, is_null},
      {"isundefined", 1, 1, is_undefined, Version::v2016_03_23},
      {"nanvl", 2, 2, nanvl},
      {"transform", 3, 3, transform, Version::v2016_03_23},
  };
  return table;
}

}  // namespace cloudlet::iot::sql
