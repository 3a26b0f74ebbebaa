// Evaluation of names, literals, logic and CASE. Undefined passes through everything that needs a
// value.
#include "services/iot/sql/expr.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "services/iot/sql/operators.h"

namespace cloudlet::iot::sql {
namespace {

// A part of a value that may be made for the occasion: then the part must outlive it.
Value part_of(Frame& frame, const Value& of, const json::value* part) {
  if (!part) return {};
  if (of.borrowed()) return Value(part);
  return affordable(frame.input, *part) ? Value(json::value(*part)) : Value();
}

Value member_of(Frame& frame, const Value& of, std::string_view name) {
  const json::object* object = of.undefined() ? nullptr : of.get().if_object();
  return part_of(frame, of, object ? object->if_contains(name) : nullptr);
}

}  // namespace

Value Path::eval(Frame& frame) const {
  const json::value* at = frame.root();
  for (const std::string& name : names_) {
    const json::object* object = at ? at->if_object() : nullptr;
    at = object ? object->if_contains(name) : nullptr;
  }
  return at ? Value(at) : Value();
}

Value VariableUse::eval(Frame& frame) const {
  const Value* known = frame.input.variable(of_.get());
  if (!known) {
    Frame outer{.input = frame.input, .version = frame.version};
    known = &frame.input.keep(of_.get(), of_->value->eval(outer));
  }
  return known->undefined() ? Value() : Value(&known->get());
}

Value Member::eval(Frame& frame) const { return member_of(frame, of_->eval(frame), name_); }

Value Index::eval(Frame& frame) const {
  const Value of = of_->eval(frame);
  const Value at = at_->eval(frame);
  if (of.undefined() || at.undefined()) return {};
  if (const json::string* name = at.string()) return member_of(frame, of, *name);
  const json::array* array = of.get().if_array();
  const auto index = to_int(at);
  if (!array || !index || *index < 0 || *index >= static_cast<std::int64_t>(array->size()))
    return {};
  return part_of(frame, of, &(*array)[static_cast<std::size_t>(*index)]);
}

Value Not::eval(Frame& frame) const {
  const auto value = to_boolean(of_->eval(frame));
  return value ? Value::of(!*value) : Value();
}

Value Logic::eval(Frame& frame) const {
  const auto left = to_boolean(left_->eval(frame));
  const auto right = to_boolean(right_->eval(frame));
  if (!left || !right) return {};
  return Value::of(op_ == Op::all ? *left && *right : *left || *right);
}

Value In::eval(Frame& frame) const {
  const Value left = left_->eval(frame);
  const Value items = array_->eval(frame);
  if (left.undefined() || items.undefined()) return {};
  const json::array* array = items.get().if_array();
  if (!array || !frame.input.afford(array->size())) return {};
  for (const json::value& item : *array) {
    if (equal(frame.input, left.get(), item)) return Value::of(true);
  }
  return Value::of(false);
}

Value Case::eval(Frame& frame) const {
  Value operand;
  if (operand_) {
    operand = operand_->eval(frame);
    if (operand.undefined()) return {};
  }
  for (const auto& [when, then] : branches_) {
    const Value test = when->eval(frame);
    const bool taken = operand_ ? !test.undefined() && equal(frame.input, operand.get(), test.get())
                                : to_boolean(test).value_or(false);
    if (taken) return then->eval(frame);
  }
  return otherwise_ ? otherwise_->eval(frame) : Value();
}

void Case::children(const Visit& visit) const {
  if (operand_) visit(*operand_);
  for (const auto& [when, then] : branches_) visit(*when), visit(*then);
  if (otherwise_) visit(*otherwise_);
}

Value ArrayLiteral::eval(Frame& frame) const {
  json::array array;
  array.reserve(items_.size());
  for (const ExprPtr& item : items_) {
    Value value = item->eval(frame);
    if (!value.undefined() && affordable(frame, value)) array.push_back(std::move(value).take());
  }
  return Value(json::value(std::move(array)));
}

void ArrayLiteral::children(const Visit& visit) const {
  for (const ExprPtr& item : items_) visit(*item);
}

Value ObjectLiteral::eval(Frame& frame) const {
  json::object object;
  for (const auto& [name, member] : members_) {
    Value value = member->eval(frame);
    if (!value.undefined() && affordable(frame, value))
      object.insert_or_assign(name, std::move(value).take());
  }
  return Value(json::value(std::move(object)));
}

void ObjectLiteral::children(const Visit& visit) const {
  for (const auto& [name, member] : members_) visit(*member);
}

}  // namespace cloudlet::iot::sql
