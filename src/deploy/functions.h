// Intrinsic functions: from what a template says to the value that it means.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/arn.h"
#include "base/result.h"
#include "deploy/parameters.h"
#include "deploy/template.h"

namespace cloudlet::deploy {

// Stands for what only the work will tell: the ARN of a resource that is yet to be made.
inline constexpr std::string_view unknown_value = "{{changeSet:KNOWN_AFTER_APPLY}}";

// What names stand for while a template is worked out. Lookups of resources answer only for those
// that are done.
struct Environment {
  const Template* of = nullptr;
  Scope scope;
  std::map<std::string, std::string, std::less<>> pseudo;
  ParameterTexts parameters;
  std::map<std::string, bool, std::less<>> conditions;
  // Ref and Fn::GetAtt of a resource that the template declares.
  std::function<Result<json::value>(const std::string& id)> reference;
  std::function<Result<json::value>(const std::string& id, const std::string& attribute)> attribute;
  std::function<Result<std::string>(const std::string& name)> import;

  // Worked out ahead of the work: a text may be or hold `unknown_value`, and what a function makes
  // of it is not known either.
  bool ahead = false;

  bool condition(std::string_view name) const;
};

// Parameters, pseudo parameters and conditions of `of`. Resources and imports are refused until the
// caller sets them.
Result<Environment> make_environment(const Template& of, const Scope& scope,
                                     const std::string& stack_id, const std::string& stack_name,
                                     const ParameterTexts& parameters);

// The value with all functions carried out; nothing where AWS::NoValue leaves nothing.
Result<std::optional<json::value>> evaluate(const json::value& value, const Environment& in);

// The same for the properties of a resource.
Result<json::object> evaluate_object(const json::object& value, const Environment& in);

}  // namespace cloudlet::deploy
