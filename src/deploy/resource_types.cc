#include "deploy/resource_types.h"

#include <algorithm>

#include "deploy/cloudformation_types.h"
#include "deploy/errors.h"
#include "deploy/inert.h"
#include "deploy/references.h"

namespace cloudlet::deploy {
namespace {

// Every {"Fn::GetAtt": [...]} and "${A.B}" in a value.
void collect_attributes(const json::value& value,
                        std::vector<std::pair<std::string, std::string>>& found) {
  if (const auto* list = value.if_array()) {
    for (const auto& element : *list) collect_attributes(element, found);
    return;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return;
  for (const auto& member : *object) {
    const auto* list = member.value().if_array();
    if (member.key() == "Fn::GetAtt" && list != nullptr && list->size() == 2 &&
        (*list)[0].is_string() && (*list)[1].is_string())
      found.emplace_back((*list)[0].get_string(), (*list)[1].get_string());
    if (member.key() == "Fn::GetAtt" && member.value().is_string()) {
      const std::string whole(member.value().get_string());
      if (const auto dot = whole.find('.'); dot != std::string::npos)
        found.emplace_back(whole.substr(0, dot), whole.substr(dot + 1));
    }
    if (member.key() == "Fn::Sub") {
      const json::value* text = list != nullptr && !list->empty() ? &(*list)[0] : &member.value();
      if (text->is_string())
        for (const auto& name : substituted_names(text->get_string()))
          if (const auto dot = name.find('.'); dot != std::string::npos)
            found.emplace_back(name.substr(0, dot), name.substr(dot + 1));
    }
    collect_attributes(member.value(), found);
  }
}

}  // namespace

ResourceTypes::ResourceTypes() {
  ResourceTypeList types = cloudformation_types();
  for (const auto& kind : inert_kinds()) types.push_back(inert_type(kind));
  add(std::move(types));
}

ResourceTypes::~ResourceTypes() = default;
ResourceTypes::ResourceTypes(ResourceTypes&&) noexcept = default;

void ResourceTypes::add(ResourceTypeList types) {
  for (auto& type : types) {
    std::string name(type->name());
    assert_that(!types_.contains(name), "a resource type is there twice");
    types_.emplace(std::move(name), std::move(type));
  }
}

const ResourceType* ResourceTypes::find(std::string_view name) const {
  const auto found = types_.find(name);
  return found == types_.end() ? nullptr : found->second.get();
}

std::vector<std::string> ResourceTypes::names() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : types_) names.push_back(name);
  return names;
}

Result<void> ResourceTypes::check(const Template& of, Strict strict) const {
  std::string unknown;
  for (const auto& resource : of.resources)
    if (find(resource.type) == nullptr && unknown.find(resource.type) == std::string::npos)
      unknown.append(unknown.empty() ? "" : ", ").append(resource.type);
  if (!unknown.empty())
    return invalid_template("Template format error: Unrecognized resource types: [" + unknown +
                            "]");
  for (const auto& resource : of.resources)
    if (strict == Strict::yes && is_inert(resource.type))
      return invalid_template("Template error: resource " + resource.id + " of type " +
                              resource.type + " would be inert here (line " +
                              std::to_string(resource.line) + "), and strict was asked for");
  std::vector<std::pair<std::string, std::string>> asked;
  for (const auto& resource : of.resources) collect_attributes(resource.properties, asked);
  for (const auto& output : of.outputs) {
    collect_attributes(output.value, asked);
    collect_attributes(output.export_name, asked);
  }
  for (const auto& [id, attribute] : asked) {
    const auto* resource = of.resource(id);
    if (resource == nullptr) continue;
    const auto known = find(resource->type)->attributes();
    if (std::find(known.begin(), known.end(), attribute) == known.end())
      return invalid_template("Template error: resource " + id +
                              " does not support attribute type " + attribute + " in Fn::GetAtt");
  }
  return {};
}

}  // namespace cloudlet::deploy
