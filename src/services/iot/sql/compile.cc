// From a statement's text to its compiled form.
#include <fmt/core.h>

#include "base/encoding.h"
#include "services/iot/sql/functions.h"
#include "services/iot/sql/parser.h"
#include "services/iot/sql/statement.h"

namespace cloudlet::iot::sql {
namespace {

// An item without AS is named after the last part of its name, or after its function.
std::optional<std::string> own_name(const Expr& expr) {
  if (const auto* path = dynamic_cast<const Path*>(&expr)) return path->names().back();
  if (const auto* member = dynamic_cast<const Member*>(&expr)) return member->name();
  if (const auto* call = dynamic_cast<const Call*>(&expr))
    return std::string(call->function().name);
  return std::nullopt;
}

bool reads_names(const Expr& expr) {
  if (dynamic_cast<const Path*>(&expr)) return true;
  if (const auto* use = dynamic_cast<const VariableUse*>(&expr)) return use->reads_names();
  bool found = false;
  expr.children([&](const Expr& child) { found = found || reads_names(child); });
  return found;
}

// MQTT 3.1.1, 4.7.1: '#' is the last level and alone in it, '+' is alone in its level.
Result<void> check_filter(std::string_view filter) {
  constexpr std::size_t filter_bytes_max = 256;  // AWS IoT Core quotas: topic and topic filter
  const auto refuse = [&](std::string_view why) {
    return Error(sql_parse_exception, fmt::format("the topic filter '{}' {}", filter, why));
  };
  if (filter.empty()) return refuse("is empty");
  if (filter.size() > filter_bytes_max) return refuse("is longer than 256 bytes");
  if (!valid_utf8(filter) || filter.find('\0') != std::string_view::npos)
    return refuse("is not UTF-8 text");
  for (std::size_t at = 0; at <= filter.size();) {
    const std::size_t end = std::min(filter.find('/', at), filter.size());
    const std::string_view level = filter.substr(at, end - at);
    if (level.find('#') != std::string_view::npos && (level != "#" || end != filter.size())) {
      return refuse("has a '#' that is not its last level");
    }
    if (level.find('+') != std::string_view::npos && level != "+")
      return refuse("has a '+' that is not a whole level");
    at = end + 1;
  }
  return {};
}

}  // namespace

Result<Statement> Statement::compile(std::string_view text, Version version) {
  if (text.size() > bytes_max) {
    return Error(sql_parse_exception,
                 fmt::format("the statement is longer than {} bytes", bytes_max));
  }
  if (!valid_utf8(text)) return Error(sql_parse_exception, "the statement is not UTF-8");
  Statement statement;
  statement.version_ = version;
  Parser parser(text, version);
  CHECK(parser.start());
  if (parser.at_word("set")) CHECK(statement.parse_set(parser));
  if (!parser.at_word("select")) return parser.unexpected("SELECT");
  CHECK(parser.advance());
  CHECK(statement.parse_list(parser));
  if (parser.at_word("from")) CHECK(statement.parse_from(parser));
  if (parser.at_word("where")) {
    CHECK(parser.advance());
    TRY(statement.where_, parser.expression());
  }
  if (parser.token().kind != TokenKind::end) return parser.unexpected("the end of the statement");
  return statement;
}

Result<std::pair<Statement, ExprPtr>> Statement::parse_nested(Parser& parser) {
  Statement statement;
  statement.version_ = Version::v2016_03_23;
  CHECK(parser.advance());
  CHECK(statement.parse_list(parser));
  if (!parser.at_word("from")) return parser.unexpected("FROM");
  CHECK(parser.advance());
  TRY(ExprPtr from, parser.expression());
  if (parser.at_word("where")) {
    CHECK(parser.advance());
    TRY(statement.where_, parser.expression());
  }
  return std::pair(std::move(statement), std::move(from));
}

// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-set.html
Result<void> Statement::parse_set(Parser& parser) {
  constexpr std::size_t name_max = 64;
  do {
    CHECK(parser.advance());
    if (parser.token().kind != TokenKind::variable) return parser.unexpected("a variable (@name)");
    auto variable = std::make_shared<Variable>(Variable{.name = parser.token().text});
    const auto refuse = [&](std::string_view why) {
      return Error(sql_parse_exception, fmt::format("the variable @{} {}", variable->name, why));
    };
    if (variable->name.size() > name_max) return refuse("has more than 64 characters");
    for (const auto& other : variables_)
      if (other->name == variable->name) return refuse("is set twice");
    CHECK(parser.advance());
    CHECK(parser.expect("="));
    TRY(variable->value, parser.expression());
    variable->reads_names = reads_names(*variable->value);
    parser.know(variable);
    variables_.push_back(std::move(variable));
  } while (parser.token().is(","));
  return {};
}

Result<void> Statement::parse_from(Parser& parser) {
  CHECK(parser.advance());
  if (parser.token().kind != TokenKind::text)
    return parser.unexpected("a topic filter in single quotes");
  filter_ = parser.token().text;
  CHECK(check_filter(filter_));
  return parser.advance();
}

Result<void> Statement::parse_list(Parser& parser) {
  if (parser.at_word("value")) {
    const std::size_t begin = parser.token().begin;
    CHECK(parser.advance());
    // `SELECT value FROM ...`: an attribute of that name.
    const bool is_name = parser.at_word("from") || parser.at_word("where") ||
                         parser.at_word("as") || parser.token().is(",") || parser.token().is(".") ||
                         parser.token().kind == TokenKind::end;
    if (!is_name && parser.token().is("*")) {
      star_ = true;
      return parser.advance();
    }
    if (!is_name) {
      TRY(single_, parser.expression());
      reads_names_ = reads_names(*single_);
      return {};
    }
    CHECK(parser.restart(begin));
  }
  for (;;) {
    CHECK(parse_item(parser));
    if (!parser.token().is(",")) return {};
    CHECK(parser.advance());
  }
}

Result<void> Statement::parse_item(Parser& parser) {
  const std::size_t begin = parser.token().begin;
  ExprPtr value;
  const bool whole = parser.token().is("*");
  if (whole) {
    CHECK(parser.advance());
  } else {
    TRY(value, parser.expression());
    reads_names_ = reads_names_ || reads_names(*value);
  }
  std::vector<std::string> alias;
  if (parser.at_word("as")) {
    do {
      CHECK(parser.advance());
      if (parser.token().kind != TokenKind::name && parser.token().kind != TokenKind::text) {
        return parser.unexpected("a name after AS");
      }
      alias.push_back(parser.token().text);
      CHECK(parser.advance());
    } while (parser.token().is("."));
  } else if (whole) {
    star_ = true;
    return {};
  } else {
    const auto name = own_name(*value);
    if (!name) {
      return Error(sql_parse_exception,
                   fmt::format("the item at position {} needs a name: AS name", begin + 1));
    }
    alias.push_back(*name);
  }
  return add(std::move(alias), std::move(value), whole);
}

// A later item of the same name takes the earlier one's place.
Result<void> Statement::add(std::vector<std::string> alias, ExprPtr value, bool whole_message) {
  constexpr std::size_t alias_depth_max = 16;
  if (alias.size() > alias_depth_max)
    return Error(sql_parse_exception, "an alias has more than 16 parts");
  std::vector<Field>* level = &fields_;
  Field* field = nullptr;
  for (const std::string& key : alias) {
    field = nullptr;
    for (Field& existing : *level) {
      if (existing.key == key) field = &existing;
    }
    if (!field) {
      level->push_back({.key = key});
      field = &level->back();
    }
    field->whole_message = false;
    field->value = nullptr;
    level = &field->fields;
  }
  field->value = std::move(value);
  field->whole_message = whole_message;
  field->fields.clear();
  return {};
}

}  // namespace cloudlet::iot::sql
