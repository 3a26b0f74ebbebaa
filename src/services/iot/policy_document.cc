// Reading a policy document, and deciding by it.
#include "services/iot/policy_document.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "gen/iot/errors.h"

namespace cloudlet::iot {
namespace {

namespace json = boost::json;

Error malformed(std::string_view why) {
  return errors::malformed_policy(fmt::format("Policy document is malformed: {}", why));
}

// A text, or a list of at least one text. Numbers and booleans only where conditions allow them.
Result<std::vector<std::string>> texts(const json::value& value, std::string_view where,
                                       bool scalars) {
  std::vector<std::string> out;
  const auto take = [&](const json::value& one) {
    if (one.is_string())
      out.emplace_back(one.get_string());
    else if (scalars && one.is_bool())
      out.emplace_back(one.get_bool() ? "true" : "false");
    else if (scalars && one.is_number())
      out.push_back(json::serialize(one));
    else
      return false;
    return true;
  };
  if (const json::array* list = value.if_array()) {
    for (const json::value& one : *list) {
      if (!take(one)) return malformed(fmt::format("{} must hold texts", where));
    }
  } else if (!take(value)) {
    return malformed(fmt::format("{} must be a text or a list of texts", where));
  }
  if (out.empty()) return malformed(fmt::format("{} is empty", where));
  return out;
}

bool valid_action(std::string_view action) {
  if (action == "*") return true;
  const std::size_t colon = action.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == action.size()) return false;
  return std::all_of(action.begin(), action.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
           c == '*' || c == '?' || c == '-';
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

}  // namespace

class PolicyParser {
 public:
  static Result<PolicyDocument::Statement> statement(const json::value& value) {
    const json::object* object = value.if_object();
    if (!object) return malformed("a Statement must be an object");
    PolicyDocument::Statement made;
    for (const auto& member : *object) {
      const std::string_view name = member.key();
      if (name == "Sid") continue;
      if (name == "Effect")
        CHECK(effect(member.value(), made));
      else if (name == "Action")
        CHECK(actions(member.value(), made));
      else if (name == "Resource")
        CHECK(resources(member.value(), made));
      else if (name == "Condition")
        CHECK(conditions(member.value(), made));
      else
        return malformed(fmt::format("the element {} is not supported in a Statement", name));
    }
    for (const std::string_view needed : {"Effect", "Action", "Resource"}) {
      if (!object->contains(needed)) return malformed(fmt::format("a Statement has no {}", needed));
    }
    return made;
  }

  static Result<PolicyDocument> document(const json::object& object) {
    PolicyDocument made;
    for (const auto& member : object) {
      const std::string_view name = member.key();
      if (name == "Version") {
        const json::string* version = member.value().if_string();
        if (!version || (*version != "2012-10-17" && *version != "2008-10-17")) {
          return malformed("Version must be 2012-10-17 or 2008-10-17");
        }
      } else if (name != "Statement" && name != "Id") {
        return malformed(fmt::format("the element {} is not supported", name));
      }
    }
    const json::value* statements = object.if_contains("Statement");
    if (!statements) return malformed("there is no Statement");
    if (const json::array* list = statements->if_array()) {
      if (list->empty()) return malformed("there is no Statement");
      for (const json::value& one : *list) {
        TRY(auto parsed, statement(one));
        made.statements_.push_back(std::move(parsed));
      }
    } else {
      TRY(auto parsed, statement(*statements));
      made.statements_.push_back(std::move(parsed));
    }
    return made;
  }

 private:
  static Result<void> effect(const json::value& value, PolicyDocument::Statement& made) {
    const json::string* text = value.if_string();
    if (!text || (*text != "Allow" && *text != "Deny"))
      return malformed("Effect must be Allow or Deny");
    made.allow = *text == "Allow";
    return {};
  }

  static Result<void> actions(const json::value& value, PolicyDocument::Statement& made) {
    TRY(const auto list, texts(value, "Action", false));
    for (const std::string& action : list) {
      if (!valid_action(action)) return malformed(fmt::format("{} is not an action", action));
      made.actions.emplace_back(lower(action));
    }
    return {};
  }

  static Result<void> resources(const json::value& value, PolicyDocument::Statement& made) {
    TRY(const auto list, texts(value, "Resource", false));
    for (const std::string& resource : list) {
      if (!resource.starts_with("*") && !resource.starts_with("arn:")) {
        return malformed(fmt::format("{} is not the ARN of a resource", resource));
      }
      const PolicyPattern& pattern = made.resources.emplace_back(resource);
      for (const std::string& variable : pattern.variables()) {
        if (!known_context_key(variable)) {
          return malformed(fmt::format("the policy variable ${{{}}} is not supported", variable));
        }
      }
    }
    return {};
  }

  static Result<void> conditions(const json::value& value, PolicyDocument::Statement& made) {
    const json::object* operators = value.if_object();
    if (!operators) return malformed("Condition must be an object");
    for (const auto& [operation, keys] : *operators) {
      if (!keys.is_object())
        return malformed(
            fmt::format("the condition {} must be an object", std::string_view(operation)));
      for (const auto& [key, wanted] : keys.get_object()) {
        if (!known_context_key(key)) {
          return malformed(
              fmt::format("the condition key {} is not supported", std::string_view(key)));
        }
        TRY(auto values, texts(wanted, std::string_view(key), true));
        TRY(auto holds, compile_condition(operation, std::move(values)));
        made.conditions.push_back({std::string(key), std::move(holds)});
      }
    }
    return {};
  }
};

Result<PolicyDocument> PolicyDocument::parse(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  const auto characters =
      text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), blank));
  if (characters > characters_max)
    return malformed(fmt::format("it has more than {} characters", characters_max));
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return malformed("it is not a JSON object");
  return PolicyParser::document(value.get_object());
}

PolicyDocument::Decision PolicyDocument::decide(std::string_view action, std::string_view resource,
                                                const PolicyContext& context) const {
  const std::string wanted = lower(action);
  Decision decision;
  for (std::size_t i = 0; i < statements_.size(); ++i) {
    const Statement& statement = statements_[i];
    if (decision.answer == Answer::allow && statement.allow) continue;
    const auto fits = [&](const std::vector<PolicyPattern>& patterns, std::string_view text) {
      return std::any_of(patterns.begin(), patterns.end(), [&](const PolicyPattern& pattern) {
        return pattern.matches(text, context);
      });
    };
    if (!fits(statement.actions, wanted) || !fits(statement.resources, resource)) continue;
    const bool held = std::all_of(
        statement.conditions.begin(), statement.conditions.end(),
        [&](const Condition& condition) { return condition.holds(context.find(condition.key)); });
    if (!held) continue;
    decision = {statement.allow ? Answer::allow : Answer::deny, i + 1};
    if (!statement.allow) return decision;
  }
  return decision;
}

}  // namespace cloudlet::iot
