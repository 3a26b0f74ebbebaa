// Compiling and expanding substitution templates.
#include "services/iot/sql/template.h"

#include <fmt/core.h>

#include "base/encoding.h"
#include "services/iot/sql/parser.h"

namespace cloudlet::iot::sql {

Result<Template> Template::compile(std::string_view text, Version version,
                                   const Variables& variables) {
  if (text.size() > bytes_max) {
    return Error(sql_parse_exception, fmt::format("a template is longer than {} bytes", bytes_max));
  }
  if (!valid_utf8(text)) return Error(sql_parse_exception, "a template is not UTF-8");
  Template made;
  made.version_ = version;
  made.text_ = text;
  std::size_t at = 0;
  for (std::size_t open = text.find("${"); open != std::string_view::npos;
       open = text.find("${", at)) {
    Parser parser(text, version, open + 2);
    for (const auto& variable : variables) parser.know(variable);
    CHECK(parser.start());
    TRY(ExprPtr value, parser.expression());
    // What follows the brace is plain text again: not the lexer's business.
    if (!parser.token().is("}")) return parser.unexpected("'}'");
    made.parts_.push_back(
        {.before = std::string(text.substr(at, open - at)), .value = std::move(value)});
    at = parser.token().end;
  }
  made.tail_ = text.substr(at);
  return made;
}

std::string Template::expand(Input& input) const {
  if (parts_.empty()) return text_;
  Frame frame{input, version_};
  std::string out;
  for (const Part& part : parts_) {
    out += part.before;
    const Value value = part.value->eval(frame);
    if (const json::string* text = value.string()) {
      out.append(text->data(), text->size());
    } else if (const auto converted = to_text(value, version_)) {
      out += *converted;
    }
  }
  return out + tail_;
}

}  // namespace cloudlet::iot::sql
