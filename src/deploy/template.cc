// Sections of a template into structs, refusing what the format does not allow.
#include "deploy/template.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "deploy/errors.h"
#include "deploy/references.h"

namespace cloudlet::deploy {
namespace {

Error format_error(const std::string& what) {
  return invalid_template("Template format error: " + what);
}

bool alphanumeric(std::string_view name) {
  return !name.empty() && name.size() <= 255 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c); });
}

Result<void> check_names(const json::object& section, const std::string& name) {
  for (const auto& member : section)
    if (!alphanumeric(member.key()))
      return format_error(name + " name '" + std::string(member.key()) + "' is non alphanumeric.");
  return {};
}

Result<const json::object*> section(const json::object& root, std::string_view name) {
  static const json::object none;
  const json::value* value = root.if_contains(name);
  if (value == nullptr) return &none;
  if (const auto* object = value->if_object()) return object;
  return format_error("unsupported structure. '" + std::string(name) + "' section must be a map.");
}

Result<std::string> text_member(const json::object& object, std::string_view name,
                                const std::string& where) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return std::string();
  if (auto text = scalar_text(*value)) return std::move(*text);
  return format_error("[" + where + "/" + std::string(name) + "] Expected a string.");
}

template <class Number>
Result<std::optional<Number>> number_member(const json::object& object, std::string_view name,
                                            const std::string& where) {
  TRY(const std::string text, text_member(object, name, where));
  if (text.empty()) return std::optional<Number>();
  Number number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size())
    return format_error("[" + where + "/" + std::string(name) + "] Expected a number.");
  return std::optional<Number>(number);
}

Result<std::vector<std::string>> text_list(const json::value& value, const std::string& where) {
  std::vector<std::string> texts;
  if (auto one = scalar_text(value)) {
    texts.push_back(std::move(*one));
    return texts;
  }
  const auto* list = value.if_array();
  if (list == nullptr)
    return format_error("[" + where + "] must be a string or a list of strings.");
  for (const auto& element : *list) {
    auto text = scalar_text(element);
    if (!text) return format_error("[" + where + "] must be a string or a list of strings.");
    texts.push_back(std::move(*text));
  }
  return texts;
}

Result<void> only(const json::object& object, std::initializer_list<std::string_view> known,
                  const std::string& what) {
  for (const auto& member : object)
    if (std::find(known.begin(), known.end(), std::string_view(member.key())) == known.end())
      return format_error("Invalid template " + what + " '" + std::string(member.key()) + "'");
  return {};
}

Result<Parameter> read_parameter(std::string name, const json::value& value) {
  const std::string where = "/Parameters/" + name;
  const auto* object = value.if_object();
  if (object == nullptr)
    return format_error("Every Parameters member must be an object. (" + where + ")");
  CHECK(only(*object,
             {"Type", "Default", "AllowedValues", "AllowedPattern", "MinValue", "MaxValue",
              "MinLength", "MaxLength", "Description", "ConstraintDescription", "NoEcho"},
             "parameter property"));
  Parameter parameter;
  parameter.name = std::move(name);
  if (!object->contains("Type"))
    return format_error("Every Parameters object must contain a Type member.");
  TRY(parameter.type, text_member(*object, "Type", where));
  if (parameter.type.starts_with("AWS::") || parameter.type.starts_with("List<AWS::"))
    return format_error("Parameter " + parameter.name + " has type " + parameter.type +
                        ", which is not supported here: only String, Number, List<Number> and "
                        "CommaDelimitedList are");
  if (parameter.type != "String" && parameter.type != "Number" &&
      parameter.type != "List<Number>" && parameter.type != "List<String>" &&
      parameter.type != "CommaDelimitedList")
    return format_error("Unrecognized parameter type: " + parameter.type);
  if (const auto* given = object->if_contains("Default")) {
    TRY(const auto texts, text_list(*given, where + "/Default"));
    if (given->is_array() && (parameter.type == "String" || parameter.type == "Number"))
      return format_error("[" + where + "/Default] Every Default member must be a string.");
    parameter.default_value = join(texts, ",");
  }
  if (const auto* given = object->if_contains("AllowedValues")) {
    TRY(parameter.allowed_values, text_list(*given, where + "/AllowedValues"));
  }
  TRY(parameter.allowed_pattern, text_member(*object, "AllowedPattern", where));
  if (!parameter.allowed_pattern.empty() &&
      !re2::RE2(parameter.allowed_pattern, re2::RE2::Quiet).ok())
    return format_error("[" + where +
                        "/AllowedPattern] is not a regular expression that is served here");
  TRY(parameter.description, text_member(*object, "Description", where));
  TRY(parameter.constraint_description, text_member(*object, "ConstraintDescription", where));
  TRY(parameter.min_value, number_member<double>(*object, "MinValue", where));
  TRY(parameter.max_value, number_member<double>(*object, "MaxValue", where));
  TRY(parameter.min_length, number_member<std::uint64_t>(*object, "MinLength", where));
  TRY(parameter.max_length, number_member<std::uint64_t>(*object, "MaxLength", where));
  TRY(const std::string no_echo, text_member(*object, "NoEcho", where));
  parameter.no_echo = no_echo == "true" || no_echo == "True" || no_echo == "TRUE";
  return parameter;
}

