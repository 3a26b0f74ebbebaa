// The parts of the serverless transform that meet in one function's transformation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deploy/document.h"
#include "deploy/parameters.h"
#include "deploy/sam/problems.h"

namespace cloudlet::deploy::sam {

// One AWS::Serverless::Function on its way.
struct Function {
  std::string id;
  const json::object* source;  // the whole resource
  json::object properties;     // Globals merged in
  json::object* resources;     // where results go
  const ParameterTexts* parameters;
  Problems* problems;

  // A text, or the parameter that a Ref names; nothing where that isn't known yet.
  std::optional<std::string> resolved(const json::value& value) const;

  // Condition, DeletionPolicy, UpdateReplacePolicy and Metadata pass on to everything generated.
  void emit(const std::string& id, std::string_view type, json::object properties) const;
  void refuse(const std::string& sentence) const { problems->resource(id, sentence); }
  json::object ref() const { return {{"Ref", id}}; }
  json::object arn() const { return {{"Fn::GetAtt", json::array{id, "Arn"}}}; }
};

// globals.cc: Globals.Function under a function's own properties.
json::object merge_globals(const json::object& global, const json::object& own);
void check_globals(const json::object& root, Problems& problems);

// function.cc
void transform_function(Function& function);

// role.cc: the execution role, unless the function names one.
void make_role(const Function& function, const json::array& tags);

// events.cc
void make_events(const Function& function);

// policy_templates.cc: the statements of "SNSPublishMessagePolicy" and its kind.
// not_served: one of the real transform's, whose services are not here.
enum class TemplateOutcome { ok, unknown, missing_parameter, not_served };
TemplateOutcome policy_template(std::string_view name, const json::object& parameters,
                                json::array& statements);

// {"Ref": ...}, {"Fn::If": ...} and the like.
bool is_intrinsic(const json::value& value);

}  // namespace cloudlet::deploy::sam
