// Conversions between the types of rule SQL.
#include "services/iot/sql/value.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>

namespace cloudlet::iot::sql {
namespace {

constexpr double int_limit = 9223372036854775808.0;  // 2^63

bool fits_int(double value) { return value >= -int_limit && value < int_limit; }

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::size_t digits(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return end - at;
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default: out += "\\u00", out += hex[c >> 4], out += hex[c & 15];
    }
  }
  out.append(text, plain);
  out += '"';
}

template <class T>
void append_digits(std::string& out, T value) {
  char buffer[40];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void append_decimal(std::string& out, double value, Version version) {
  const std::size_t from = out.size();
  append_digits(out, value);
  if (version == Version::v2015_10_08 && out.find_first_of(".en", from) == std::string::npos)
    out += ".0";
}

}  // namespace

Value Value::of(double value) {
  if (!std::isfinite(value)) return {};
  return Value(json::value(value));
}

std::optional<Number> number_of(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  std::size_t count = digits(text, at);
  if (count == 0) return std::nullopt;
  at += count;
  const bool whole = at == text.size();
  if (at < text.size() && text[at] == '.') {
    count = digits(text, at + 1);
    if (count == 0) return std::nullopt;
    at += 1 + count;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t sign = at + 1 < text.size() && text[at + 1] == '-' ? 1 : 0;
    count = digits(text, at + 1 + sign);
    if (count == 0) return std::nullopt;
    at += 1 + sign + count;
  }
  if (at != text.size()) return std::nullopt;
  const char* end = text.data() + text.size();
  if (whole) {
    std::int64_t integer = 0;
    if (std::from_chars(text.data(), end, integer).ec == std::errc()) return Number::of(integer);
  }
  double decimal = 0;
  const auto parsed = std::from_chars(text.data(), end, decimal);
  if (parsed.ec != std::errc() || !std::isfinite(decimal)) return std::nullopt;
  return Number::of(decimal);
}

std::optional<Number> to_number(const Value& value, Version version) {
  if (value.undefined()) return std::nullopt;
  std::optional<Number> number;
  switch (const json::value& v = value.get(); v.kind()) {
    case json::kind::int64: return Number::of(v.get_int64());
    case json::kind::uint64:
      if (v.get_uint64() <= INT64_MAX) return Number::of(static_cast<std::int64_t>(v.get_uint64()));
      return Number::of(static_cast<double>(v.get_uint64()));
    case json::kind::double_: number = Number::of(v.get_double()); break;
    case json::kind::string: number = number_of(v.get_string()); break;
    default: return std::nullopt;
  }
  if (number && !number->is_int && version == Version::v2016_03_23 && fits_int(number->decimal) &&
      number->decimal == std::trunc(number->decimal)) {
    return Number::of(static_cast<std::int64_t>(number->decimal));
  }
  return number;
}

std::optional<std::int64_t> to_int(const Value& value) {
  const auto number = to_number(value, Version::v2016_03_23);
  if (!number) return std::nullopt;
  if (number->is_int) return number->integer;
  const double down = std::floor(number->decimal);
  if (!fits_int(down)) return std::nullopt;
  return static_cast<std::int64_t>(down);
}

std::optional<double> to_double(const Value& value) {
  const auto number = to_number(value, Version::v2016_03_23);
  if (!number) return std::nullopt;
  return number->as_double();
}

std::optional<bool> to_boolean(const Value& value) {
  if (value.undefined()) return std::nullopt;
  if (const bool* own = value.get().if_bool()) return *own;
  if (const json::string* text = value.get().if_string()) {
    if (equal_ignoring_case(*text, "true")) return true;
    if (equal_ignoring_case(*text, "false")) return false;
  }
  return std::nullopt;
}

std::optional<std::string> to_text(const Value& value, Version version) {
  if (value.undefined() || value.null()) return std::nullopt;
  if (const json::string* text = value.string()) return std::string(text->data(), text->size());
  std::string out;
  append_json(out, value.get(), version);
  return out;
}

Value from_number(const Number& number) {
  return number.is_int ? Value::of(number.integer) : Value::of(number.decimal);
}

void append_json(std::string& out, const json::value& value, Version version) {
  switch (value.kind()) {
    case json::kind::null: out += "null"; return;
    case json::kind::bool_: out += value.get_bool() ? "true" : "false"; return;
    case json::kind::int64: append_digits(out, value.get_int64()); return;
    case json::kind::uint64: append_digits(out, value.get_uint64()); return;
    case json::kind::double_: append_decimal(out, value.get_double(), version); return;
    case json::kind::string: append_quoted(out, value.get_string()); return;
    case json::kind::array: {
      char separator = '[';
      for (const json::value& item : value.get_array()) {
        out += separator;
        append_json(out, item, version);
        separator = ',';
      }
      out += separator == '[' ? "[]" : "]";
      return;
    }
    case json::kind::object: {
      char separator = '{';
      for (const auto& member : value.get_object()) {
        out += separator;
        append_quoted(out, member.key());
        out += ':';
        append_json(out, member.value(), version);
        separator = ',';
      }
      out += separator == '{' ? "{}" : "}";
      return;
    }
  }
}

}  // namespace cloudlet::iot::sql
