// Comparison and arithmetic with the documented coercions: '20' < 35 compares numbers, a text plus
// anything joins texts.
#include "services/iot/sql/operators.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <compare>
#include <limits>

namespace cloudlet::iot::sql {
namespace {

constexpr std::int64_t int_min = std::numeric_limits<std::int64_t>::min();

std::partial_ordering order(const Number& a, const Number& b) {
  if (a.is_int && b.is_int) return a.integer <=> b.integer;
  return a.as_double() <=> b.as_double();
}

// Nothing when one of them isn't a number.
std::optional<std::partial_ordering> compare(Frame& frame, const Value& a, const Value& b) {
  const auto left = to_number(a, frame.version);
  const auto right = to_number(b, frame.version);
  if (!left || !right) return std::nullopt;
  return order(*left, *right);
}

Number add(const Number& a, const Number& b) {
  std::int64_t sum = 0;
  if (a.is_int && b.is_int && !__builtin_add_overflow(a.integer, b.integer, &sum))
    return Number::of(sum);
  return Number::of(a.as_double() + b.as_double());
}

Number subtract(const Number& a, const Number& b) {
  std::int64_t difference = 0;
  if (a.is_int && b.is_int && !__builtin_sub_overflow(a.integer, b.integer, &difference))
    return Number::of(difference);
  return Number::of(a.as_double() - b.as_double());
}

Number multiply(const Number& a, const Number& b) {
  std::int64_t product = 0;
  if (a.is_int && b.is_int && !__builtin_mul_overflow(a.integer, b.integer, &product))
    return Number::of(product);
  return Number::of(a.as_double() * b.as_double());
}

Number divide(const Number& a, const Number& b) {
  const bool whole =
      a.is_int && b.is_int && b.integer != 0 && !(a.integer == int_min && b.integer == -1);
  if (whole) return Number::of(a.integer / b.integer);
  if (b.as_double() == 0) return Number::of(std::nan(""));  // becomes Undefined
  return Number::of(a.as_double() / b.as_double());
}

Number modulo(const Number& a, const Number& b) {
  if (a.is_int && b.is_int && b.integer != 0)
    return Number::of(b.integer == -1 ? 0 : a.integer % b.integer);
  return Number::of(std::fmod(a.as_double(), b.as_double()));
}

template <Number (*Op)(const Number&, const Number&)>
Value arithmetic(Frame& frame, const Value& a, const Value& b) {
  const auto left = to_number(a, frame.version);
  const auto right = to_number(b, frame.version);
  if (!left || !right) return {};
  return from_number(Op(*left, *right));
}

}  // namespace

bool equal(Input& input, const json::value& a, const json::value& b) {
  if (!input.afford(1)) return false;
  if (a.is_number() && b.is_number()) {
    const auto left = to_number(Value(&a), Version::v2016_03_23);
    const auto right = to_number(Value(&b), Version::v2016_03_23);
    return left && right && order(*left, *right) == 0;
  }
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    const json::array& left = a.get_array();
    const json::array& right = b.get_array();
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (!equal(input, left[i], right[i])) return false;
    }
    return true;
  }
  if (a.is_object()) {
    const json::object& left = a.get_object();
    const json::object& right = b.get_object();
    if (left.size() != right.size()) return false;
    for (const auto& member : left) {
      const json::value* other = right.if_contains(member.key());
      if (!other || !equal(input, member.value(), *other)) return false;
    }
    return true;
  }
  if (a.is_string() && !input.afford(a.get_string().size())) return false;
  return a == b;
}

// One part after the other, so that what is too much is not walked to its end.
bool affordable(Input& input, const json::value& value) {
  if (!input.afford(16)) return false;
  if (const json::string* text = value.if_string()) return input.afford(text->size());
  if (const json::array* array = value.if_array()) {
    return std::ranges::all_of(*array, [&](const auto& item) { return affordable(input, item); });
  }
  if (const json::object* object = value.if_object()) {
    return std::ranges::all_of(*object, [&](const auto& member) {
      return input.afford(member.key().size()) && affordable(input, member.value());
    });
  }
  return true;
}

bool affordable(Frame& frame, const Value& value) {
  return value.undefined() || affordable(frame.input, value.get());
}

Value op_equal(Frame& frame, const Value& a, const Value& b) {
  if (a.undefined() || b.undefined()) return {};
  return Value::of(equal(frame.input, a.get(), b.get()));
}

Value op_not_equal(Frame& frame, const Value& a, const Value& b) {
  if (a.undefined() || b.undefined()) return {};
  return Value::of(!equal(frame.input, a.get(), b.get()));
}

Value op_less(Frame& frame, const Value& a, const Value& b) {
  const auto ordering = compare(frame, a, b);
  return ordering ? Value::of(*ordering < 0) : Value();
}

Value op_less_equal(Frame& frame, const Value& a, const Value& b) {
  const auto ordering = compare(frame, a, b);
  return ordering ? Value::of(*ordering <= 0) : Value();
}

Value op_greater(Frame& frame, const Value& a, const Value& b) {
  const auto ordering = compare(frame, a, b);
  return ordering ? Value::of(*ordering > 0) : Value();
}

Value op_greater_equal(Frame& frame, const Value& a, const Value& b) {
  const auto ordering = compare(frame, a, b);
  return ordering ? Value::of(*ordering >= 0) : Value();
}

Value op_add(Frame& frame, const Value& a, const Value& b) {
  if (!a.string() && !b.string()) {
    return arithmetic<add>(frame, a, b);
  }
  const auto left = to_text(a, frame.version);
  const auto right = to_text(b, frame.version);
  if (!left || !right || !frame.input.afford(left->size() + right->size())) return {};
  return Value::of(std::string_view(*left + *right));
}

Value op_subtract(Frame& frame, const Value& a, const Value& b) {
  return arithmetic<subtract>(frame, a, b);
}
Value op_multiply(Frame& frame, const Value& a, const Value& b) {
  return arithmetic<multiply>(frame, a, b);
}
Value op_divide(Frame& frame, const Value& a, const Value& b) {
  return arithmetic<divide>(frame, a, b);
}
Value op_modulo(Frame& frame, const Value& a, const Value& b) {
  return arithmetic<modulo>(frame, a, b);
}

}  // namespace cloudlet::iot::sql
