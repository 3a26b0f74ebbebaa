#include "services/iot/sql/query.h"

#include <boost/json/array.hpp>

#include "services/iot/sql/json_parse.h"

namespace cloudlet::iot::sql {
namespace {

constexpr std::size_t part_cost = 16;  // bytes of work that evaluating one part counts as

}  // namespace

Value Query::one(Frame& frame, const json::value& row) const {
  if (!frame.input.afford(part_cost * (parts_ + 1))) return {};
  Frame inner{.input = frame.input, .version = frame.version, .row = &row};
  if (!statement_.matches(inner)) return {};
  const std::string text = statement_.select(inner);
  if (!frame.input.afford(text.size())) return {};
  auto made = parse_json(text);
  return made ? Value(*std::move(made)) : Value();
}

Value Query::eval(Frame& frame) const {
  const Value from = from_->eval(frame);
  if (from.undefined()) return {};
  if (from.get().is_object()) return one(frame, from.get());
  const json::array* rows = from.get().if_array();
  if (!rows) return {};
  json::array out;
  for (const json::value& row : *rows) {
    Value made = one(frame, row);
    if (frame.input.exhausted()) return {};
    if (!made.undefined()) out.push_back(std::move(made).take());
  }
  return Value(json::value(std::move(out)));
}

Value Exists::eval(Frame& frame) const {
  const Value of = of_->eval(frame);
  const json::array* rows = of.undefined() ? nullptr : of.get().if_array();
  return Value::of(rows ? !rows->empty() : !of.undefined());
}

}  // namespace cloudlet::iot::sql
