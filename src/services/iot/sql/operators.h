// The operators of rule SQL.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-operators.html
#pragma once

#include "services/iot/sql/expr.h"

namespace cloudlet::iot::sql {

// The = of two values: an Int equals the same Decimal, texts and numbers never equal each other.
// Accounts for what it looks at; false too once the message has cost too much.
bool equal(Input& input, const json::value& a, const json::value& b);

// Accounts for a copy of `value`. False: the message has cost too much already.
bool affordable(Input& input, const json::value& value);
bool affordable(Frame& frame, const Value& value);

Value op_equal(Frame&, const Value& a, const Value& b);
Value op_not_equal(Frame&, const Value& a, const Value& b);
Value op_less(Frame&, const Value& a, const Value& b);
Value op_less_equal(Frame&, const Value& a, const Value& b);
Value op_greater(Frame&, const Value& a, const Value& b);
Value op_greater_equal(Frame&, const Value& a, const Value& b);
Value op_add(Frame&, const Value& a, const Value& b);  // also joins texts
Value op_subtract(Frame&, const Value& a, const Value& b);
Value op_multiply(Frame&, const Value& a, const Value& b);
Value op_divide(Frame&, const Value& a, const Value& b);
Value op_modulo(Frame&, const Value& a, const Value& b);

}  // namespace cloudlet::iot::sql
