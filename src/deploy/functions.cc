#include "deploy/functions.h"

#include <boost/json/serialize.hpp>

#include "base/encoding.h"
#include "deploy/cidr.h"
#include "deploy/errors.h"
#include "deploy/pseudo.h"
#include "deploy/references.h"

namespace cloudlet::deploy {
namespace {

using Evaluated = Result<std::optional<json::value>>;
// A function may grow its result (Fn::Join of Fn::Join ...): no value may become larger than this.
constexpr std::size_t text_bytes_max = 1'048'576;

Error template_error(const std::string& what) {
  return invalid_template("Template error: " + what);
}

// What a function is given is not known before the work is done, so neither is what it gives.
bool unknown(const json::value& given, const Environment& in) {
  return in.ahead && given.is_string() &&
         std::string_view(given.get_string()).find(unknown_value) != std::string_view::npos;
}

Evaluated some(json::value value) { return std::optional<json::value>(std::move(value)); }

Evaluated not_known() { return some(json::value(unknown_value)); }

// An argument that must come out as a value.
Result<json::value> wanted(const json::value& argument, const Environment& in,
                           std::string_view function) {
  TRY(auto value, evaluate(argument, in));
  if (!value)
    return template_error("every " + std::string(function) + " argument must have a value");
  return std::move(*value);
}

Result<std::string> wanted_text(const json::value& argument, const Environment& in,
                                std::string_view function) {
  TRY(const json::value value, wanted(argument, in, function));
  if (auto text = scalar_text(value)) return std::move(*text);
  return template_error("every " + std::string(function) +
                        " object must have a String value where one is expected");
}

Result<const json::array*> arguments(const json::value& argument, std::string_view function,
                                     std::size_t least, std::size_t most) {
  const auto* list = argument.if_array();
  if (list != nullptr && list->size() >= least && list->size() <= most) return list;
  return template_error(std::string(function) + " requires a list argument of " +
                        std::to_string(least) +
                        (most == least ? "" : " to " + std::to_string(most)) + " elements");
}

Result<json::value> named_value(const std::string& name, const Environment& in) {
  if (const auto* parameter = in.of->parameter(name)) {
    const auto text = in.parameters.find(name);
    if (text == in.parameters.end()) return template_error("parameter " + name + " has no value");
    return parameter_value(*parameter, text->second);
  }
  if (name == "AWS::NotificationARNs") return json::value(json::array());
  if (const auto pseudo = in.pseudo.find(name); pseudo != in.pseudo.end())
    return json::value(pseudo->second);
  if (in.of->resource(name) != nullptr && in.reference) return in.reference(name);
  return template_error("Unresolved dependencies [" + name + "]. Cannot reference resources here");
}

Evaluated ref(const json::value& argument, const Environment& in) {
  if (!argument.is_string())
    return template_error("every Ref object must have a single String value.");
  const std::string name(argument.get_string());
  if (name == "AWS::NoValue") return std::optional<json::value>();
  TRY(auto value, named_value(name, in));
  return some(std::move(value));
}

Result<json::value> attribute_value(const std::string& id, const std::string& name,
                                    const Environment& in) {
  if (in.of->resource(id) == nullptr)
    return template_error("instance of Fn::GetAtt references undefined resource " + id);
  if (!in.attribute) return template_error("Fn::GetAtt of " + id + " cannot be used here");
  return in.attribute(id, name);
}

Evaluated get_att(const json::value& argument, const Environment& in) {
  std::string id, name;
  if (const auto* list = argument.if_array();
      list != nullptr && list->size() == 2 && (*list)[0].is_string()) {
    id = (*list)[0].get_string();
    TRY(name, wanted_text((*list)[1], in, "Fn::GetAtt"));
  } else if (argument.is_string()) {
    const std::string whole(argument.get_string());
    const auto dot = whole.find('.');
    if (dot != std::string::npos) {
      id = whole.substr(0, dot);
      name = whole.substr(dot + 1);
    }
  }
  if (id.empty())
    return template_error(
        "Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
        "attribute");
  TRY(auto value, attribute_value(id, name, in));
  return some(std::move(value));
}

Result<std::string> substitute(const std::string& name, const json::object* own,
                               const Environment& in) {
  if (own != nullptr)
    if (const auto* value = own->if_contains(name)) return wanted_text(*value, in, "Fn::Sub");
  const auto dot = name.find('.');
  if (dot != std::string::npos) {
    TRY(const auto value, attribute_value(name.substr(0, dot), name.substr(dot + 1), in));
    if (auto text = scalar_text(value)) return std::move(*text);
  } else {
    TRY(const auto value, named_value(name, in));
    if (auto text = scalar_text(value)) return std::move(*text);
  }
  return template_error("variable " + name + " in Fn::Sub expression does not resolve to a string");
}

Evaluated sub(const json::value& argument, const Environment& in) {
  const json::value* text = &argument;
  const json::object* own = nullptr;
  if (argument.is_array()) {
    TRY(const auto* list, arguments(argument, "Fn::Sub", 2, 2));
    text = &(*list)[0];
    own = (*list)[1].if_object();
    if (own == nullptr)
      return template_error(
          "One or more Fn::Sub intrinsic functions don't specify expected arguments.");
  }
  if (!text->is_string())
    return template_error(
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a "
        "string as first "
        "argument, and an optional second argument to specify a mapping of values to replace in "
        "the string");
  const std::string_view from = text->get_string();
  std::string result;
  std::size_t done = 0;
  for (auto at = from.find("${"); at != std::string_view::npos; at = from.find("${", done)) {
    const auto end = from.find('}', at);
    if (end == std::string_view::npos) break;
    result.append(from.substr(done, at - done));
    const std::string_view inside = from.substr(at + 2, end - at - 2);
    done = end + 1;
    if (inside.starts_with('!')) {
      result.append("${").append(inside.substr(1)).append("}");
      continue;
    }
    const auto names = substituted_names(from.substr(at, end + 1 - at));
    TRY(const std::string value,
        substitute(names.empty() ? std::string() : names.front(), own, in));
    result += value;
    if (result.size() > text_bytes_max) return template_error("the result of Fn::Sub is too long");
  }
  result.append(from.substr(done));
  return some(json::value(result));
}

Evaluated join(const json::value& argument, const Environment& in) {
  TRY(const auto* list, arguments(argument, "Fn::Join", 2, 2));
  TRY(const std::string separator, wanted_text((*list)[0], in, "Fn::Join"));
  TRY(const json::value values, wanted((*list)[1], in, "Fn::Join"));
  if (unknown(values, in)) return some(values);
  const auto* parts = values.if_array();
  if (parts == nullptr)
    return template_error(
        "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
        "strings to be "
        "joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.");
  std::string result;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const auto text = scalar_text((*parts)[i]);
    if (!text)
      return template_error("every value of the list of a Fn::Join object must be a string");
    if (i > 0) result += separator;
    result += *text;
    if (result.size() > text_bytes_max) return template_error("the result of Fn::Join is too long");
  }
  return some(json::value(result));
}

Evaluated select(const json::value& argument, const Environment& in) {
  TRY(const auto* list, arguments(argument, "Fn::Select", 2, 2));
  TRY(const std::string index, wanted_text((*list)[0], in, "Fn::Select"));
  TRY(const json::value values, wanted((*list)[1], in, "Fn::Select"));
  if (unknown(json::value(index), in) || unknown(values, in)) return not_known();
  const auto* from = values.if_array();
  if (from == nullptr || index.empty() || index.size() > 6 ||
      index.find_first_not_of("0123456789") != std::string::npos)
    return template_error(
        "Fn::Select requires a list argument with two elements: an integer index and a list");
  const std::size_t at = static_cast<std::size_t>(std::stoul(index));
  if (at >= from->size())
    return template_error("Fn::Select cannot select nonexistent value at index " + index);
  return some((*from)[at]);
}

Evaluated split(const json::value& argument, const Environment& in) {
  TRY(const auto* list, arguments(argument, "Fn::Split", 2, 2));
  TRY(const std::string separator, wanted_text((*list)[0], in, "Fn::Split"));
  TRY(const std::string text, wanted_text((*list)[1], in, "Fn::Split"));
  if (unknown(json::value(text), in)) return not_known();
  if (separator.empty()) return template_error("Fn::Split delimiter must not be empty");
  json::array parts;
  for (std::size_t start = 0;;) {
    const auto end = text.find(separator, start);
    parts.push_back(json::value(text.substr(start, end == std::string::npos ? end : end - start)));
    if (end == std::string::npos) return some(std::move(parts));
    start = end + separator.size();
  }
}

Evaluated find_in_map(const json::value& argument, const Environment& in) {
  const std::size_t most = in.of->language_extensions() ? 4 : 3;
  TRY(const auto* list, arguments(argument, "Fn::FindInMap", 3, most));
  TRY(const std::string map, wanted_text((*list)[0], in, "Fn::FindInMap"));
  TRY(const std::string row, wanted_text((*list)[1], in, "Fn::FindInMap"));
  TRY(const std::string cell, wanted_text((*list)[2], in, "Fn::FindInMap"));
  for (const auto& key : {map, row, cell})
    if (unknown(json::value(key), in)) return not_known();
  const auto* rows = in.of->mappings.if_contains(map);
  const auto* cells = rows == nullptr ? nullptr : rows->get_object().if_contains(row);
  if (cells != nullptr)
    if (const auto* value = cells->get_object().if_contains(cell)) return some(*value);
  if (list->size() == 4) {
    const auto* more = (*list)[3].if_object();
    const auto* otherwise = more == nullptr ? nullptr : more->if_contains("DefaultValue");
    if (otherwise == nullptr || more->size() != 1)
      return template_error("the fourth argument of Fn::FindInMap must be a DefaultValue");
    return evaluate(*otherwise, in);
  }
  if (rows == nullptr) return unknown_mapping(map);
  return template_error("Unable to get mapping for " + map + "::" + row + "::" + cell);
}

Evaluated choose(const json::value& argument, const Environment& in) {
  TRY(const auto* list, arguments(argument, "Fn::If", 3, 3));
  if (!(*list)[0].is_string())
    return template_error("Fn::If requires a condition's name as its first argument");
  const std::string_view name = (*list)[0].get_string();
  if (!in.of->conditions.contains(name))
    return invalid_template("Template format error: Unresolved condition dependency " +
                            std::string(name) + " in the Fn::If of the template");
  return evaluate(in.condition(name) ? (*list)[1] : (*list)[2], in);
}

Result<bool> truth(const json::value& argument, const Environment& in) {
  TRY(const json::value value, wanted(argument, in, "condition"));
  const auto text = scalar_text(value);
  if (text == "true") return true;
  if (text == "false") return false;
  return template_error("every condition must be a boolean");
}

Evaluated equals(const json::value& argument, const Environment& in) {
  TRY(const auto* list, arguments(argument, "Fn::Equals", 2, 2));
  TRY(const json::value a, wanted((*list)[0], in, "Fn::Equals"));
  TRY(const json::value b, wanted((*list)[1], in, "Fn::Equals"));
  const auto left = scalar_text(a), right = scalar_text(b);
  if (left && right) return some(*left == *right);
  return some(a == b);
}

Evaluated all_or_any(const json::value& argument, const Environment& in, bool any) {
  TRY(const auto* list, arguments(argument, any ? "Fn::Or" : "Fn::And", 2, 10));
  bool result = !any;
  for (const auto& one : *list) {
    TRY(const bool value, truth(one, in));
    if (value == any) result = any;
  }
  return some(result);
}

Evaluated negate(const json::value& argument, const Environment& in) {
  TRY(const auto* list, arguments(argument, "Fn::Not", 1, 1));
  TRY(const bool value, truth((*list)[0], in));
  return some(!value);
}

Evaluated base64(const json::value& argument, const Environment& in) {
  TRY(const std::string text, wanted_text(argument, in, "Fn::Base64"));
  if (unknown(json::value(text), in)) return not_known();
  return some(json::value(to_base64(text)));
}

Evaluated zones(const json::value& argument, const Environment& in) {
  TRY(std::string region, wanted_text(argument, in, "Fn::GetAZs"));
  if (region.empty()) region = in.scope.region;
  if (unknown(json::value(region), in)) return not_known();
  json::array list;
  for (int i = 0; i < 3; ++i) list.push_back(json::value(availability_zone(region, i)));
  return some(std::move(list));
}

Evaluated import_value(const json::value& argument, const Environment& in) {
  TRY(const std::string name, wanted_text(argument, in, "Fn::ImportValue"));
  if (!in.import) return template_error("Fn::ImportValue cannot be used here");
  TRY(const std::string value, in.import(name));
  return some(json::value(value));
}

Evaluated length(const json::value& argument, const Environment& in) {
  TRY(const json::value value, wanted(argument, in, "Fn::Length"));
  if (unknown(value, in)) return not_known();
  if (!value.is_array()) return template_error("Fn::Length requires a list");
  return some(static_cast<std::int64_t>(value.get_array().size()));
}

Evaluated to_json(const json::value& argument, const Environment& in) {
  TRY(const json::value value, wanted(argument, in, "Fn::ToJsonString"));
  if (unknown(value, in)) return not_known();
  if (!value.is_array() && !value.is_object())
    return template_error("Fn::ToJsonString requires an object or a list");
  return some(json::value(json::serialize(value)));
}

Evaluated cidr(const json::value& argument, const Environment& in) {
  TRY(const auto* list, arguments(argument, "Fn::Cidr", 2, 3));
  CidrWish wish;
  TRY(wish.block, wanted_text((*list)[0], in, "Fn::Cidr"));
  TRY(wish.count, wanted_text((*list)[1], in, "Fn::Cidr"));
  if (list->size() == 3) {
    TRY(wish.host_bits, wanted_text((*list)[2], in, "Fn::Cidr"));
  }
  for (const auto& text : {wish.block, wish.count, wish.host_bits})
    if (unknown(json::value(text), in)) return not_known();
  TRY(const auto blocks, cidr_blocks(wish));
  json::array result;
  for (const auto& block : blocks) result.push_back(json::value(block));
  return some(std::move(result));
}

// Nothing if `key` is no function: then it is an ordinary member.
std::optional<Evaluated> call(std::string_view key, const json::value& argument,
                              const Environment& in) {
  if (key == "Ref") return ref(argument, in);
  if (key == "Condition") {
    if (!argument.is_string() || !in.of->conditions.contains(argument.get_string()))
      return std::nullopt;
    return some(in.condition(argument.get_string()));
  }
  if (!key.starts_with("Fn::")) return std::nullopt;
  key.remove_prefix(4);
  if (key == "GetAtt") return get_att(argument, in);
  if (key == "Sub") return sub(argument, in);
  if (key == "Join") return join(argument, in);
  if (key == "Select") return select(argument, in);
  if (key == "Split") return split(argument, in);
  if (key == "FindInMap") return find_in_map(argument, in);
  if (key == "If") return choose(argument, in);
  if (key == "Equals") return equals(argument, in);
  if (key == "And") return all_or_any(argument, in, false);
  if (key == "Or") return all_or_any(argument, in, true);
  if (key == "Not") return negate(argument, in);
  if (key == "Base64") return base64(argument, in);
  if (key == "GetAZs") return zones(argument, in);
  if (key == "ImportValue") return import_value(argument, in);
  if (key == "Cidr") return cidr(argument, in);
  if (key == "Length" && in.of->language_extensions()) return length(argument, in);
  if (key == "ToJsonString" && in.of->language_extensions()) return to_json(argument, in);
  return unsupported_function("Fn::" + std::string(key));
}

}  // namespace

