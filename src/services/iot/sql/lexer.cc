// The tokens of rule SQL. A quote inside a text is doubled; a backslash is itself (regular
// expressions are full of them).
#include "services/iot/sql/lexer.h"

#include <fmt/core.h>

namespace cloudlet::iot::sql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }
bool is_variable_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

}  // namespace

const ErrorKind sql_parse_exception{
    .name = "SqlParseException", .code = "SqlParseException", .status = 400};

bool Token::is_word(std::string_view lower) const {
  if (kind != TokenKind::name || text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

Result<Token> Lexer::next() {
  while (at_ < source_.size() &&
         (source_[at_] == ' ' || (source_[at_] >= '\t' && source_[at_] <= '\r')))
    ++at_;
  if (at_ == source_.size()) return Token{.begin = at_, .end = at_};
  const char c = source_[at_];
  const char after = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
  if (c == '\'' || c == '"') return quoted(c);
  if (is_digit(c) || (c == '.' && is_digit(after))) return number();
  if (is_name_start(c)) return name();
  if (c == '@' && is_variable_part(after)) return variable();
  std::size_t length = 1;
  if ((c == '<' && (after == '=' || after == '>')) || (c == '>' && after == '=') ||
      (c == '!' && after == '='))
    length = 2;
  if (length == 1 && std::string_view("+-*/%=<>(),.[]{}:").find(c) == std::string_view::npos) {
    return Error(sql_parse_exception,
                 fmt::format("unexpected character '{}' at position {}", c, at_ + 1));
  }
  Token token{
      .kind = TokenKind::symbol, .text = std::string(source_.substr(at_, length)), .begin = at_};
  token.end = at_ += length;
  return token;
}

Result<Token> Lexer::quoted(char quote) {
  Token token{.kind = TokenKind::text, .begin = at_};
  for (++at_; at_ < source_.size(); ++at_) {
    if (source_[at_] == quote) {
      if (at_ + 1 == source_.size() || source_[at_ + 1] != quote) {
        token.end = ++at_;
        return token;
      }
      ++at_;
    }
    token.text += source_[at_];
  }
  return Error(sql_parse_exception,
               fmt::format("the text that begins at position {} has no end", token.begin + 1));
}

Token Lexer::number() {
  const std::size_t begin = at_;
  while (at_ < source_.size() && is_digit(source_[at_])) ++at_;
  if (at_ + 1 < source_.size() && source_[at_] == '.' && is_digit(source_[at_ + 1])) {
    for (++at_; at_ < source_.size() && is_digit(source_[at_]);) ++at_;
  }
  if (at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E')) {
    std::size_t exponent = at_ + 1;
    if (exponent < source_.size() && (source_[exponent] == '-' || source_[exponent] == '+'))
      ++exponent;
    if (exponent < source_.size() && is_digit(source_[exponent])) {
      for (at_ = exponent; at_ < source_.size() && is_digit(source_[at_]);) ++at_;
    }
  }
  return {.kind = TokenKind::number,
          .text = std::string(source_.substr(begin, at_ - begin)),
          .begin = begin,
          .end = at_};
}

Token Lexer::name() {
  const std::size_t begin = at_;
  while (at_ < source_.size() && is_name_part(source_[at_])) ++at_;
  return {.kind = TokenKind::name,
          .text = std::string(source_.substr(begin, at_ - begin)),
          .begin = begin,
          .end = at_};
}

Token Lexer::variable() {
  const std::size_t begin = at_++;
  while (at_ < source_.size() && is_variable_part(source_[at_])) ++at_;
  return {.kind = TokenKind::variable,
          .text = std::string(source_.substr(begin + 1, at_ - begin - 1)),
          .begin = begin,
          .end = at_};
}

}  // namespace cloudlet::iot::sql