Result<Keep> read_policy(const json::object& object, std::string_view name, const std::string& id) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return Keep::remove;
  const auto text = scalar_text(*value);
  if (text == "Delete") return Keep::remove;
  if (text == "Retain") return Keep::retain;
  if (text == "RetainExceptOnCreate" && name == "DeletionPolicy")
    return Keep::retain_except_on_create;
  if (text == "Snapshot")
    return invalid_template("Template error: resource " + id + " does not support " +
                            std::string(name) + " Snapshot");
  return format_error("Unrecognized " + std::string(name) + " " + text.value_or("(not a string)") +
                      " for resource " + id);
}

Result<Resource> read_resource(std::string id, const json::value& value, const Document& document) {
  const std::string where = "/Resources/" + id;
  const auto* object = value.if_object();
  if (object == nullptr)
    return format_error("[" + where + "] Every Resources member must be an object.");
  for (const std::string_view refused : {"CreationPolicy", "UpdatePolicy"})
    if (object->contains(refused))
      return format_error("Resource " + id + " has a " + std::string(refused) +
                          ", which is not supported here (line " +
                          std::to_string(document.line(where + "/" + std::string(refused))) + ")");
  CHECK(only(*object,
             {"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy",
              "UpdateReplacePolicy", "Metadata"},
             "resource property"));
  Resource resource;
  resource.line = document.line(where);
  const json::value* type = object->if_contains("Type");
  if (type == nullptr)
    return format_error("[" + where + "] Every Resources object must contain a Type member.");
  if (!type->is_string()) return format_error("[" + where + "/Type] must be a string.");
  resource.type = std::string(type->get_string());
  if (const auto* properties = object->if_contains("Properties");
      properties != nullptr && !properties->is_null()) {
    if (!properties->is_object())
      return format_error("[" + where + "] Properties must be an object.");
    if (const auto bad = find_null(*properties, where + "/Properties"))
      return format_error("[" + *bad + "] 'null' values are not allowed in templates");
    resource.properties = properties->get_object();
  }
  if (const auto* depends = object->if_contains("DependsOn")) {
    TRY(resource.depends_on, text_list(*depends, where + "/DependsOn"));
  }
  TRY(resource.condition, text_member(*object, "Condition", where));
  TRY(resource.deletion, read_policy(*object, "DeletionPolicy", id));
  TRY(resource.replacement, read_policy(*object, "UpdateReplacePolicy", id));
  if (const auto* metadata = object->if_contains("Metadata")) resource.metadata = *metadata;
  resource.id = std::move(id);
  return resource;
}

Result<Output> read_output(std::string name, const json::value& value) {
  const std::string where = "/Outputs/" + name;
  const auto* object = value.if_object();
  if (object == nullptr)
    return format_error("[" + where + "] Every Outputs member must be an object.");
  CHECK(only(*object, {"Value", "Description", "Export", "Condition"}, "output property"));
  Output output;
  const auto* content = object->if_contains("Value");
  if (content == nullptr) return format_error("Every Outputs member must contain a Value object");
  if (content->is_null())
    return format_error("[" + where + "/Value] 'null' values are not allowed in templates");
  output.value = *content;
  TRY(output.description, text_member(*object, "Description", where));
  TRY(output.condition, text_member(*object, "Condition", where));
  if (const auto* exported = object->if_contains("Export")) {
    const auto* inside = exported->if_object();
    if (inside == nullptr || !inside->contains("Name") || inside->size() != 1)
      return format_error("[" + where + "/Export] must be an object with a Name.");
    output.export_name = inside->at("Name");
  }
  output.name = std::move(name);
  return output;
}

