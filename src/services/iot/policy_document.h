// An IoT policy, compiled once: which actions on which resources under which conditions, with
// variables of the connection.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html
//
// Resources are ARNs with * (anything, '/' too) and ? (one character); MQTT's own wildcards are
// plain characters in them. An explicit Deny wins over any Allow; what nothing allows is denied.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudlet::iot {

// The connection that asks, as policy variables and condition keys see it: "iot:ClientId" ->
// "soil1". Absent: unknown, and whatever needs it does not match. Several values only for
// iot:ConnectAttributes.
class PolicyContext {
 public:
  void set(std::string_view key, std::string value) {
    values_[std::string(key)] = {std::move(value)};
  }
  void set(std::string_view key, std::vector<std::string> values) {
    values_[std::string(key)] = std::move(values);
  }
  const std::vector<std::string>* find(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// A text with wildcards and variables.
class PolicyPattern {
 public:
  explicit PolicyPattern(std::string_view text);
  // A value put in for a variable is taken as it is: its '*' and '?' are no wildcards.
  bool matches(std::string_view text, const PolicyContext& context) const;
  // Names of the variables in it.
  const std::vector<std::string>& variables() const { return variables_; }

 private:
  struct Part {
    enum class Kind { text, any, one, variable } kind;
    std::string text;  // or the variable's name
  };
  std::vector<Part> parts_;
  std::vector<std::string> variables_;
  std::string constant_;  // without variables: the whole pattern, wildcards as control characters
};

class PolicyDocument {
 public:
  static constexpr std::size_t characters_max = 2048;  // without blanks (AWS IoT quotas)

  // MalformedPolicyException, with a sentence.
  static Result<PolicyDocument> parse(std::string_view json);

  enum class Answer { allow, deny, nothing };
  struct Decision {
    Answer answer = Answer::nothing;
    std::size_t statement = 0;  // which one decided, from 1
  };
  // `action` as "iot:Publish", `resource` an ARN.
  Decision decide(std::string_view action, std::string_view resource,
                  const PolicyContext& context) const;

  struct Condition {
    std::string key;
    std::function<bool(const std::vector<std::string>*)>
        holds;  // of the key's values; null: the key is unknown
  };

 private:
  struct Statement {
    bool allow = true;
    std::vector<PolicyPattern> actions;
    std::vector<PolicyPattern> resources;
    std::vector<Condition> conditions;
  };
  friend class PolicyParser;
  std::vector<Statement> statements_;
};

// Is this a key that conditions and variables may name?
bool known_context_key(std::string_view key);

// Compiles one operator with its wanted values ("ForAllValues:StringEquals");
// MalformedPolicyException if unknown.
Result<std::function<bool(const std::vector<std::string>*)>> compile_condition(
    std::string_view operation, std::vector<std::string> wanted);

}  // namespace cloudlet::iot
