// A topic rule's statement, compiled once: [SET ...] SELECT ... FROM 'filter' WHERE ...
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
//
// What doesn't compile is refused with SqlParseException and a sentence that names it: LIKE,
// BETWEEN, functions that reach outside of the message. The statement's limits
// are in parser.h, an evaluation's in input.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/iot/sql/expr.h"

namespace cloudlet::iot::sql {

// "2015-10-08", "2016-03-23"; nothing for others.
std::optional<Version> parse_version(std::string_view text);

class Statement {
 public:
  static constexpr std::size_t bytes_max = 64 << 10;

  static Result<Statement> compile(std::string_view text, Version version);

  // Empty: there is no FROM, the rule hears Basic Ingest only.
  const std::string& filter() const { return filter_; }
  Version version() const { return version_; }

  // What SET defines, for the templates of the rule's actions.
  const Variables& variables() const { return variables_; }

  // Whether the actions are to run. Undefined, null and everything but true is no.
  bool matches(Input& input) const;
  // Why `matches` said no, as a sentence: "WHERE humidity < 35 is false: humidity = 41".
  std::string explain(Input& input) const;
  // The outgoing payload. `SELECT *` alone passes the message's bytes on as they came.
  std::string select(Input& input) const;

 private:
  // The outgoing object: what stands in the statement's list, keys of dotted aliases opened up.
  struct Field {
    std::string key;
    ExprPtr value;               // null: an object of `fields`
    bool whole_message = false;  // `* AS key`
    std::vector<Field> fields;
  };

  friend class Query;
  friend class Parser;
  Statement() = default;
  // `SELECT list FROM value WHERE condition` inside of an expression, and the value.
  static Result<std::pair<Statement, ExprPtr>> parse_nested(class Parser& parser);
  bool matches(Frame& frame) const;
  std::string select(Frame& frame) const;
  Result<void> parse_set(class Parser& parser);
  Result<void> parse_list(class Parser& parser);
  Result<void> parse_item(class Parser& parser);
  Result<void> parse_from(class Parser& parser);
  Result<void> add(std::vector<std::string> alias, ExprPtr value, bool whole_message);
  static bool write_fields(Frame& frame, const std::vector<Field>& fields, std::string& out,
                           bool first);
  static bool write_value(Frame& frame, const Field& field, std::string& out);
  std::string select_star(Frame& frame) const;

  Version version_ = Version::v2016_03_23;
  std::string filter_;
  Variables variables_;
  bool star_ = false;
  ExprPtr single_;  // SELECT VALUE x
  std::vector<Field> fields_;
  bool reads_names_ = false;  // the list refers to names of the message
  ExprPtr where_;             // null: always
};

}  // namespace cloudlet::iot::sql
