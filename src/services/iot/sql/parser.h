// Compiles expressions. Statements and substitution templates are made of these (statement.h,
// template.h).
#pragma once

#include <string>
#include <string_view>

#include "services/iot/sql/expr.h"
#include "services/iot/sql/lexer.h"

namespace cloudlet::iot::sql {

class Parser {
 public:
  // How deep expressions may nest, and how many parts a statement may have.
  static constexpr int depth_max = 64;
  static constexpr int nodes_max = 2048;

  Parser(std::string_view source, Version version, std::size_t at = 0)
      : source_(source), lexer_(source, at), version_(version) {}

  // Reads the first token. Before anything else.
  Result<void> start() { return advance(); }
  Result<ExprPtr> expression();
  // Goes back (or on) to a byte of the statement.
  Result<void> restart(std::size_t at) {
    lexer_ = Lexer(source_, at);
    return advance();
  }

  // What may be used from here on.
  void know(std::shared_ptr<const Variable> variable) { known_.push_back(std::move(variable)); }

  const Token& token() const { return token_; }
  bool at_word(std::string_view lower) const { return token_.is_word(lower); }
  Result<void> advance();
  Result<void> expect(std::string_view symbol);
  Error unexpected(std::string_view wanted) const;
  std::size_t previous_end() const { return previous_end_; }

 private:
  friend class Nesting;
  Result<ExprPtr> any();
  Result<ExprPtr> all();
  Result<ExprPtr> negation();
  Result<ExprPtr> comparison();
  Result<ExprPtr> sum();
  Result<ExprPtr> product();
  Result<ExprPtr> sign();
  Result<ExprPtr> postfix();
  Result<ExprPtr> primary();
  Result<ExprPtr> parenthesis();
  Result<ExprPtr> query();
  Result<ExprPtr> exists();
  Result<ExprPtr> number();
  Result<ExprPtr> array();
  Result<ExprPtr> object();
  Result<ExprPtr> variable();
  Result<ExprPtr> word();
  Result<ExprPtr> call(std::string name);
  Result<ExprPtr> encode_payload();
  Result<ExprPtr> cast();
  Result<ExprPtr> case_when();
  Result<ExprPtr> in(ExprPtr left);
  Result<std::vector<ExprPtr>> list(std::string_view close);
  Result<void> need_2016(std::string_view what) const;

  // Keeps the node's source text, counts it, hands it on.
  template <class Node, class... Args>
  Result<ExprPtr> make(std::size_t begin, Args&&... args);

  std::string_view source_;
  Lexer lexer_;
  Version version_;
  Token token_;
  std::size_t previous_end_ = 0;
  int depth_ = 0;
  int nodes_ = 0;
  Variables known_;
};

bool is_keyword(std::string_view word);

}  // namespace cloudlet::iot::sql
