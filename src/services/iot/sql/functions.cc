// Finding and calling functions.
#include "services/iot/sql/functions.h"

#include <fmt/core.h>

#include <boost/container/small_vector.hpp>
#include <map>

#include "base/encoding.h"
#include "services/iot/sql/lexer.h"

namespace cloudlet::iot::sql {
namespace {

using Table = std::map<std::string_view, const Function*>;

Table build_table() {
  Table table;
  for (const auto group : {math_functions(), text_functions(), hash_functions(),
                           message_functions(), value_functions(), time_functions()}) {
    for (const Function& function : group) table.emplace(function.name, &function);
  }
  return table;
}

// The service has them, this compiler doesn't.
bool is_known_but_refused(std::string_view name) {
  static constexpr std::string_view refused[] = {
      "aws_lambda", "get_dynamodb",     "get_mqtt_property",   "get_registry_data",
      "get_secret", "get_thing_shadow", "get_user_properties", "machinelearning_predict",
      "md2"};
  for (const std::string_view one : refused) {
    if (one == name) return true;
  }
  return false;
}

}  // namespace

Result<const Function*> find_function(std::string_view name) {
  static const Table table = build_table();
  if (const auto found = table.find(name); found != table.end()) return found->second;
  if (is_known_but_refused(name)) {
    return Error(sql_parse_exception, fmt::format("the function {} is not supported here", name));
  }
  return Error(sql_parse_exception, fmt::format("there is no function {}", name));
}

Value Call::eval(Frame& frame) const {
  boost::container::small_vector<Value, 4> values;
  for (const ExprPtr& argument : arguments_) values.push_back(argument->eval(frame));
  if (frame.input.exhausted()) return {};
  return function_.run(frame, Arguments(values.data(), values.size()));
}

void Call::children(const Visit& visit) const {
  for (const ExprPtr& argument : arguments_) visit(*argument);
}

Value EncodePayload::eval(Frame& frame) const {
  const std::string_view payload = frame.input.message().payload;
  if (!frame.input.afford(payload.size() * 4 / 3)) return {};
  return Value::of(std::string_view(to_base64(payload)));
}

Value Cast::eval(Frame& frame) const {
  const Value value = of_->eval(frame);
  if (value.undefined() || value.null()) return {};
  const bool* boolean = value.get().if_bool();
  switch (to_) {
    case CastTo::text: {
      const auto text = to_text(value, frame.version);
      return text && frame.input.afford(text->size()) ? Value::of(std::string_view(*text))
                                                      : Value();
    }
    case CastTo::integer: {
      if (boolean) return Value::of(static_cast<std::int64_t>(*boolean));
      const auto integer = to_int(value);
      return integer ? Value::of(*integer) : Value();
    }
    case CastTo::decimal: {
      if (boolean) return Value::of(*boolean ? 1.0 : 0.0);
      const auto decimal = to_double(value);
      return decimal ? Value::of(*decimal) : Value();
    }
    case CastTo::boolean: {
      if (boolean || value.string()) {
        const auto as_boolean = to_boolean(value);
        return as_boolean ? Value::of(*as_boolean) : Value();
      }
      const auto number = to_double(value);
      return number ? Value::of(*number != 0) : Value();
    }
  }
  return {};
}

}  // namespace cloudlet::iot::sql
