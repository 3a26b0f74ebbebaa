#include "services/logs/pattern.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "gen/logs/errors.h"

namespace cloudlet::logs {
namespace {

Error refused(std::string_view why) {
  return errors::invalid_parameter("Invalid filter pattern: " + std::string(why));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\n") - from + 1);
}

// Unquoted terms are made of letters, digits and underscores; all else is quoted.
bool plain(std::string_view term) {
  return std::all_of(term.begin(), term.end(), [](unsigned char c) {
    return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
  });
}

struct Term {
  char mark = 0;  // '?', '-' or none
  std::string text;
};

// Takes the next term off the front of `rest`.
Result<Term> next_term(std::string_view& rest) {
  Term term;
  if (rest.front() == '?' || rest.front() == '-') {
    term.mark = rest.front();
    rest.remove_prefix(1);
  }
  if (rest.empty()) return refused("a term is missing");
  if (rest.front() == '%') return refused("regular expressions are not supported");
  if (rest.front() == '"') {
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != '"'; ++at) {
      if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
      term.text += rest[at];
    }
    if (at == rest.size()) return refused("a quote is not closed");
    rest.remove_prefix(at + 1);
    return term;
  }
  const std::size_t end = std::min(rest.find_first_of(" \t\n"), rest.size());
  term.text = rest.substr(0, end);
  if (!plain(term.text))
    return refused("terms with other characters than letters and digits must be quoted");
  rest.remove_prefix(end);
  return term;
}

bool has(std::string_view message, const std::string& term) {
  return message.find(term) != std::string_view::npos;
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view text) {
  Pattern pattern;
  std::string_view rest = trimmed(text);
  if (rest.starts_with('{')) {
    TRY(pattern.selector_, compile_selector(rest));
    return pattern;
  }
  if (rest.starts_with('[')) return refused("space-delimited patterns are not supported");
  while (!rest.empty()) {
    TRY(Term term, next_term(rest));
    (term.mark == '?'   ? pattern.any_
     : term.mark == '-' ? pattern.none_
                        : pattern.all_)
        .push_back(std::move(term.text));
    rest = trimmed(rest);
  }
  // Beside required terms, optional ones say nothing.
  if (!pattern.all_.empty()) pattern.any_.clear();
  return pattern;
}

bool Pattern::matches(std::string_view message) const {
  if (selector_) {
    boost::system::error_code failed;
    const boost::json::value event = boost::json::parse({message.data(), message.size()}, failed);
    return !failed && event.is_object() && selector_->matches(event);
  }
  const auto in_message = [&](const std::string& term) { return has(message, term); };
  return std::all_of(all_.begin(), all_.end(), in_message) &&
         (any_.empty() || std::any_of(any_.begin(), any_.end(), in_message)) &&
         std::none_of(none_.begin(), none_.end(), in_message);
}

}  // namespace cloudlet::logs
