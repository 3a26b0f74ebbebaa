#include "deploy/references.h"

#include <algorithm>
#include <span>

#include "deploy/errors.h"
#include "deploy/pseudo.h"

namespace cloudlet::deploy {
namespace {

void collect_sub(const json::value& argument, References& found) {
  const json::value* text = &argument;
  std::set<std::string> own;
  if (const auto* list = argument.if_array(); list != nullptr && list->size() == 2) {
    text = &(*list)[0];
    collect((*list)[1], found);
    if (const auto* map = (*list)[1].if_object())
      for (const auto& member : *map) own.insert(member.key());
  }
  if (!text->is_string()) return;
  for (const auto& name : substituted_names(text->get_string())) {
    if (own.contains(name)) continue;
    const auto dot = name.find('.');
    found.names.insert(name.substr(0, dot));
    if (dot != std::string::npos) found.attributes.insert(name.substr(0, dot));
  }
}

void collect_attribute(const json::value& argument, References& found) {
  std::string name;
  if (const auto* list = argument.if_array();
      list != nullptr && !list->empty() && (*list)[0].is_string())
    name = (*list)[0].get_string();
  else if (argument.is_string())
    name = std::string_view(argument.get_string()).substr(0, argument.get_string().find('.'));
  if (name.empty()) return;
  found.names.insert(name);
  found.attributes.insert(std::move(name));
}

// Depth-first over the graph; the first way back to a resource on the path is the cycle.
bool find_cycle(const Graph& graph, const std::string& at, std::map<std::string, int>& state,
                std::vector<std::string>& path) {
  state[at] = 1;
  path.push_back(at);
  for (const auto& next : graph.at(at)) {
    if (state[next] == 1) {
      path.erase(path.begin(), std::find(path.begin(), path.end(), next));
      return true;
    }
    if (state[next] == 0 && find_cycle(graph, next, state, path)) return true;
  }
  path.pop_back();
  state[at] = 2;
  return false;
}

// A name that stands for nothing in this template.
bool known(const Template& of, const std::string& name) {
  return is_pseudo_parameter(name) || of.parameter(name) != nullptr || of.resource(name) != nullptr;
}

Result<void> check_block(const Template& of, const References& found, const std::string& block) {
  std::vector<std::string> unresolved;
  for (const auto& name : found.names)
    if (!known(of, name)) unresolved.push_back(name);
  if (!unresolved.empty())
    return invalid_template("Template format error: Unresolved resource dependencies [" +
                            join(unresolved) + "] in the " + block + " block of the template");
  for (const auto& name : found.attributes)
    if (of.resource(name) == nullptr)
      return invalid_template(
          "Template error: instance of Fn::GetAtt references undefined resource " + name);
  for (const auto& name : found.conditions)
    if (!of.conditions.contains(name))
      return invalid_template("Template format error: Unresolved condition dependency " + name +
                              " in the " + block + " block of the template");
  return {};
}

Result<void> check_conditions(const Template& of) {
  Graph graph;
  for (const auto& member : of.conditions) {
    References found;
    collect(member.value(), found);
    for (const auto& name : found.names)
      if (!is_pseudo_parameter(name) && of.parameter(name) == nullptr)
        return invalid_template(
            "Template format error: Unresolved dependencies [" + name +
            "]. Cannot reference resources in the Conditions block of the template");
    for (const auto& name : found.conditions)
      if (!of.conditions.contains(name))
        return invalid_template("Template format error: Unresolved condition dependency " + name +
                                " in the Conditions block of the template");
    graph[member.key()] = found.conditions;
  }
  std::map<std::string, int> state;
  std::vector<std::string> path;
  for (const auto& [name, next] : graph)
    if (state[name] == 0 && find_cycle(graph, name, state, path))
      return invalid_template("Template format error: Circular dependency between conditions: [" +
                              join(path) + "]");
  return {};
}

// Functions that there are, alone in their objects, and mappings that the template has.
Result<void> check_functions(const Template& of, const json::value& value) {
  static constexpr std::string_view known[] = {"And", "Base64", "Cidr",   "Equals", "FindInMap",
                                               "If",  "GetAtt", "GetAZs", "Join",   "ImportValue",
                                               "Not", "Or",     "Select", "Split",  "Sub"};
  static constexpr std::string_view more[] = {"Length", "ToJsonString"};
  const auto has = [](std::span<const std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (const auto* list = value.if_array())
    for (const auto& element : *list) CHECK(check_functions(of, element));
  const auto* object = value.if_object();
  if (object == nullptr) return {};
  for (const auto& member : *object) {
    std::string_view name = member.key();
    if (name.starts_with("Fn::")) {
      name.remove_prefix(4);
      if (!has(known, name) && !(of.language_extensions() && has(more, name)))
        return unsupported_function(member.key());
      if (object->size() != 1)
        return invalid_template("Template format error: " + std::string(member.key()) +
                                " must be the only member of its object");
    }
    const auto* list = member.value().if_array();
    if (name == "FindInMap" && list != nullptr && !list->empty() && (*list)[0].is_string() &&
        list->size() < 4 && !of.mappings.contains((*list)[0].get_string()))
      return unknown_mapping(std::string((*list)[0].get_string()));
    CHECK(check_functions(of, member.value()));
  }
  return {};
}

Result<void> check_functions(const Template& of) {
  for (const auto& condition : of.conditions) CHECK(check_functions(of, condition.value()));
  for (const auto& resource : of.resources) CHECK(check_functions(of, resource.properties));
  for (const auto& output : of.outputs) {
    CHECK(check_functions(of, output.value));
    CHECK(check_functions(of, output.export_name));
  }
  return {};
}

}  // namespace

Error unsupported_function(std::string_view name) {
  return invalid_template(
      "Template error: Encountered unsupported function: " + std::string(name) +
      " Supported functions are: [Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, "
      "Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, "
      "Fn::Or, Fn::Sub, Fn::Cidr]");
}

Error unknown_mapping(const std::string& name) {
  return invalid_template("Template error: Mapping named '" + name +
                          "' is not present in the 'Mappings' section of template.");
}

std::vector<std::string> substituted_names(std::string_view text) {
  std::vector<std::string> names;
  for (auto at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    const auto end = text.find('}', at);
    if (end == std::string_view::npos) break;
    std::string name(text.substr(at + 2, end - at - 2));
    if (name.starts_with('!')) continue;
    const auto first = name.find_first_not_of(' ');
    const auto last = name.find_last_not_of(' ');
    names.push_back(first == std::string::npos ? "" : name.substr(first, last - first + 1));
  }
  return names;
}

void collect(const json::value& value, References& found) {
  if (const auto* list = value.if_array()) {
    for (const auto& element : *list) collect(element, found);
    return;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return;
  if (object->size() == 1) {
    const auto& [key, argument] = *object->begin();
    if (key == "Ref" && argument.is_string()) {
      found.names.insert(std::string(argument.get_string()));
      return;
    }
    if (key == "Condition" && argument.is_string()) {
      found.conditions.insert(std::string(argument.get_string()));
      return;
    }
    if (key == "Fn::GetAtt") {
      collect_attribute(argument, found);
      return;
    }
    if (key == "Fn::Sub") {
      collect_sub(argument, found);
      return;
    }
    if (key == "Fn::If")
      if (const auto* list = argument.if_array();
          list != nullptr && !list->empty() && (*list)[0].is_string())
        found.conditions.insert(std::string((*list)[0].get_string()));
  }
  for (const auto& member : *object) collect(member.value(), found);
}

std::optional<std::string> find_null(const json::value& value, const std::string& path) {
  if (value.is_null()) return path;
  if (const auto* list = value.if_array())
    for (std::size_t i = 0; i < list->size(); ++i)
      if (auto bad = find_null((*list)[i], path + "/" + std::to_string(i))) return bad;
  if (const auto* object = value.if_object())
    for (const auto& member : *object)
      if (auto bad = find_null(member.value(), path + "/" + std::string(member.key()))) return bad;
  return std::nullopt;
}

Graph dependencies(const Template& from) {
  Graph graph;
  for (const auto& resource : from.resources) {
    References found;
    collect(resource.properties, found);
    auto& waits_for = graph[resource.id];
    for (const auto& name : found.names)
      if (from.resource(name) != nullptr) waits_for.insert(name);
    for (const auto& name : resource.depends_on)
      if (from.resource(name) != nullptr) waits_for.insert(name);
  }
  return graph;
}

Result<void> check_references(const Template& of) {
  CHECK(check_functions(of));
  CHECK(check_conditions(of));
  for (const auto& resource : of.resources)
    if (!resource.condition.empty() && !of.conditions.contains(resource.condition))
      return invalid_template("Template format error: Unresolved condition dependency " +
                              resource.condition + " in the Resources block of the template");
  References in_resources;
  for (const auto& resource : of.resources) {
    collect(resource.properties, in_resources);
    for (const auto& name : resource.depends_on)
      if (of.resource(name) == nullptr) in_resources.names.insert(name == "" ? "''" : name);
  }
  CHECK(check_block(of, in_resources, "Resources"));
  for (const auto& resource : of.resources)
    for (const auto& name : resource.depends_on)
      if (of.resource(name) == nullptr)
        return invalid_template("Template format error: Unresolved resource dependencies [" + name +
                                "] in the Resources block of the template");
  References in_outputs;
  for (const auto& output : of.outputs) {
    collect(output.value, in_outputs);
    collect(output.export_name, in_outputs);
    if (!output.condition.empty()) in_outputs.conditions.insert(output.condition);
  }
  CHECK(check_block(of, in_outputs, "Outputs"));
  const Graph graph = dependencies(of);
  std::map<std::string, int> state;
  std::vector<std::string> path;
  for (const auto& [id, next] : graph)
    if (state[id] == 0 && find_cycle(graph, id, state, path)) {
      std::sort(path.begin(), path.end());
      return invalid_template("Circular dependency between resources: [" + join(path) + "]");
    }
  return {};
}

}  // namespace cloudlet::deploy