bool Environment::condition(std::string_view name) const {
  const auto found = conditions.find(name);
  return found != conditions.end() && found->second;
}

Evaluated evaluate(const json::value& value, const Environment& in) {
  if (const auto* list = value.if_array()) {
    json::array result;
    for (const auto& element : *list) {
      TRY(auto one, evaluate(element, in));
      if (one) result.push_back(std::move(*one));
    }
    return some(std::move(result));
  }
  const auto* object = value.if_object();
  if (object == nullptr) return some(value);
  if (object->size() == 1) {
    const auto& only = *object->begin();
    if (auto called = call(only.key(), only.value(), in)) return std::move(*called);
  }
  TRY(auto result, evaluate_object(*object, in));
  return some(std::move(result));
}

Result<json::object> evaluate_object(const json::object& value, const Environment& in) {
  json::object result;
  for (const auto& member : value) {
    TRY(auto one, evaluate(member.value(), in));
    if (one) result.emplace(member.key(), std::move(*one));
  }
  return result;
}

Result<Environment> make_environment(const Template& of, const Scope& scope,
                                     const std::string& stack_id, const std::string& stack_name,
                                     const ParameterTexts& parameters) {
  Environment environment{.of = &of,
                          .scope = scope,
                          .pseudo = pseudo_parameters(scope, stack_id, stack_name),
                          .parameters = parameters};
  // Conditions refer to one another, in any order and without cycles (checked): go round until none
  // is left.
  std::map<std::string, References, std::less<>> left;
  for (const auto& member : of.conditions) collect(member.value(), left[member.key()]);
  while (!left.empty()) {
    bool moved = false;
    for (auto one = left.begin(); one != left.end();) {
      bool ready = true;
      for (const auto& name : one->second.conditions)
        ready = ready && environment.conditions.contains(name);
      if (!ready) {
        ++one;
        continue;
      }
      TRY(const bool value, truth(of.conditions.at(one->first), environment));
      environment.conditions[one->first] = value;
      one = left.erase(one);
      moved = true;
    }
    if (!moved) return template_error("Circular dependency between conditions");
  }
  return environment;
}

}  // namespace cloudlet::deploy
