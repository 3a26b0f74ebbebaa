// Who a trust policy lets in: principals, actions, conditions.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
#include <algorithm>
#include <boost/json.hpp>

#include "base/arn.h"
#include "services/iam/document.h"

namespace cloudlet::iam {
namespace {

namespace json = boost::json;
using Context = std::map<std::string, std::string>;

template <class Test>
bool any_text(const json::value& value, Test test) {
  if (value.is_string()) return test(std::string_view(value.get_string()));
  if (!value.is_array()) return false;
  const json::array& list = value.get_array();
  return std::any_of(list.begin(), list.end(), [&](const json::value& one) {
    return one.is_string() && test(std::string_view(one.get_string()));
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return out;
}

std::string_view account_of(const wire::Principal& who) {
  const std::string_view arn = who.arn;  // "arn:aws:iam::<account>:..."
  std::size_t at = 0;
  for (int colon = 0; colon < 4; ++colon) {
    at = arn.find(':', at);
    if (at == std::string_view::npos) return {};
    ++at;
  }
  return arn.substr(at, arn.find(':', at) - at);
}

// A session of a role stands for the role: "arn:aws:sts::1:assumed-role/r/session" is let in as
// "arn:aws:iam::1:role/any/r".
bool is_session_of(const wire::Principal& who, std::string_view role_arn) {
  if (who.kind != wire::Principal::Kind::assumed_role) return false;
  const auto session = Arn::parse(who.arn), role = Arn::parse(role_arn);
  if (!session || !role || role->service != "iam" || role->account != session->account)
    return false;
  if (!session->resource.starts_with("assumed-role/") || !role->resource.starts_with("role/"))
    return false;
  const std::string name = session->resource.substr(13, session->resource.find('/', 13) - 13);
  return role->resource.substr(role->resource.rfind('/') + 1) == name;
}

bool names(std::string_view principal, const wire::Principal& who) {
  if (who.kind == wire::Principal::Kind::anonymous) return principal == "*";
  if (principal == "*" || principal == who.arn) return true;
  const std::string_view account = account_of(who);
  if (principal == account) return true;
  const auto arn = Arn::parse(principal);
  if (arn && arn->service == "iam" && arn->resource == "root" && arn->account == account)
    return true;
  return is_session_of(who, principal);
}

bool lets_in(const json::value& principal, const wire::Principal& who) {
  const bool service = who.kind == wire::Principal::Kind::service;
  if (principal.is_string()) return principal.get_string() == "*";
  if (!principal.is_object()) return false;
  const json::value* listed = principal.get_object().if_contains(service ? "Service" : "AWS");
  if (!listed) return false;
  return any_text(*listed,
                  [&](std::string_view one) { return service ? one == who.arn : names(one, who); });
}

bool test_value(std::string_view test, std::string_view wanted, std::string_view found) {
  if (test == "StringEquals") return wanted == found;
  if (test == "StringEqualsIgnoreCase" || test == "Bool") return lower(wanted) == lower(found);
  return matches_wildcard(wanted, found);  // StringLike, ArnLike, ArnEquals
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// One key of one operator. nullopt: the operator is not known here.
std::optional<bool> holds(std::string_view test, std::string_view key, const json::value& values,
                          const Context& context) {
  bool if_exists = false, negated = false;
  if (test.ends_with("IfExists")) {
    if_exists = true;
    test.remove_suffix(8);
  }
  static constexpr std::pair<std::string_view, std::string_view> negations[] = {
      {"StringNotEquals", "StringEquals"},
      {"StringNotEqualsIgnoreCase", "StringEqualsIgnoreCase"},
      {"StringNotLike", "StringLike"},
      {"ArnNotLike", "ArnLike"},
      {"ArnNotEquals", "ArnEquals"}};
  for (const auto& [negation, plain] : negations)
    if (test == negation) {
      test = plain;
      negated = true;
      break;
    }
  const auto found = std::find_if(context.begin(), context.end(), [&](const auto& entry) {
    return lower(entry.first) == lower(key);
  });
  if (test == "Null") return (lower(text_of(values)) == "true") == (found == context.end());
  static constexpr std::string_view known[] = {
      "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnLike", "ArnEquals", "Bool"};
  if (std::find(std::begin(known), std::end(known), test) == std::end(known)) return std::nullopt;
  if (found == context.end()) return negated || if_exists;
  bool any = false;
  if (values.is_array()) {
    for (const json::value& one : values.get_array())
      any = any || test_value(test, text_of(one), found->second);
  } else {
    any = test_value(test, text_of(values), found->second);
  }
  return any != negated;
}

// `unknown`: what an operator that is not known counts as, so that doubt never lets anybody in.
bool conditions_hold(const json::object& statement, const Context& context, bool unknown) {
  const json::value* condition = statement.if_contains("Condition");
  if (!condition || !condition->is_object()) return true;
  for (const auto& [test, keys] : condition->get_object())
    for (const auto& [key, values] : keys.get_object())
      if (!holds(test, key, values, context).value_or(unknown)) return false;
  return true;
}

bool speaks_of(const json::object& statement, std::string_view action) {
  const auto covers = [&](std::string_view pattern) {
    return matches_wildcard(lower(pattern), lower(action));
  };
  if (const json::value* actions = statement.if_contains("Action"))
    return any_text(*actions, covers);
  const json::value* others = statement.if_contains("NotAction");
  return others && !any_text(*others, covers);
}

}  // namespace

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool trust_allows(std::string_view document, const wire::Principal& who, std::string_view action,
                  const Context& context) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(document.data(), document.size()), error);
  if (error || !value.is_object()) return false;
  const json::value* statements = value.get_object().if_contains("Statement");
  if (!statements) return false;
  bool allowed = false;
  const auto look = [&](const json::value& one) {
    if (!one.is_object()) return true;
    const json::object& statement = one.get_object();
    const json::value* effect = statement.if_contains("Effect");
    const json::value* principal = statement.if_contains("Principal");
    const bool deny = effect && effect->is_string() && effect->get_string() == "Deny";
    if (!principal || !lets_in(*principal, who) || !speaks_of(statement, action)) return true;
    if (!conditions_hold(statement, context, deny)) return true;
    if (!deny) allowed = true;
    return !deny;
  };
  if (statements->is_object()) return look(*statements) && allowed;
  if (!statements->is_array()) return false;
  for (const json::value& one : statements->get_array())
    if (!look(one)) return false;
  return allowed;
}

}  // namespace cloudlet::iam
