// Properties against what a type knows of them.
#include <boost/json/serialize.hpp>
#include <charconv>

#include "deploy/errors.h"
#include "deploy/inert.h"
#include "deploy/resource_types.h"

namespace cloudlet::deploy {
namespace {

Result<json::value> check_value(const Property& property, const json::value& given,
                                const std::string& path);

Error wrong_type(const std::string& path, std::string_view wanted) {
  return invalid_template("Value of property " + path + " must be " + std::string(wanted));
}

Result<json::object> check_members(std::span<const Property> known, const json::object& given,
                                   const std::string& path) {
  for (const auto& member : given) {
    bool found = false;
    for (const auto& property : known)
      found = found || property.name == std::string_view(member.key());
    if (!found)
      return invalid_template("Encountered unsupported property " +
                              (path.empty() ? "" : path + ".") + std::string(member.key()));
  }
  json::object result;
  for (const auto& property : known) {
    const std::string here = (path.empty() ? "" : path + ".") + std::string(property.name);
    const auto* value = given.if_contains(property.name);
    if (value == nullptr) {
      if (property.need == Need::required)
        return invalid_template("Property " + here + " cannot be empty.");
      continue;
    }
    TRY(auto checked, check_value(property, *value, here));
    result.emplace(property.name, std::move(checked));
  }
  return result;
}

Result<json::value> check_number(const json::value& given, const std::string& path) {
  if (given.is_int64() || given.is_uint64()) return given;
  const auto text = scalar_text(given);
  std::int64_t number = 0;
  if (text) {
    const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
    if (read.ec == std::errc() && read.ptr == text->data() + text->size())
      return json::value(number);
  }
  return wrong_type(path, "a number");
}

Result<json::value> check_objects(const Property& property, const json::value& given,
                                  const std::string& path) {
  const auto* list = given.if_array();
  if (list == nullptr) return wrong_type(path, "a list");
  json::array result;
  for (const auto& element : *list) {
    if (!element.is_object()) return wrong_type(path, "a list of objects");
    TRY(auto checked, check_members(property.members, element.get_object(), path));
    result.push_back(std::move(checked));
  }
  return json::value(std::move(result));
}

Result<json::value> check_texts(const json::value& given, const std::string& path) {
  json::array result;
  const auto* list = given.if_array();
  if (list == nullptr) return wrong_type(path, "of type List of String");
  for (const auto& element : *list) {
    auto text = scalar_text(element);
    if (!text) return wrong_type(path, "of type List of String");
    result.push_back(json::value(*text));
  }
  return json::value(std::move(result));
}

Result<json::value> check_map(const json::value& given, const std::string& path) {
  const auto* object = given.if_object();
  if (object == nullptr) return wrong_type(path, "an object");
  json::object result;
  for (const auto& member : *object) {
    auto text = scalar_text(member.value());
    if (!text) return wrong_type(path + "." + std::string(member.key()), "of type String");
    result.emplace(member.key(), *text);
  }
  return json::value(std::move(result));
}

Result<json::value> check_value(const Property& property, const json::value& given,
                                const std::string& path) {
  static constexpr Property tag[] = {{.name = "Key", .need = Need::required},
                                     {.name = "Value", .need = Need::required}};
  static constexpr Property tag_list{.name = "Tags", .kind = Kind::objects, .members = tag};
  switch (property.kind) {
    case Kind::text: {
      auto text = scalar_text(given);
      if (!text) return wrong_type(path, "of type String");
      return json::value(*text);
    }
    case Kind::number: return check_number(given, path);
    case Kind::flag: {
      const auto text = scalar_text(given);
      if (text == "true" || text == "True") return json::value(true);
      if (text == "false" || text == "False") return json::value(false);
      return wrong_type(path, "of type Boolean");
    }
    case Kind::object: {
      if (!given.is_object()) return wrong_type(path, "an object");
      TRY(auto checked, check_members(property.members, given.get_object(), path));
      return json::value(std::move(checked));
    }
    case Kind::objects: return check_objects(property, given, path);
    case Kind::texts: return check_texts(given, path);
    case Kind::map: return check_map(given, path);
    case Kind::tags: return check_objects(tag_list, given, path);
    case Kind::document: return given;
  }
  return wrong_type(path, "something else");
}

}  // namespace

Result<json::object> check_properties(const ResourceType& type, const json::object& given,
                                      const std::map<std::string, std::string>& tags) {
  if (is_inert(type.name())) return given;  // nothing of it has an effect, which its event says
  TRY(auto checked, check_members(type.properties(), given, ""));
  for (const auto& property : type.properties()) {
    if (property.kind != Kind::tags || tags.empty()) continue;
    json::array all;
    if (const auto* own = checked.if_contains(property.name)) all = own->get_array();
    for (const auto& [key, value] : tags) {
      bool has = false;
      for (const auto& one : all) has = has || one.at("Key") == json::value(key);
      if (!has) all.push_back(json::object{{"Key", key}, {"Value", value}});
    }
    checked[property.name] = std::move(all);
  }
  return checked;
}

}  // namespace cloudlet::deploy
