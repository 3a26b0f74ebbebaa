// JSON selectors: { $.path op value && ... }, compiled to a small tree.
//
//   expression = and-part { "||" and-part }      and-part = condition { "&&" condition }
//   condition  = "(" expression ")" | path "NOT EXISTS" | path "IS" ("TRUE"|"FALSE"|"NULL") | path
//   operator value
#include <charconv>
#include <cmath>
#include <optional>
#include <variant>

#include "gen/logs/errors.h"
#include "services/logs/pattern.h"

namespace cloudlet::logs {
namespace {

namespace json = boost::json;

constexpr int depth_max = 32;

Error refused(std::string_view why) {
  return errors::invalid_parameter("Invalid filter pattern: " + std::string(why));
}

using Step = std::variant<std::string, std::size_t>;
using Path = std::vector<Step>;

const json::value* find(const json::value& event, const Path& path) {
  const json::value* at = &event;
  for (const Step& step : path) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      at = at->is_object() ? at->get_object().if_contains(*name) : nullptr;
    } else {
      const std::size_t index = std::get<std::size_t>(step);
      at = at->is_array() && index < at->get_array().size() ? &at->get_array()[index] : nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

// '*' stands for any text. Linear: it goes back to the last star only.
bool like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*')
      star = p++, from = t;
    else if (p < pattern.size() && pattern[p] == text[t])
      ++p, ++t;
    else if (star != std::string_view::npos)
      p = star + 1, t = ++from;
    else
      return false;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

enum class Operator { equal, not_equal, less, at_most, greater, at_least };

class Combination final : public Selector {
 public:
  Combination(bool all, std::vector<std::unique_ptr<const Selector>> parts)
      : all_(all), parts_(std::move(parts)) {}
  bool matches(const json::value& event) const override {
    for (const auto& part : parts_)
      if (part->matches(event) != all_) return !all_;
    return all_;
  }

 private:
  bool all_;
  std::vector<std::unique_ptr<const Selector>> parts_;
};

class Comparison final : public Selector {
 public:
  Comparison(Path path, Operator op, std::variant<double, std::string> value)
      : path_(std::move(path)), op_(op), value_(std::move(value)) {}
  bool matches(const json::value& event) const override {
    const json::value* found = find(event, path_);
    if (found == nullptr) return false;
    if (const auto* text = std::get_if<std::string>(&value_)) {
      if (!found->is_string()) return false;
      return like(std::string_view(found->get_string()), *text) == (op_ == Operator::equal);
    }
    if (!found->is_number()) return false;
    const double left = found->to_number<double>(), right = std::get<double>(value_);
    switch (op_) {
      case Operator::equal: return left == right;
      case Operator::not_equal: return left != right;
      case Operator::less: return left < right;
      case Operator::at_most: return left <= right;
      case Operator::greater: return left > right;
      case Operator::at_least: return left >= right;
    }
    return false;
  }

 private:
  Path path_;
  Operator op_;
  std::variant<double, std::string> value_;
};

enum class Is { absent, null, yes, no };

class State final : public Selector {
 public:
  State(Path path, Is what) : path_(std::move(path)), what_(what) {}
  bool matches(const json::value& event) const override {
    const json::value* found = find(event, path_);
    if (what_ == Is::absent) return found == nullptr;
    if (found == nullptr) return false;
    if (what_ == Is::null) return found->is_null();
    return found->is_bool() && found->get_bool() == (what_ == Is::yes);
  }

 private:
  Path path_;
  Is what_;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<std::unique_ptr<const Selector>> whole() {
    if (!take("{")) return refused("'{' is missing");
    TRY(auto selector, any_of());
    if (!take("}")) return refused("'}' is missing");
    skip();
    if (!rest_.empty()) return refused("something follows the '}'");
    return selector;
  }

 private:
  using Node = std::unique_ptr<const Selector>;

  void skip() {
    const std::size_t at = rest_.find_first_not_of(" \t\n");
    rest_.remove_prefix(std::min(at, rest_.size()));
  }
  bool take(std::string_view token) {
    skip();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  Result<Node> any_of() {
    std::vector<Node> parts;
    do {
      TRY(auto part, all_of());
      parts.push_back(std::move(part));
    } while (take("||"));
    if (parts.size() == 1) return std::move(parts.front());
    return Node(std::make_unique<Combination>(false, std::move(parts)));
  }
  Result<Node> all_of() {
    std::vector<Node> parts;
    do {
      TRY(auto part, condition());
      parts.push_back(std::move(part));
    } while (take("&&"));
    if (parts.size() == 1) return std::move(parts.front());
    return Node(std::make_unique<Combination>(true, std::move(parts)));
  }
  Result<Node> condition() {
    if (take("(")) {
      if (++depth_ > depth_max) return refused("too many parentheses");
      TRY(auto inner, any_of());
      if (!take(")")) return refused("')' is missing");
      --depth_;
      return inner;
    }
    TRY(Path where, path());
    if (take("NOT EXISTS")) return Node(std::make_unique<State>(std::move(where), Is::absent));
    if (take("IS")) {
      if (take("TRUE")) return Node(std::make_unique<State>(std::move(where), Is::yes));
      if (take("FALSE")) return Node(std::make_unique<State>(std::move(where), Is::no));
      if (take("NULL")) return Node(std::make_unique<State>(std::move(where), Is::null));
      return refused("IS is followed by TRUE, FALSE or NULL");
    }
    return comparison(std::move(where));
  }
  Result<Node> comparison(Path where) {
    std::optional<Operator> op;
    if (take("!="))
      op = Operator::not_equal;
    else if (take("<="))
      op = Operator::at_most;
    else if (take(">="))
      op = Operator::at_least;
    else if (take("="))
      op = Operator::equal;
    else if (take("<"))
      op = Operator::less;
    else if (take(">"))
      op = Operator::greater;
    if (!op) return refused("an operator is missing");
    skip();
    if (rest_.starts_with('%')) return refused("regular expressions are not supported");
    TRY(auto value, operand());
    const bool ordered = *op != Operator::equal && *op != Operator::not_equal;
    if (ordered && std::holds_alternative<std::string>(value))
      return refused("texts are compared with = and != only");
    return Node(std::make_unique<Comparison>(std::move(where), *op, std::move(value)));
  }
  Result<std::variant<double, std::string>> operand() {
    if (rest_.starts_with('"')) {
      TRY(std::string text, quoted());
      return std::variant<double, std::string>(std::move(text));
    }
    const std::size_t end = std::min(rest_.find_first_of(" \t\n&|)}"), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    if (word.empty()) return refused("a value is missing");
    rest_.remove_prefix(end);
    double number = 0;
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
    if (parsed.ec == std::errc() && parsed.ptr == word.data() + word.size())
      return std::variant<double, std::string>(number);
    return std::variant<double, std::string>(std::string(word));
  }
  Result<std::string> quoted() {
    std::string text;
    std::size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
      if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
      text += rest_[at];
    }
    if (at == rest_.size()) return refused("a quote is not closed");
    rest_.remove_prefix(at + 1);
    return text;
  }
  Result<Path> path() {
    if (!take("$")) return refused("a selector begins with '$'");
    Path steps;
    for (;;) {
      if (rest_.starts_with('.')) {
        rest_.remove_prefix(1);
        const std::size_t end =
            std::min(rest_.find_first_of(" \t\n.[]=!<>()&|{}\"'"), rest_.size());
        if (end == 0) return refused("a name is missing after '.'");
        steps.emplace_back(std::string(rest_.substr(0, end)));
        rest_.remove_prefix(end);
      } else if (rest_.starts_with("['")) {
        const std::size_t end = rest_.find("']");
        if (end == std::string_view::npos) return refused("\"']\" is missing");
        steps.emplace_back(std::string(rest_.substr(2, end - 2)));
        rest_.remove_prefix(end + 2);
      } else if (rest_.starts_with('[')) {
        std::size_t index = 0;
        const auto parsed = std::from_chars(rest_.data() + 1, rest_.data() + rest_.size(), index);
        if (parsed.ec != std::errc() || parsed.ptr == rest_.data() + rest_.size() ||
            *parsed.ptr != ']')
          return refused("an index is a number in brackets");
        steps.emplace_back(index);
        rest_.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest_.data()) + 1);
      } else if (steps.empty()) {
        return refused("'$' is followed by '.' and a name");
      } else {
        return steps;
      }
    }
  }

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace

Result<std::unique_ptr<const Selector>> compile_selector(std::string_view text) {
  return Parser(text).whole();
}

}  // namespace cloudlet::logs
