// What a template declares, read and checked for form: the sections, without any value worked out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "deploy/document.h"

namespace cloudlet::deploy {

// DeletionPolicy and UpdateReplacePolicy.
enum class Keep {
  remove,                   // Delete, the default
  retain,                   // Retain
  retain_except_on_create,  // RetainExceptOnCreate: removed when its creation is rolled back
};

struct Parameter {
  std::string name;
  std::string type;  // "String", "Number", "List<Number>", "CommaDelimitedList"
  std::optional<std::string> default_value;
  std::vector<std::string> allowed_values;
  std::string allowed_pattern;
  std::optional<double> min_value, max_value;
  std::optional<std::uint64_t> min_length, max_length;
  std::string description;
  std::string constraint_description;
  bool no_echo = false;
};

struct Resource {
  std::string id;  // the logical id
  std::string type;
  json::object properties;
  std::vector<std::string> depends_on;
  std::string condition;  // empty: always
  Keep deletion = Keep::remove;
  Keep replacement = Keep::remove;
  json::value metadata;
  int line = 0;
};

struct Output {
  std::string name;
  json::value value;
  std::string description;
  json::value export_name;  // null: not exported
  std::string condition;
};

struct Template {
  std::string description;
  json::value metadata;
  std::vector<Parameter> parameters;
  json::object mappings;
  json::object conditions;
  std::vector<Resource> resources;
  std::vector<Output> outputs;
  std::vector<std::string> transforms;

  const Parameter* parameter(std::string_view name) const;
  const Resource* resource(std::string_view id) const;
  bool language_extensions() const;  // the transform with more functions
};

// Form only: sections, names, types of members. Errors: ValidationError with the service's
// sentences.
Result<Template> read_template(const Document& document);

// "60" of 60, "true" of true: how a scalar reads where a text is wanted; nothing for objects, lists
// and null.
std::optional<std::string> scalar_text(const json::value& value);

}  // namespace cloudlet::deploy
