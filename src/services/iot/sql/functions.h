// The functions of rule SQL: a table from names to plain functions.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "services/iot/sql/expr.h"

namespace cloudlet::iot::sql {

using Arguments = std::span<const Value>;

struct Function {
  static constexpr int any = 1000;

  std::string_view name;  // lower case
  int least = 0;          // how many arguments
  int most = 0;
  Value (*run)(Frame&, Arguments) = nullptr;
  Version since = Version::v2015_10_08;
};

// Finds by lower-case name; an error that names the function if rule SQL has none of the name, or
// if it isn't served.
Result<const Function*> find_function(std::string_view name);

// The groups of the table.
std::span<const Function> math_functions();
std::span<const Function> text_functions();
std::span<const Function> hash_functions();
std::span<const Function> message_functions();
std::span<const Function> value_functions();
std::span<const Function> time_functions();

class Call final : public Expr {
 public:
  Call(const Function& function, std::vector<ExprPtr> arguments)
      : function_(function), arguments_(std::move(arguments)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override;
  const Function& function() const { return function_; }

 private:
  const Function& function_;
  std::vector<ExprPtr> arguments_;
};

// `encode(*, 'base64')`: the payload's bytes, whatever they are.
class EncodePayload final : public Expr {
 public:
  Value eval(Frame& frame) const override;
};

enum class CastTo { text, integer, decimal, boolean };

class Cast final : public Expr {
 public:
  Cast(ExprPtr of, CastTo to) : of_(std::move(of)), to_(to) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override { visit(*of_); }

 private:
  ExprPtr of_;
  CastTo to_;
};

// regexp_matches, regexp_replace, regexp_substr. A pattern that is a literal is compiled with the
// statement.
bool is_regex_function(std::string_view name);
Result<ExprPtr> make_regex_call(std::string_view name, std::vector<ExprPtr> arguments);

// Refuses literal date patterns and zones that parse_time and time_to_epoch don't know.
Result<void> check_time_call(std::string_view name, const std::vector<ExprPtr>& arguments);

}  // namespace cloudlet::iot::sql
