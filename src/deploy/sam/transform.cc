// The walk over a serverless template.
#include "deploy/sam/transform.h"

#include <algorithm>

#include "deploy/sam/parts.h"

namespace cloudlet::deploy::sam {
namespace {

bool alphanumeric(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c); });
}

bool structure(const json::object& root, Problems& problems) {
  const auto* resources = root.if_contains("Resources");
  if (resources == nullptr || !resources->is_object() || resources->get_object().empty()) {
    problems.add("Structure of the SAM template is invalid. 'Resources' section is required");
    return false;
  }
  for (const auto& member : resources->get_object())
    if (!member.value().is_object()) {
      problems.add(
          "Structure of the SAM template is invalid. All 'Resources' must be Objects. If you're "
          "using YAML, this may be an "
          "indentation issue.");
      return false;
    }
  for (const auto& member : resources->get_object()) {
    const json::object& resource = member.value().get_object();
    if (!alphanumeric(member.key()))
      problems.resource(member.key(), "Logical ids must be alphanumeric.");
    if (const auto* properties = resource.if_contains("Properties");
        properties != nullptr && !properties->is_object())
      problems.resource(member.key(), "Attribute 'Properties' should be a map.");
  }
  return problems.empty();
}

// Globals.Function without what the resource ignores: "*" is all of it, a list names properties.
json::object globals_for(const std::string& id, const json::object& resource, json::object global,
                         Problems& problems) {
  const std::string wrong = "Resource " + id + " has invalid resource attribute 'IgnoreGlobals'";
  const auto* ignored = resource.if_contains("IgnoreGlobals");
  if (ignored == nullptr || ignored->is_null()) return global;
  if (*ignored == json::value("*")) return {};
  const auto* names = ignored->if_array();
  if (names == nullptr) {
    problems.resource(id, wrong + ".");
    return global;
  }
  for (const auto& name : *names) {
    const std::string key = scalar_text(name).value_or("");
    if (global.erase(key) == 0) problems.resource(id, wrong + " on item '" + key + "'.");
  }
  return global;
}

json::object own_properties(const std::string& id, const json::object& resource,
                            const json::object& global, Problems& problems) {
  json::object own;
  if (const auto* properties = resource.if_contains("Properties");
      properties != nullptr && properties->is_object())
    own = properties->get_object();
  return merge_globals(globals_for(id, resource, global, problems), own);
}

}  // namespace

bool is_intrinsic(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr || object->size() != 1) return false;
  const std::string_view key = object->begin()->key();
  return key == "Ref" || key == "Condition" || key.starts_with("Fn::");
}

bool wanted(const json::object& root) {
  const auto* transforms = root.if_contains("Transform");
  if (transforms == nullptr) return false;
  if (transforms->is_string()) return transforms->get_string() == transform_name;
  if (const auto* list = transforms->if_array())
    return std::any_of(list->begin(), list->end(),
                       [](const json::value& one) { return one == json::value(transform_name); });
  return false;
}

std::optional<std::string> Function::resolved(const json::value& value) const {
  if (value.is_null()) return std::string();
  if (value.is_string()) return std::string(value.get_string());
  const auto* object = value.if_object();
  const auto* name =
      object == nullptr || object->size() != 1 ? nullptr : object->if_contains("Ref");
  if (name == nullptr || !name->is_string()) return std::nullopt;
  const auto given = parameters->find(std::string_view(name->get_string()));
  return given == parameters->end() ? std::nullopt : std::optional(given->second);
}

Result<json::object> transform(const Document& document, const ParameterTexts& given) {
  Problems problems(document.lines);
  check_globals(document.root, problems);
  if (!problems.empty() || !structure(document.root, problems)) return problems.error();
  json::object global;
  if (const auto* globals = document.root.if_contains("Globals"))
    if (const auto* of_functions = globals->get_object().if_contains("Function"))
      global = of_functions->get_object();

  ParameterTexts parameters = given;
  if (const auto* declared = document.root.if_contains("Parameters");
      declared != nullptr && declared->is_object())
    for (const auto& member : declared->get_object())
      if (const auto* object = member.value().if_object())
        if (const auto* fallback = object->if_contains("Default"))
          if (auto text = scalar_text(*fallback)) parameters.emplace(member.key(), *text);

  json::object resources;
  for (const auto& member : document.root.at("Resources").get_object()) {
    const std::string id(member.key());
    const json::object& resource = member.value().get_object();
    const auto* type = resource.if_contains("Type");
    if (resource.contains("Connectors")) {
      problems.resource(id, "Connectors are not supported here" +
                                problems.line_of("/Resources/" + id + "/Connectors") + ".");
      continue;
    }
    if (type == nullptr || !type->is_string() ||
        !std::string_view(type->get_string()).starts_with("AWS::Serverless::")) {
      resources.emplace(id, member.value());
      continue;
    }
    if (type->get_string() != "AWS::Serverless::Function") {
      problems.resource(id, "Resources of type " + std::string(type->get_string()) +
                                " are not supported here" +
                                problems.line_of("/Resources/" + id + "/Type") + ".");
      continue;
    }
    Function function{.id = id,
                      .source = &resource,
                      .properties = own_properties(id, resource, global, problems),
                      .resources = &resources,
                      .parameters = &parameters,
                      .problems = &problems};
    transform_function(function);
  }
  if (!problems.empty()) return problems.error();

  json::object result;
  for (const auto& member : document.root) {
    if (member.key() == "Globals") continue;
    if (member.key() == "Transform") {
      // Other transforms stay for whoever carries them out.
      const auto* list = member.value().if_array();
      json::array left;
      if (list != nullptr)
        for (const auto& one : *list)
          if (one != json::value(transform_name)) left.push_back(one);
      if (!left.empty()) result.emplace("Transform", std::move(left));
      continue;
    }
    if (member.key() == "Resources")
      result.emplace("Resources", std::move(resources));
    else
      result.emplace(member.key(), member.value());
  }
  return result;
}

}  // namespace cloudlet::deploy::sam
