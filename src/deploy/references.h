// Which names a value speaks of, and what that says of a template: unresolved names, cycles, the
// order of work.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "deploy/template.h"

namespace cloudlet::deploy {

// What intrinsic functions in a value name.
struct References {
  std::set<std::string>
      names;  // of Ref, Fn::GetAtt and Fn::Sub: parameters, pseudo parameters, resources
  std::set<std::string> attributes;  // the resources among them whose attributes are asked for
  std::set<std::string> conditions;  // of Fn::If and Condition
};

void collect(const json::value& value, References& found);

// The names between "${" and "}" of Fn::Sub; "${!Literal}" is not one.
std::vector<std::string> substituted_names(std::string_view text);

// The path of the first null in it, if any.
std::optional<std::string> find_null(const json::value& value, const std::string& path);

// Resource -> the resources it waits for. Only those that exist (their condition holds) count.
using Graph = std::map<std::string, std::set<std::string>>;
Graph dependencies(const Template& from);

// The refusal of a function that is not served: which ones are.
Error unsupported_function(std::string_view name);
Error unknown_mapping(const std::string& name);

// Every name resolves, functions and mappings exist, conditions exist, no cycles, nothing refers to
// what it cannot. Errors: ValidationError.
Result<void> check_references(const Template& of);

}  // namespace cloudlet::deploy
