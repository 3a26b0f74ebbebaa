// Regular expressions, through a linear-time engine only (RE2): no back references and no
// look-around in patterns.
#include <fmt/core.h>
#include <re2/re2.h>

#include "services/iot/sql/functions.h"
#include "services/iot/sql/lexer.h"

namespace cloudlet::iot::sql {
namespace {

constexpr std::size_t pattern_bytes_max = 4096;
constexpr std::int64_t program_bytes_max = 1 << 20;

std::unique_ptr<re2::RE2> compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(program_bytes_max);
  return std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
}

enum class Kind { matches, replace, substr };

class RegexCall final : public Expr {
 public:
  RegexCall(Kind kind, std::unique_ptr<re2::RE2> fixed, std::vector<ExprPtr> arguments)
      : kind_(kind), fixed_(std::move(fixed)), arguments_(std::move(arguments)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override {
    for (const ExprPtr& argument : arguments_) visit(*argument);
  }

 private:
  Kind kind_;
  std::unique_ptr<re2::RE2> fixed_;  // null: the pattern comes from the message
  std::vector<ExprPtr> arguments_;
};

// "$1" refers to a group, a backslash takes the next character as it is
// (java.util.regex.Matcher.appendReplacement). Nothing for a group that the pattern doesn't have.
bool append_replacement(std::string& out, std::string_view with,
                        std::span<const re2::StringPiece> groups) {
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (with[i] == '\\') {
      if (++i == with.size()) return false;
      out += with[i];
    } else if (with[i] == '$') {
      if (++i == with.size() || with[i] < '0' || with[i] > '9') return false;
      const auto group = static_cast<std::size_t>(with[i] - '0');
      if (group >= groups.size()) return false;
      out.append(groups[group].data() ? groups[group].data() : "", groups[group].size());
    } else {
      out += with[i];
    }
  }
  return true;
}

Value replace_all(Frame& frame, const re2::RE2& regex, const std::string& text,
                  const std::string& with) {
  const re2::StringPiece input(text);
  const auto group_count = static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1;
  std::vector<re2::StringPiece> groups(group_count);
  std::string out;
  std::size_t copied = 0;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t before = out.size();
    if (!frame.input.afford(text.size() - at + 16)) return {};
    if (!regex.Match(input, at, text.size(), re2::RE2::UNANCHORED, groups.data(),
                     static_cast<int>(group_count)))
      break;
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    out.append(text, copied, begin - copied);
    if (!append_replacement(out, with, groups) || !frame.input.afford(out.size() - before))
      return {};
    copied = begin + groups[0].size();
    at =
        groups[0].empty() ? copied + 1 : copied;  // an empty match goes on after the next character
  }
  if (copied < text.size()) out.append(text, copied);
  return Value::of(std::string_view(out));
}

Value RegexCall::eval(Frame& frame) const {
  const auto text = to_text(arguments_[0]->eval(frame), frame.version);
  if (!text || !frame.input.afford(text->size())) return {};
  std::unique_ptr<re2::RE2> made;
  if (!fixed_) {
    const auto pattern = to_text(arguments_[1]->eval(frame), frame.version);
    if (!pattern || pattern->size() > pattern_bytes_max ||
        !frame.input.afford(pattern->size() * 64))
      return {};
    made = compile(*pattern);
  }
  const re2::RE2& regex = fixed_ ? *fixed_ : *made;
  if (!regex.ok()) return {};
  switch (kind_) {
    case Kind::matches: return Value::of(re2::RE2::PartialMatch(*text, regex));
    case Kind::substr: {
      re2::StringPiece found;
      if (!regex.Match(*text, 0, text->size(), re2::RE2::UNANCHORED, &found, 1)) return {};
      return Value::of(std::string_view(found.data(), found.size()));
    }
    case Kind::replace: {
      const auto with = to_text(arguments_[2]->eval(frame), frame.version);
      return with ? replace_all(frame, regex, *text, *with) : Value();
    }
  }
  return {};
}

std::optional<Kind> kind_of(std::string_view name) {
  if (name == "regexp_matches") return Kind::matches;
  if (name == "regexp_replace") return Kind::replace;
  if (name == "regexp_substr") return Kind::substr;
  return std::nullopt;
}

}  // namespace

bool is_regex_function(std::string_view name) { return kind_of(name).has_value(); }

Result<ExprPtr> make_regex_call(std::string_view name, std::vector<ExprPtr> arguments) {
  const Kind kind = *kind_of(name);
  const std::size_t wanted = kind == Kind::replace ? 3 : 2;
  if (arguments.size() != wanted) {
    return Error(sql_parse_exception,
                 fmt::format("{} takes {} arguments, not {}", name, wanted, arguments.size()));
  }
  std::unique_ptr<re2::RE2> fixed;
  if (const auto* literal = dynamic_cast<const Literal*>(arguments[1].get());
      literal && literal->value().is_string()) {
    const json::string& pattern = literal->value().get_string();
    if (pattern.size() > pattern_bytes_max) {
      return Error(sql_parse_exception, fmt::format("the pattern of {} is longer than {} bytes",
                                                    name, pattern_bytes_max));
    }
    fixed = compile(pattern);
    if (!fixed->ok())
      return Error(sql_parse_exception, fmt::format("the pattern of {}: {}", name, fixed->error()));
  }
  return ExprPtr(std::make_unique<RegexCall>(kind, std::move(fixed), std::move(arguments)));
}

}  // namespace cloudlet::iot::sql
