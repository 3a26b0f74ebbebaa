#include "deploy/resource_steps.h"

#include <boost/json/serialize.hpp>
#include <limits>

#include "deploy/template.h"

namespace cloudlet::deploy {

std::optional<std::string> text_if(const json::object& properties, std::string_view name) {
  const auto* value = properties.if_contains(name);
  return value == nullptr ? std::nullopt : scalar_text(*value);
}

std::string text_of(const json::object& properties, std::string_view name) {
  return text_if(properties, name).value_or("");
}

std::optional<std::int32_t> number_if(const json::object& properties, std::string_view name) {
  const auto* value = properties.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  using Limits = std::numeric_limits<std::int32_t>;
  if (value->is_uint64()) return Limits::max();  // what fits 63 bits is an int64
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(value->get_int64(), Limits::min(), Limits::max()));
}

std::optional<bool> flag_if(const json::object& properties, std::string_view name) {
  const auto* value = properties.if_contains(name);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

const json::array& list_of(const json::object& properties, std::string_view name) {
  static const json::array none;
  const auto* value = properties.if_contains(name);
  return value == nullptr || !value->is_array() ? none : value->get_array();
}

std::vector<std::string> texts_of(const json::object& properties, std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& element : list_of(properties, name))
    texts.push_back(scalar_text(element).value_or(""));
  return texts;
}

const json::object* object_if(const json::object& properties, std::string_view name) {
  const auto* value = properties.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::map<std::string, std::string> inner_map(const json::object& properties,
                                             std::string_view object, std::string_view name) {
  std::map<std::string, std::string> texts;
  const auto* outer = object_if(properties, object);
  const auto* map = outer == nullptr ? nullptr : object_if(*outer, name);
  if (map == nullptr) return texts;
  for (const auto& member : *map) texts[member.key()] = scalar_text(member.value()).value_or("");
  return texts;
}

std::map<std::string, std::string> tags_of(const json::object& properties) {
  std::map<std::string, std::string> tags;
  for (const auto& tag : list_of(properties, "Tags"))
    tags[text_of(tag.get_object(), "Key")] = text_of(tag.get_object(), "Value");
  return tags;
}

std::string document_text(const json::object& properties, std::string_view name) {
  const auto* value = properties.if_contains(name);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

std::string name_or(const json::object& properties, std::string_view name, const Request& request) {
  return text_if(properties, name).value_or(request.name);
}

bool differs(const json::object& before, const json::object& after, std::string_view name) {
  const auto* old = before.if_contains(name);
  const auto* wanted = after.if_contains(name);
  return (old == nullptr) != (wanted == nullptr) || (old != nullptr && *old != *wanted);
}

Error not_valid(std::string_view property, const std::string& value) {
  return Error(errors::invalid_argument,
               "Value '" + value + "' of property " + std::string(property) + " is not valid");
}

bool says_missing(const Error& error) {
  for (const std::string_view name :
       {"ResourceNotFoundException", "NotFoundException", "NoSuchEntityException", "NoSuchBucket",
        "NoSuchTagSet", "NotFound", "ResourceNotFound", "NoSuchEntity"})
    if (error.kind().name == name || error.kind().code == name) return true;
  return false;
}

Made completed(Made made, const Result<void>& rest) {
  if (rest.has_error()) made.failure = rest.error().message();
  return made;
}

TagChanges tag_changes(const json::object& before, const json::object& after) {
  const auto old = tags_of(before), wanted = tags_of(after);
  TagChanges changes;
  for (const auto& [key, value] : wanted)
    if (const auto there = old.find(key); there == old.end() || there->second != value)
      changes.set[key] = value;
  for (const auto& [key, value] : old)
    if (!wanted.contains(key)) changes.removed.push_back(key);
  return changes;
}

}  // namespace cloudlet::deploy