Result<void> check_mappings(const json::object& mappings) {
  for (const auto& map : mappings) {
    if (!map.value().is_object())
      return format_error("Every Mappings member " + std::string(map.key()) + " must be a map");
    for (const auto& row : map.value().get_object()) {
      const auto* cells = row.value().if_object();
      if (cells == nullptr)
        return format_error("Every Mappings attribute must be a map: " + std::string(map.key()) +
                            "/" + std::string(row.key()));
      for (const auto& cell : *cells)
        if (!scalar_text(cell.value()) && !cell.value().is_array())
          return format_error("Every Mappings attribute must be a String or a List.");
    }
  }
  return {};
}

Result<void> check_top(const json::object& root) {
  std::vector<std::string> unknown;
  for (const auto& member : root) {
    static constexpr std::string_view known[] = {"AWSTemplateFormatVersion",
                                                 "Description",
                                                 "Metadata",
                                                 "Parameters",
                                                 "Mappings",
                                                 "Conditions",
                                                 "Transform",
                                                 "Resources",
                                                 "Outputs"};
    if (member.key() == "Rules" || member.key() == "Hooks")
      return format_error("the " + std::string(member.key()) + " section is not supported here");
    if (std::find(std::begin(known), std::end(known), std::string_view(member.key())) ==
        std::end(known))
      unknown.emplace_back(member.key());
  }
  if (!unknown.empty())
    return invalid_template("Invalid template property or properties [" + join(unknown) + "]");
  if (const auto* version = root.if_contains("AWSTemplateFormatVersion"))
    if (scalar_text(*version) != "2010-09-09")
      return format_error("Unsupported AWSTemplateFormatVersion " +
                          scalar_text(*version).value_or("") + "; only 2010-09-09 is");
  return {};
}

}  // namespace

std::optional<std::string> scalar_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string: return std::string(value.get_string());
    case json::kind::bool_: return value.get_bool() ? "true" : "false";
    case json::kind::int64: return std::to_string(value.get_int64());
    case json::kind::uint64: return std::to_string(value.get_uint64());
    case json::kind::double_: {
      char text[64];
      const auto end = std::to_chars(text, text + sizeof text, value.get_double());
      return std::string(text, end.ptr);
    }
    default: return std::nullopt;
  }
}

const Parameter* Template::parameter(std::string_view name) const {
  for (const auto& one : parameters)
    if (one.name == name) return &one;
  return nullptr;
}

const Resource* Template::resource(std::string_view id) const {
  for (const auto& one : resources)
    if (one.id == id) return &one;
  return nullptr;
}

bool Template::language_extensions() const {
  return std::find(transforms.begin(), transforms.end(), "AWS::LanguageExtensions") !=
         transforms.end();
}

Result<Template> read_template(const Document& document) {
  const json::object& root = document.root;
  CHECK(check_top(root));
  Template result;
  TRY(result.description, text_member(root, "Description", ""));
  if (result.description.size() > 1024)
    return format_error("'Description' length is greater than 1024.");
  if (const auto* metadata = root.if_contains("Metadata")) result.metadata = *metadata;
  if (const auto* transforms = root.if_contains("Transform")) {
    TRY(result.transforms, text_list(*transforms, "/Transform"));
  }
  TRY(const auto* parameters, section(root, "Parameters"));
  CHECK(check_names(*parameters, "Parameter"));
  if (parameters->size() > 200)
    return format_error("Number of parameters, " + std::to_string(parameters->size()) +
                        ", is greater than maximum allowed, 200");
  for (const auto& member : *parameters) {
    TRY(auto parameter, read_parameter(member.key(), member.value()));
    result.parameters.push_back(std::move(parameter));
  }
  TRY(const auto* mappings, section(root, "Mappings"));
  CHECK(check_mappings(*mappings));
  result.mappings = *mappings;
  TRY(const auto* conditions, section(root, "Conditions"));
  result.conditions = *conditions;
  TRY(const auto* resources, section(root, "Resources"));
  if (resources->empty()) return format_error("At least one Resources member must be defined.");
  if (resources->size() > 500)
    return format_error("Number of resources, " + std::to_string(resources->size()) +
                        ", is greater than maximum allowed, 500");
  CHECK(check_names(*resources, "Resource"));
  for (const auto& member : *resources) {
    TRY(auto resource, read_resource(member.key(), member.value(), document));
    result.resources.push_back(std::move(resource));
  }
  TRY(const auto* outputs, section(root, "Outputs"));
  CHECK(check_names(*outputs, "Outputs"));
  if (outputs->size() > 200)
    return format_error("Number of outputs, " + std::to_string(outputs->size()) +
                        ", is greater than maximum allowed, 200");
  for (const auto& member : *outputs) {
    TRY(auto output, read_output(member.key(), member.value()));
    result.outputs.push_back(std::move(output));
  }
  return result;
}

}  // namespace cloudlet::deploy
