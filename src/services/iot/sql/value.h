// The values of rule SQL: JSON's, and Undefined (a name that the message doesn't carry, an
// operation that makes no sense).
//
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-data-types.html. An Int is a 64-bit
// integer here and a Decimal a double, where the service keeps 34 digits; an Int that would
// overflow goes on as a Decimal.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloudlet::iot::sql {

namespace json = boost::json;

// 2015-10-08 keeps 10.0 a Decimal; 2016-03-23 treats it as the Int 10.
enum class Version { v2015_10_08, v2016_03_23 };

// Either borrowed from the message (or from a literal of the statement), or its own.
class Value {
 public:
  Value() = default;  // Undefined
  explicit Value(const json::value* borrowed) : borrowed_(borrowed), defined_(true) {}
  explicit Value(json::value own) : own_(std::move(own)), defined_(true) {}
  static Value of(bool value) { return Value(json::value(value)); }
  static Value of(std::int64_t value) { return Value(json::value(value)); }
  static Value of(std::string_view value) { return Value(json::value(value)); }
  // Not a number and infinities have no JSON: Undefined.
  static Value of(double value);

  bool undefined() const { return !defined_; }
  bool null() const { return defined_ && get().is_null(); }
  // It is part of something that outlives the evaluation.
  bool borrowed() const { return borrowed_ != nullptr; }
  const json::value& get() const { return borrowed_ ? *borrowed_ : own_; }
  const json::string* string() const { return defined_ ? get().if_string() : nullptr; }
  json::value take() && { return borrowed_ ? *borrowed_ : std::move(own_); }

 private:
  const json::value* borrowed_ = nullptr;
  json::value own_;
  bool defined_ = false;
};

// An Int or a Decimal.
struct Number {
  bool is_int = false;
  std::int64_t integer = 0;
  double decimal = 0;

  double as_double() const { return is_int ? static_cast<double>(integer) : decimal; }
  static Number of(std::int64_t value) { return {.is_int = true, .integer = value}; }
  static Number of(double value) { return {.decimal = value}; }
};

// The documented conversions; nothing where they say Undefined.
std::optional<Number> to_number(const Value& value,
                                Version version);        // numbers, and strings that look like one
std::optional<std::int64_t> to_int(const Value& value);  // rounded down; nothing beyond 64 bits
std::optional<double> to_double(const Value& value);
std::optional<bool> to_boolean(const Value& value);  // booleans, "true" and "false"
std::optional<std::string> to_text(const Value& value, Version version);  // null has no text
std::optional<Number> number_of(std::string_view text);                   // -?\d+(\.\d+)?(E-?\d+)?
Value from_number(const Number& number);

// JSON without blanks. Decimals are written as shortly as they read back the same; 2015-10-08 keeps
// the point of 10.0.
void append_json(std::string& out, const json::value& value, Version version);

}  // namespace cloudlet::iot::sql
