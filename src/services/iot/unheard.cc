#include "services/iot/unheard.h"

#include <fmt/core.h>

#include <cctype>

#include "services/iot/rule_engine.h"

namespace cloudlet::iot {
namespace {

constexpr std::size_t named_max = 3;

std::vector<std::string_view> levels_of(std::string_view topic) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto slash = topic.find('/');
    out.push_back(topic.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    topic.remove_prefix(slash + 1);
  }
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// One level that differs, is missing or is too many; or upper and lower case.
bool near(std::string_view filter, std::string_view topic) {
  if (equal_but_for_case(filter, topic)) return true;
  auto asked = levels_of(filter);
  auto given = levels_of(topic);
  if (asked.back() == "#") {
    asked.pop_back();
    if (given.size() > asked.size()) given.resize(asked.size());
  }
  if (asked.size() > given.size()) std::swap(asked, given);
  if (given.size() - asked.size() > 1) return false;
  const auto same = [](std::string_view a, std::string_view b) {
    return a == "+" || b == "+" || equal_but_for_case(a, b);
  };
  std::size_t equal = 0;
  bool literal = false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < asked.size() && at < given.size(); ++i, ++at) {
    // A level too many: it is passed over once.
    if (!same(asked[i], given[at]) && given.size() - at > asked.size() - i) ++at;
    if (!same(asked[i], given[at])) continue;
    ++equal;
    literal = literal || asked[i] != "+";
  }
  return literal && equal + 1 >= given.size();
}

std::string place(const Scope& scope) {
  return fmt::format("account {}, region {}", scope.account, scope.region);
}

std::string elsewhere(const CompiledRule& rule, const Scope& scope) {
  return fmt::format("; rule {} of {} does, but the sender belongs to {}", rule.name,
                     place(rule.scope), place(scope));
}

std::string why_no_such_rule(const RuleSet& rules, std::string_view name, const Scope* scope) {
  std::string why = fmt::format("there is no rule named {}", name);
  std::vector<const CompiledRule*> others;
  rules.named(name, nullptr, others);
  if (scope && !others.empty())
    why += fmt::format(" in {}: it is one of {}", place(*scope), place(others.front()->scope));
  return why;
}

}  // namespace

std::string why_unheard(const RuleSet& rules, std::string_view topic, const Scope* scope) {
  if (const auto ingest = RuleEngine::basic_ingest(topic))
    return why_no_such_rule(rules, ingest->rule, scope);
  if (topic.starts_with("$aws/"))
    return "no rule takes this topic; reserved topics other than Basic Ingest are not served";
  std::string why = "no rule takes this topic";
  std::vector<const CompiledRule*> others;
  rules.match(topic, nullptr, others);
  if (scope && !others.empty()) return why + elsewhere(*others.front(), *scope);
  std::size_t named = 0;
  for (const RulePtr& rule : rules.all()) {
    if (!near(rule->statement.filter(), topic) || (scope && rule->scope != *scope)) continue;
    if (named++ == named_max) break;
    why += fmt::format("{} rule {} hears '{}'{}", named == 1 ? "; nearly:" : ",", rule->name,
                       rule->statement.filter(), rule->disabled ? " (disabled)" : "");
  }
  return why;
}

}  // namespace cloudlet::iot
