// Cuts a statement into tokens. Keywords are identifiers that the parser knows, in any case.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloudlet::iot::sql {

// What every statement that can't be compiled is refused with (the service model's
// SqlParseException).
extern const ErrorKind sql_parse_exception;

enum class TokenKind { end, name, text, number, symbol, variable };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;       // decoded text; the symbol; the name as written, a variable's without @
  std::size_t begin = 0;  // bytes in the statement
  std::size_t end = 0;

  bool is(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
  bool is_word(std::string_view lower) const;  // a name, compared without case
};

class Lexer {
 public:
  explicit Lexer(std::string_view source, std::size_t at = 0) : source_(source), at_(at) {}
  Result<Token> next();

 private:
  Result<Token> quoted(char quote);
  Token number();
  Token name();
  Token variable();

  std::string_view source_;
  std::size_t at_;
};

}  // namespace cloudlet::iot::sql
