// Evaluating a compiled statement: its WHERE, its list, and the sentence that says why not.
#include "services/iot/sql/statement.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "services/iot/sql/functions.h"

namespace cloudlet::iot::sql {
namespace {

void append_key(std::string& out, std::string_view key, bool first) {
  if (!first) out += ',';
  append_json(out, json::value(key), Version::v2016_03_23);
  out += ':';
}

std::string shown(const Value& value, Version version) {
  constexpr std::size_t shown_max = 64;
  if (value.undefined()) return "undefined";
  std::string text;
  append_json(text, value.get(), version);
  if (text.size() > shown_max) text = text.substr(0, shown_max) + "...";
  return text;
}

// The names and message functions that an expression reads, with their values: "humidity = 41,
// topic(2) = \"soil1\"".
void collect(const Expr& expr, Frame& frame, std::vector<std::string>& out) {
  constexpr std::size_t collected_max = 6;
  if (out.size() >= collected_max) return;
  const auto* call = dynamic_cast<const Call*>(&expr);
  const bool subject =
      dynamic_cast<const Path*>(&expr) || dynamic_cast<const VariableUse*>(&expr) ||
      (call && (call->function().name == "topic" || call->function().name == "clientid"));
  if (subject) {
    std::string line = fmt::format("{} = {}", expr.text(), shown(expr.eval(frame), frame.version));
    if (std::find(out.begin(), out.end(), line) == out.end()) out.push_back(std::move(line));
    return;
  }
  expr.children([&](const Expr& child) { collect(child, frame, out); });
}

// Of `a AND b AND c`, the first that isn't true: it alone decided.
const Expr& first_not_true(const Expr& expr, Frame& frame) {
  const auto* logic = dynamic_cast<const Logic*>(&expr);
  if (!logic || logic->op() != Logic::Op::all) return expr;
  if (!to_boolean(logic->left().eval(frame)).value_or(false))
    return first_not_true(logic->left(), frame);
  return first_not_true(logic->right(), frame);
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  if (text == "2015-10-08") return Version::v2015_10_08;
  if (text == "2016-03-23") return Version::v2016_03_23;
  return std::nullopt;
}

bool Statement::matches(Input& input) const {
  // Names can only be selected from JSON: "the SQL statement must not refer to JSON names other
  // than *" (binary payloads).
  if (reads_names_ && !input.json()) return false;
  Frame frame{input, version_};
  return matches(frame);
}

bool Statement::matches(Frame& frame) const {
  if (!where_) return true;
  return to_boolean(where_->eval(frame)).value_or(false) && !frame.input.exhausted();
}

std::string Statement::explain(Input& input) const {
  if (reads_names_ && !input.json())
    return "the payload is not JSON, and SELECT asks for names in it";
  if (!where_) return "matched";
  Frame frame{input, version_};
  const Expr& decisive = first_not_true(*where_, frame);
  const Value value = decisive.eval(frame);
  if (input.exhausted())
    return fmt::format("WHERE {} costs more than a message may", where_->text());
  std::string sentence = fmt::format("WHERE {} is {}", decisive.text(), shown(value, version_));
  std::vector<std::string> values;
  collect(decisive, frame, values);
  for (std::size_t i = 0; i < values.size(); ++i) sentence += (i == 0 ? ": " : ", ") + values[i];
  if (!input.json() && !values.empty()) sentence += " (the payload is not JSON)";
  return sentence;
}

std::string Statement::select(Input& input) const {
  Frame frame{input, version_};
  return select(frame);
}

std::string Statement::select(Frame& frame) const {
  if (star_) return select_star(frame);
  std::string out;
  if (single_) {
    // Undefined by itself is written as nothing.
    const Value value = single_->eval(frame);
    if (!value.undefined()) append_json(out, value.get(), version_);
    return out;
  }
  out += '{';
  write_fields(frame, fields_, out, true);
  out += '}';
  return out;
}

// `*` and what is added to it; an added key takes the place of the message's own. What isn't an
// object passes unchanged.
std::string Statement::select_star(Frame& frame) const {
  const json::value* message = fields_.empty() && !frame.row ? nullptr : frame.root();
  const json::object* object = message ? message->if_object() : nullptr;
  if (!object && !frame.row) return std::string(frame.input.message().payload);
  if (!object) {
    std::string row;
    append_json(row, *message, frame.version);
    return row;
  }
  std::string added;
  std::vector<std::string_view> keys;
  for (const Field& field : fields_) {
    std::string text;
    if (!write_value(frame, field, text)) continue;
    append_key(added, field.key, keys.empty());
    added += text;
    keys.push_back(field.key);
  }
  std::string out = "{";
  bool first = true;
  for (const auto& member : *object) {
    if (std::find(keys.begin(), keys.end(), std::string_view(member.key())) != keys.end()) continue;
    append_key(out, member.key(), first);
    append_json(out, member.value(), frame.version);
    first = false;
  }
  if (!first && !added.empty()) out += ',';
  return out + added + '}';
}

// Nothing is written, and false returned, for what is Undefined.
bool Statement::write_value(Frame& frame, const Field& field, std::string& out) {
  if (field.whole_message) {
    const json::value* message = frame.root();
    if (message) append_json(out, *message, frame.version);
    return message != nullptr;
  }
  if (field.value) {
    const Value value = field.value->eval(frame);
    if (!value.undefined()) append_json(out, value.get(), frame.version);
    return !value.undefined();
  }
  out += '{';
  const bool any = write_fields(frame, field.fields, out, true);
  out += '}';
  return any;
}

bool Statement::write_fields(Frame& frame, const std::vector<Field>& fields, std::string& out,
                             bool first) {
  bool any = false;
  for (const Field& field : fields) {
    const std::size_t mark = out.size();
    append_key(out, field.key, first);
    if (write_value(frame, field, out)) {
      first = false;
      any = true;
    } else {
      out.resize(mark);
    }
  }
  return any;
}

}  // namespace cloudlet::iot::sql
