// Numbers: the functions that want a Decimal take what converts to one, and are Undefined for
// everything else.
#include <charconv>
#include <cmath>

#include "services/iot/sql/functions.h"
#include "services/iot/sql/operators.h"

namespace cloudlet::iot::sql {
namespace {

template <double (*F)(double)>
Value real(Frame&, Arguments args) {
  const auto x = to_double(args[0]);
  return x ? Value::of(F(*x)) : Value();  // imaginary results are not a number: Undefined
}

template <double (*F)(double)>
Value to_whole(Frame&, Arguments args) {
  const auto x = to_number(args[0], Version::v2016_03_23);
  if (!x || x->is_int) return x ? from_number(*x) : Value();
  const Value rounded = Value::of(F(x->decimal));
  const auto integer = to_int(rounded);
  return integer ? Value::of(*integer) : rounded;
}

Value absolute(Frame& frame, Arguments args) {
  const auto x = to_number(args[0], frame.version);
  if (!x) return {};
  if (x->is_int && x->integer != INT64_MIN)
    return Value::of(x->integer < 0 ? -x->integer : x->integer);
  return Value::of(std::fabs(x->as_double()));
}

Value sign(Frame&, Arguments args) {
  const auto x = to_double(args[0]);
  return x ? Value::of(static_cast<std::int64_t>((*x > 0) - (*x < 0))) : Value();
}

Value power(Frame&, Arguments args) {
  const auto x = to_double(args[0]);
  const auto y = to_double(args[1]);
  return x && y ? Value::of(std::pow(*x, *y)) : Value();
}

Value atan2_(Frame&, Arguments args) {
  const auto y = to_double(args[0]);
  const auto x = to_double(args[1]);
  return x && y ? Value::of(std::atan2(*y, *x)) : Value();
}

Value modulo(Frame& frame, Arguments args) { return op_modulo(frame, args[0], args[1]); }

// Cuts decimal places off the shortest text of the number, so that trunc(2.3, 1) is 2.3.
Value trunc_(Frame&, Arguments args) {
  const auto x = to_number(args[0], Version::v2016_03_23);
  const auto places = to_int(args[1]);
  if (!x || !places || args[1].string()) return {};
  if (x->is_int) return from_number(*x);
  const auto keep = static_cast<std::size_t>(std::clamp<std::int64_t>(*places, 0, 34));
  char buffer[512];
  const auto written =
      std::to_chars(buffer, buffer + sizeof buffer, x->decimal, std::chars_format::fixed);
  if (written.ec != std::errc()) return {};
  std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    text = text.substr(0, keep == 0 ? point : point + 1 + keep);
  }
  const auto number = number_of(text);
  return number ? from_number(*number) : Value();
}

template <std::int64_t (*F)(std::int64_t, std::int64_t)>
Value bits(Frame&, Arguments args) {
  const auto a = to_int(args[0]);
  const auto b = to_int(args[1]);
  return a && b ? Value::of(F(*a, *b)) : Value();
}

Value bitnot(Frame&, Arguments args) {
  const auto a = to_int(args[0]);
  return a ? Value::of(~*a) : Value();
}

std::int64_t bit_and(std::int64_t a, std::int64_t b) { return a & b; }
std::int64_t bit_or(std::int64_t a, std::int64_t b) { return a | b; }
std::int64_t bit_xor(std::int64_t a, std::int64_t b) { return a ^ b; }

Value rand_(Frame& frame, Arguments) {
  // 53 random bits make every double in [0, 1) of that spacing.
  return Value::of(static_cast<double>(frame.input.message().random->number() >> 11) * 0x1.0p-53);
}

}  // namespace

std::span<const Function> math_functions() {
  static constexpr Function table[] = {
      {"abs", 1, 1, absolute},
      {"acos", 1, 1, real<std::acos>},
      {"asin", 1, 1, real<std::asin>},
      {"atan", 1, 1, real<std::atan>},
      {"atan2", 2, 2, atan2_},
      {"bitand", 2, 2, bits<bit_and>},
      {"bitnot", 1, 1, bitnot},
      {"bitor", 2, 2, bits<bit_or>},
      {"bitxor", 2, 2, bits<bit_xor>},
      {"ceil", 1, 1, to_whole<std::ceil>},
      {"cos", 1, 1, real<std::cos>},
      {"cosh", 1, 1, real<std::cosh>},
      {"exp", 1, 1, real<std::exp>},
      {"floor", 1, 1, to_whole<std::floor>},
      {"ln", 1, 1, real<std::log>},
      {"log", 1, 1, real<std::log10>},
      {"mod", 2, 2, modulo},
      {"power", 2, 2, power},
      {"rand", 0, 0, rand_},
      {"remainder", 2, 2, modulo},
      {"round", 1, 1, to_whole<std::round>},
      {"sign", 1, 1, sign},
      {"sin", 1, 1, real<std::sin>},
      {"sinh", 1, 1, real<std::sinh>},
      {"sqrt", 1, 1, real<std::sqrt>},
      {"tan", 1, 1, real<std::tan>},
      {"tanh", 1, 1, real<std::tanh>},
      {"trunc", 2, 2, trunc_},
  };
  return table;
}

}  // namespace cloudlet::iot::sql
