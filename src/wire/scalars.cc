// Scalars and their texts, as forms, elements, headers, paths and query strings write them.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/encoding.h"
#include "wire/bind.h"
#include "wire/times.h"

namespace cloudlet::wire {
namespace {

bool is_integer(Kind kind) {
  return kind == Kind::byte_number || kind == Kind::short_number || kind == Kind::integer ||
         kind == Kind::long_integer;
}

template <class T>
bool store(void* target, T value) {
  *static_cast<T*>(target) = value;
  return true;
}

bool within(std::int64_t number, std::int64_t min, std::int64_t max, void* target) {
  return number >= min && number <= max && store(target, static_cast<std::int32_t>(number));
}

std::optional<double> parse_double(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double value = 0;
  if (text.empty() ||
      (text.front() != '-' && text.front() != '.' && (text.front() < '0' || text.front() > '9')))
    return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

template <class T>
void append_number(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
  } else {
    char digits[40];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    out.append(digits, end);
  }
}

}  // namespace

std::optional<std::int32_t> find_value(const Shape& shape, std::string_view text) {
  for (std::size_t i = 0; i < shape.values.size(); ++i) {
    if (shape.values[i] == text) return static_cast<std::int32_t>(i);
  }
  return std::nullopt;
}

bool assign_integer(Kind kind, std::int64_t number, void* target) {
  switch (kind) {
    case Kind::byte_number: return within(number, -128, 127, target);
    case Kind::short_number: return within(number, -32768, 32767, target);
    case Kind::integer:
      return within(number, std::numeric_limits<std::int32_t>::min(),
                    std::numeric_limits<std::int32_t>::max(), target);
    case Kind::long_integer: return store(target, number);
    case Kind::float_number: return store(target, static_cast<float>(number));
    case Kind::double_number: return store(target, static_cast<double>(number));
    default: return false;
  }
}

bool assign_double(Kind kind, double number, void* target) {
  if (kind == Kind::float_number) return store(target, static_cast<float>(number));
  if (kind == Kind::double_number) return store(target, number);
  // AWS's parser cuts fractions off whole numbers.
  if (!is_integer(kind) || !(std::abs(number) < 9.2e18)) return false;
  return assign_integer(kind, static_cast<std::int64_t>(number), target);
}

bool assign_text(const Shape& shape, TimeFormat, std::string_view text, void* target) {
  switch (shape.kind) {
    case Kind::string: return static_cast<std::string*>(target)->assign(text), true;
    case Kind::enumeration:
      if (const auto value = find_value(shape, text))
        return std::memcpy(target, &*value, sizeof *value), true;
      return false;
    case Kind::blob:
      if (auto bytes = from_base64(text))
        return *static_cast<std::string*>(target) = std::move(*bytes), true;
      return false;
    case Kind::boolean:
      if (text != "true" && text != "false" && text != "True" && text != "False") return false;
      return store(target, text.front() == 't' || text.front() == 'T');
    case Kind::timestamp:
      if (const auto time = parse_time(text)) return store(target, *time);
      return false;
    case Kind::float_number:
    case Kind::double_number:
      if (const auto number = parse_double(text)) return assign_double(shape.kind, *number, target);
      return false;
    default: break;
  }
  if (!is_integer(shape.kind)) return false;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() &&
         assign_integer(shape.kind, number, target);
}

void append_text(std::string& out, const Shape& shape, TimeFormat format, const void* value) {
  switch (shape.kind) {
    case Kind::string: out += *static_cast<const std::string*>(value); break;
    case Kind::blob: out += to_base64(*static_cast<const std::string*>(value)); break;
    case Kind::enumeration: {
      std::int32_t index = 0;
      std::memcpy(&index, value, sizeof index);
      assert_that(index >= 0 && static_cast<std::size_t>(index) < shape.values.size(),
                  "an enumerator out of its range");
      out += shape.values[static_cast<std::size_t>(index)];
      break;
    }
    case Kind::boolean: out += *static_cast<const bool*>(value) ? "true" : "false"; break;
    case Kind::timestamp: append_time(out, *static_cast<const Time*>(value), format); break;
    case Kind::float_number: append_number(out, *static_cast<const float*>(value)); break;
    case Kind::double_number: append_number(out, *static_cast<const double*>(value)); break;
    case Kind::long_integer:
      out += fmt::format_int(*static_cast<const std::int64_t*>(value)).c_str();
      break;
    case Kind::byte_number:
    case Kind::short_number:
    case Kind::integer:
      out += fmt::format_int(*static_cast<const std::int32_t*>(value)).c_str();
      break;
    default: assert_that(false, "a value without a text");
  }
}

}  // namespace cloudlet::wire
