// From a structure to JSON text, without a tree between.
#include <boost/json/serialize.hpp>
#include <cmath>

#include "wire/json.h"
#include "wire/times.h"

namespace cloudlet::wire {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void write_double(std::string& out, const Shape& shape, const void* value) {
  const double number = shape.kind == Kind::float_number
                            ? static_cast<double>(*static_cast<const float*>(value))
                            : *static_cast<const double*>(value);
  const bool finite = std::isfinite(number);
  if (!finite) out += '"';
  append_text(out, shape, TimeFormat::epoch_seconds, value);
  if (!finite) out += '"';
}

struct Entries {
  std::string* out;
  const Shape* container;
  bool first = true;
};

bool write_entry(void* context, std::string_view key, const void* value) {
  auto& entries = *static_cast<Entries*>(context);
  if (!std::exchange(entries.first, false)) *entries.out += ',';
  if (entries.container->key) {
    write_json_string(*entries.out, key);
    *entries.out += ':';
  }
  write_json_value(*entries.out, *entries.container->element, value);
  return true;
}

void write_timestamp(std::string& out, const Member& member, const void* value) {
  const TimeFormat format = time_format(member, TimeFormat::epoch_seconds);
  const bool quoted = format != TimeFormat::epoch_seconds;
  if (quoted) out += '"';
  append_text(out, *member.shape, format, value);
  if (quoted) out += '"';
}

}  // namespace

void write_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, done, i - done);
    done = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out.append("\\u00").append(1, hex_digits[c >> 4]).append(1, hex_digits[c & 15]);
    }
  }
  out.append(text, done).append(1, '"');
}

void write_json_value(std::string& out, const Member& member, const void* value) {
  const Shape& shape = *member.shape;
  switch (shape.kind) {
    case Kind::structure: return write_json(out, shape, value, Members::all);
    case Kind::list:
    case Kind::map: {
      out += shape.key ? '{' : '[';
      Entries entries{&out, &shape};
      shape.container->each(value, &entries, &write_entry);
      out += shape.key ? '}' : ']';
      return;
    }
    case Kind::document:
      out += boost::json::serialize(*static_cast<const boost::json::value*>(value));
      return;
    case Kind::string: return write_json_string(out, *static_cast<const std::string*>(value));
    case Kind::enumeration:
    case Kind::blob:
      out += '"';
      append_text(out, shape, TimeFormat::epoch_seconds, value);
      out += '"';
      return;
    case Kind::timestamp: return write_timestamp(out, member, value);
    case Kind::float_number:
    case Kind::double_number: return write_double(out, shape, value);
    default: return append_text(out, shape, TimeFormat::epoch_seconds, value);
  }
}

void write_json(std::string& out, const Shape& structure, const void* source, Members members) {
  out += '{';
  bool first = true;
  for (const Member& member : structure.members) {
    if (!in_body(member, members)) continue;
    const void* value = member.slot->find(source, member);
    if (!value) continue;
    if (!std::exchange(first, false)) out += ',';
    write_json_string(out, member.wire_name);
    out += ':';
    write_json_value(out, member, value);
  }
  out += '}';
}

}  // namespace cloudlet::wire
