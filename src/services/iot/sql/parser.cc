// Recursive descent over the tokens, weakest operator first:
//   OR < AND < NOT < comparisons, IN < + - < * / % < sign < . [ ] < names, literals, calls, CASE, (
//   )
#include "services/iot/sql/parser.h"

#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "services/iot/sql/functions.h"
#include "services/iot/sql/operators.h"
#include "services/iot/sql/query.h"

namespace cloudlet::iot::sql {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

Binary::Op comparison_of(const Token& token) {
  if (token.kind != TokenKind::symbol) return nullptr;
  if (token.text == "=") return op_equal;
  if (token.text == "<>" || token.text == "!=") return op_not_equal;
  if (token.text == "<") return op_less;
  if (token.text == "<=") return op_less_equal;
  if (token.text == ">") return op_greater;
  if (token.text == ">=") return op_greater_equal;
  return nullptr;
}

}  // namespace

// Counts how deep the descent is; leaves with its scope.
class Nesting {
 public:
  explicit Nesting(Parser& parser) : parser_(parser) { ++parser_.depth_; }
  ~Nesting() { --parser_.depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  Result<void> check() const {
    if (parser_.depth_ <= Parser::depth_max) return {};
    return Error(sql_parse_exception,
                 fmt::format("the statement nests deeper than {} levels", Parser::depth_max));
  }

 private:
  Parser& parser_;
};

bool is_keyword(std::string_view word) {
  static constexpr std::string_view keywords[] = {
      "and",  "as",  "between", "case", "else",   "end", "exists", "false", "from", "in",   "is",
      "like", "not", "null",    "or",   "select", "set", "then",   "true",  "when", "where"};
  const std::string wanted = lower(word);
  for (const std::string_view keyword : keywords) {
    if (keyword == wanted) return true;
  }
  return false;
}

template <class Node, class... Args>
Result<ExprPtr> Parser::make(std::size_t begin, Args&&... args) {
  if (++nodes_ > nodes_max) {
    return Error(sql_parse_exception,
                 fmt::format("the statement has more than {} parts", nodes_max));
  }
  auto node = std::make_unique<Node>(std::forward<Args>(args)...);
  // Sums and conditions may chain long: keeping the text of each would cost the square of the
  // statement.
  constexpr std::size_t text_max = 200;
  const std::string_view text = source_.substr(begin, previous_end_ - begin);
  node->set_text(text.size() <= text_max ? std::string(text)
                                         : std::string(text.substr(0, text_max)) + "...");
  return ExprPtr(std::move(node));
}

Result<void> Parser::advance() {
  previous_end_ = token_.end;
  TRY(token_, lexer_.next());
  return {};
}

Error Parser::unexpected(std::string_view wanted) const {
  const std::string found =
      token_.kind == TokenKind::end
          ? "the end"
          : fmt::format("'{}'", source_.substr(token_.begin, token_.end - token_.begin));
  return Error(sql_parse_exception, fmt::format("expected {} but found {} at position {}", wanted,
                                                found, token_.begin + 1));
}

Result<void> Parser::expect(std::string_view symbol) {
  if (!token_.is(symbol)) return unexpected(fmt::format("'{}'", symbol));
  return advance();
}

Result<void> Parser::need_2016(std::string_view what) const {
  if (version_ == Version::v2016_03_23) return {};
  return Error(sql_parse_exception, fmt::format("{} needs the SQL version 2016-03-23", what));
}

Result<ExprPtr> Parser::expression() {
  Nesting nesting(*this);
  CHECK(nesting.check());
  return any();
}

Result<ExprPtr> Parser::any() {
  const std::size_t begin = token_.begin;
  TRY(ExprPtr left, all());
  while (at_word("or")) {
    CHECK(advance());
    TRY(ExprPtr right, all());
    TRY(left, make<Logic>(begin, Logic::Op::any, std::move(left), std::move(right)));
  }
  return left;
}

Result<ExprPtr> Parser::all() {
  const std::size_t begin = token_.begin;
  TRY(ExprPtr left, negation());
  while (at_word("and")) {
    CHECK(advance());
    TRY(ExprPtr right, negation());
    TRY(left, make<Logic>(begin, Logic::Op::all, std::move(left), std::move(right)));
  }
  return left;
}

Result<ExprPtr> Parser::negation() {
  if (!at_word("not")) return comparison();
  Nesting nesting(*this);
  CHECK(nesting.check());
  const std::size_t begin = token_.begin;
  CHECK(advance());
  TRY(ExprPtr of, negation());
  return make<Not>(begin, std::move(of));
}

Result<ExprPtr> Parser::comparison() {
  const std::size_t begin = token_.begin;
  TRY(ExprPtr left, sum());
  for (;;) {
    if (const Binary::Op op = comparison_of(token_)) {
      CHECK(advance());
      TRY(ExprPtr right, sum());
      TRY(left, make<Binary>(begin, op, std::move(left), std::move(right)));
    } else if (at_word("in")) {
      CHECK(advance());
      TRY(left, in(std::move(left)));
    } else if (at_word("not")) {
      CHECK(advance());
      if (!at_word("in")) return unexpected("IN");
      CHECK(advance());
      TRY(ExprPtr found, in(std::move(left)));
      TRY(left, make<Not>(begin, std::move(found)));
    } else if (at_word("like") || at_word("between") || at_word("is")) {
      return Error(sql_parse_exception,
                   fmt::format("the operator {} is not supported here", token_.text));
    } else {
      return left;
    }
  }
}

// `[...]`, a name whose value is an array, or SQL's own `(a, b)`.
Result<ExprPtr> Parser::in(ExprPtr left) {
  const std::size_t begin = token_.begin;
  ExprPtr items;
  if (token_.is("(")) {
    CHECK(advance());
    if (at_word("select")) {
      TRY(items, query());
    } else {
      TRY(auto values, list(")"));
      TRY(items, make<ArrayLiteral>(begin, std::move(values)));
    }
  } else {
    TRY(items, sum());
  }
  return make<In>(begin, std::move(left), std::move(items));
}

Result<ExprPtr> Parser::sum() {
  const std::size_t begin = token_.begin;
  TRY(ExprPtr left, product());
  while (token_.is("+") || token_.is("-")) {
    const Binary::Op op = token_.is("+") ? op_add : op_subtract;
    CHECK(advance());
    TRY(ExprPtr right, product());
    TRY(left, make<Binary>(begin, op, std::move(left), std::move(right)));
  }
  return left;
}

Result<ExprPtr> Parser::product() {
  const std::size_t begin = token_.begin;
  TRY(ExprPtr left, sign());
  while (token_.is("*") || token_.is("/") || token_.is("%")) {
    const Binary::Op op = token_.is("*") ? op_multiply : token_.is("/") ? op_divide : op_modulo;
    CHECK(advance());
    TRY(ExprPtr right, sign());
    TRY(left, make<Binary>(begin, op, std::move(left), std::move(right)));
  }
  return left;
}

Result<ExprPtr> Parser::sign() {
  if (!token_.is("-") && !token_.is("+")) return postfix();
  Nesting nesting(*this);
  CHECK(nesting.check());
  const std::size_t begin = token_.begin;
  const bool minus = token_.is("-");
  CHECK(advance());
  if (minus && token_.kind == TokenKind::number) {
    const auto negative = number_of("-" + token_.text);
    if (!negative) return unexpected("a number");
    CHECK(advance());
    return make<Literal>(begin, from_number(*negative).get());
  }
  TRY(ExprPtr of, sign());
  if (!minus) return of;
  TRY(ExprPtr zero, make<Literal>(begin, json::value(std::int64_t{0})));
  return make<Binary>(begin, op_subtract, std::move(zero), std::move(of));
}

Result<ExprPtr> Parser::postfix() {
  const std::size_t begin = token_.begin;
  TRY(ExprPtr of, primary());
  while (token_.is(".") || token_.is("[")) {
    const bool dot = token_.is(".");
    CHECK(advance());
    if (dot) {
      if (token_.kind != TokenKind::name) return unexpected("a name after '.'");
      std::string name = token_.text;
      CHECK(advance());
      TRY(of, make<Member>(begin, std::move(of), std::move(name)));
    } else {
      TRY(ExprPtr at, expression());
      CHECK(expect("]"));
      TRY(of, make<Index>(begin, std::move(of), std::move(at)));
    }
    // The tree of `a[0][0]...` is as deep as the chain is long.
    if (nodes_ > nodes_max / 4) return Error(sql_parse_exception, "the statement is too long");
  }
  return of;
}

Result<ExprPtr> Parser::primary() {
  switch (token_.kind) {
    case TokenKind::end: return unexpected("an expression");
    case TokenKind::number: return number();
    case TokenKind::text: {
      const std::size_t begin = token_.begin;
      json::value text(token_.text);
      CHECK(advance());
      return make<Literal>(begin, std::move(text));
    }
    case TokenKind::name: return word();
    case TokenKind::variable: return variable();
    case TokenKind::symbol:
      if (token_.is("(")) return parenthesis();
      if (token_.is("[")) return array();
      if (token_.is("{")) return object();
      return unexpected("an expression");
  }
  return unexpected("an expression");
}

Result<ExprPtr> Parser::parenthesis() {
  CHECK(advance());
  if (at_word("select")) return query();
  TRY(ExprPtr inner, expression());
  CHECK(expect(")"));
  return inner;
}

// After the '(', up to the ')'.
Result<ExprPtr> Parser::query() {
  CHECK(need_2016("a nested SELECT"));
  const std::size_t begin = token_.begin;
  const int before = nodes_;
  TRY(auto nested, Statement::parse_nested(*this));
  CHECK(expect(")"));
  return make<Query>(begin, std::move(nested.first), std::move(nested.second),
                     static_cast<std::size_t>(nodes_ - before));
}

Result<ExprPtr> Parser::exists() {
  const std::size_t begin = token_.begin;
  CHECK(advance());
  CHECK(expect("("));
  if (!at_word("select")) return unexpected("SELECT");
  TRY(ExprPtr rows, query());
  return make<Exists>(begin, std::move(rows));
}

Result<ExprPtr> Parser::number() {
  const std::size_t begin = token_.begin;
  std::string text = token_.text;
  if (text.starts_with('.')) text.insert(0, "0");
  std::erase(text, '+');
  const auto value = number_of(text);
  if (!value) return unexpected("a number");
  CHECK(advance());
  return make<Literal>(begin, from_number(*value).get());
}

Result<std::vector<ExprPtr>> Parser::list(std::string_view close) {
  std::vector<ExprPtr> items;
  while (!token_.is(close)) {
    TRY(ExprPtr item, expression());
    items.push_back(std::move(item));
    if (token_.is(close)) break;
    CHECK(expect(","));
    if (token_.is(close)) return unexpected("an expression");
  }
  CHECK(advance());
  return items;
}

Result<ExprPtr> Parser::array() {
  CHECK(need_2016("an array literal"));
  const std::size_t begin = token_.begin;
  CHECK(advance());
  TRY(auto items, list("]"));
  return make<ArrayLiteral>(begin, std::move(items));
}

Result<ExprPtr> Parser::object() {
  CHECK(need_2016("an object literal"));
  const std::size_t begin = token_.begin;
  CHECK(advance());
  std::vector<std::pair<std::string, ExprPtr>> members;
  while (!token_.is("}")) {
    if (token_.kind != TokenKind::text) return unexpected("a quoted key");
    std::string key = token_.text;
    CHECK(advance());
    CHECK(expect(":"));
    TRY(ExprPtr member, expression());
    members.emplace_back(std::move(key), std::move(member));
    if (token_.is("}")) break;
    CHECK(expect(","));
    if (token_.is("}")) return unexpected("a quoted key");
  }
  CHECK(advance());
  return make<ObjectLiteral>(begin, std::move(members));
}

Result<ExprPtr> Parser::variable() {
  const std::size_t begin = token_.begin;
  for (const auto& known : known_) {
    if (known->name != token_.text) continue;
    CHECK(advance());
    return make<VariableUse>(begin, known);
  }
  return Error(sql_parse_exception, fmt::format("the variable @{} is not set", token_.text));
}

Result<ExprPtr> Parser::word() {
  const std::size_t begin = token_.begin;
  if (at_word("case")) return case_when();
  if (at_word("true") || at_word("false") || at_word("null")) {
    const json::value value = at_word("null") ? json::value(nullptr) : json::value(at_word("true"));
    CHECK(advance());
    return make<Literal>(begin, value);
  }
  if (at_word("exists")) return exists();
  if (at_word("select")) return unexpected("a nested SELECT in parentheses");
  if (is_keyword(token_.text)) return unexpected("an expression");
  std::vector<std::string> names{token_.text};
  CHECK(advance());
  if (token_.is("(")) return call(lower(names[0]));
  while (token_.is(".")) {
    CHECK(advance());
    if (token_.kind != TokenKind::name) return unexpected("a name after '.'");
    names.push_back(token_.text);
    CHECK(advance());
  }
  return make<Path>(begin, std::move(names));
}

Result<ExprPtr> Parser::call(std::string name) {
  const std::size_t begin = previous_end_ - name.size();
  CHECK(advance());
  if (name == "cast") return cast();
  if (name == "encode" && token_.is("*")) return encode_payload();
  if (is_regex_function(name)) {
    TRY(auto arguments, list(")"));
    TRY(ExprPtr made, make_regex_call(name, std::move(arguments)));
    return made;
  }
  TRY(const Function* function, find_function(name));
  if (function->since == Version::v2016_03_23)
    CHECK(need_2016(fmt::format("the function {}", name)));
  if (token_.is("*"))
    return Error(sql_parse_exception, fmt::format("{}(*): only encode takes '*'", name));
  TRY(auto arguments, list(")"));
  const int count = static_cast<int>(arguments.size());
  if (count < function->least || count > function->most) {
    const std::string wanted = function->least == function->most
                                   ? std::to_string(function->least)
                                   : fmt::format("{} to {}", function->least, function->most);
    return Error(sql_parse_exception,
                 fmt::format("{} takes {} arguments, not {}", name, wanted, count));
  }
  CHECK(check_time_call(name, arguments));
  return make<Call>(begin, *function, std::move(arguments));
}

Result<ExprPtr> Parser::encode_payload() {
  CHECK(need_2016("the function encode"));
  const std::size_t begin = token_.begin;
  CHECK(advance());
  CHECK(expect(","));
  if (token_.kind != TokenKind::text || token_.text != "base64")
    return unexpected("'base64', the only encoding");
  CHECK(advance());
  CHECK(expect(")"));
  return make<EncodePayload>(begin);
}

Result<ExprPtr> Parser::cast() {
  const std::size_t begin = token_.begin;
  TRY(ExprPtr of, expression());
  if (!at_word("as")) return unexpected("AS");
  CHECK(advance());
  const std::string type = token_.kind == TokenKind::name ? lower(token_.text) : "";
  CastTo to = CastTo::text;
  if (type == "int" || type == "integer") {
    to = CastTo::integer;
  } else if (type == "double") {
    to = CastTo::decimal;
  } else if (type == "decimal" || type == "bool" || type == "boolean") {
    CHECK(need_2016("cast as " + type));
    to = type == "decimal" ? CastTo::decimal : CastTo::boolean;
  } else if (type != "string" && type != "nvarchar" && type != "text" && type != "ntext" &&
             type != "varchar") {
    return unexpected("a type (String, Int, Decimal, Boolean)");
  }
  CHECK(advance());
  CHECK(expect(")"));
  return make<Cast>(begin, std::move(of), to);
}

Result<ExprPtr> Parser::case_when() {
  const std::size_t begin = token_.begin;
  CHECK(advance());
  ExprPtr operand;
  if (!at_word("when")) {
    TRY(operand, expression());
  }
  std::vector<std::pair<ExprPtr, ExprPtr>> branches;
  while (at_word("when")) {
    CHECK(advance());
    TRY(ExprPtr when, expression());
    if (!at_word("then")) return unexpected("THEN");
    CHECK(advance());
    TRY(ExprPtr then, expression());
    branches.emplace_back(std::move(when), std::move(then));
  }
  if (branches.empty()) return unexpected("WHEN");
  ExprPtr otherwise;
  if (at_word("else")) {
    CHECK(advance());
    TRY(otherwise, expression());
  }
  if (!at_word("end")) return unexpected("END");
  CHECK(advance());
  return make<Case>(begin, std::move(operand), std::move(branches), std::move(otherwise));
}

}  // namespace cloudlet::iot::sql
