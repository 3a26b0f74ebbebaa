// What an update would change: the lines of a change set, and whether there is anything to do at
// all.
#include <set>

#include "deploy/errors.h"
#include "deploy/plan.h"

namespace cloudlet::deploy {
namespace {

struct Comparison {
  const Plan& plan;
  const std::map<std::string, StackResource>& resources;
  const ResourceTypes& types;
  Environment in;
  std::set<std::string> fresh;  // added or replaced: their values are not known yet
};

std::vector<std::string> in_order(const Graph& graph) {
  std::vector<std::string> order;
  std::set<std::string> done;
  while (order.size() < graph.size()) {
    const std::size_t before = order.size();
    for (const auto& [id, waits_for] : graph) {
      if (done.contains(id)) continue;
      bool ready = true;
      for (const auto& other : waits_for) ready = ready && done.contains(other);
      if (!ready) continue;
      order.push_back(id);
      done.insert(id);
    }
    if (order.size() == before) break;
  }
  return order;
}

void set_lookups(Comparison& c) {
  c.in.ahead = true;
  c.in.reference = [&c](const std::string& id) -> Result<json::value> {
    const auto found = c.resources.find(id);
    if (c.fresh.contains(id) || found == c.resources.end() || found->second.now.id.empty())
      return json::value(unknown_value);
    return json::value(found->second.now.id);
  };
  c.in.attribute = [&c](const std::string& id, const std::string& name) -> Result<json::value> {
    const auto found = c.resources.find(id);
    if (c.fresh.contains(id) || found == c.resources.end()) return json::value(unknown_value);
    const auto* value = found->second.now.attributes.if_contains(name);
    return value == nullptr ? json::value(unknown_value) : *value;
  };
  c.in.import = [](const std::string&) -> Result<std::string> {
    return std::string(unknown_value);
  };
}

// A list or object that an unknown value was put into may fail its type's checks; then it counts as
// it is.
json::object checked_or_raw(const ResourceType& type, const json::object& raw,
                            const std::map<std::string, std::string>& tags) {
  auto checked = check_properties(type, raw, tags);
  return checked.has_error() ? raw : std::move(*checked);
}

Change modification(const Resource& resource, const StackResource& record,
                    const json::object& wanted, const ResourceType& type) {
  Change change{.action = Change::Action::modify,
                .id = resource.id,
                .type = resource.type,
                .physical_id = record.now.id};
  for (const auto& property : type.properties()) {
    const auto* before = record.now.properties.if_contains(property.name);
    const auto* after = wanted.if_contains(property.name);
    if (before == nullptr && after == nullptr) continue;
    if (before != nullptr && after != nullptr && *before == *after) continue;
    change.details.push_back({.attribute = "Properties",
                              .property = std::string(property.name),
                              .update = property.update});
    if (property.update == Update::replace) change.replacement = Change::Replacement::yes;
  }
  // Inert types know no properties: whatever differs changes nothing.
  if (type.properties().empty() && record.now.properties != wanted)
    change.details.push_back({.attribute = "Properties"});
  if (resource.deletion != record.deletion)
    change.details.push_back({.attribute = "DeletionPolicy"});
  if (resource.replacement != record.replacement)
    change.details.push_back({.attribute = "UpdateReplacePolicy"});
  return change;
}

bool outputs_differ(Comparison& c, const Stack& stack) {
  std::map<std::string, OutputValue> before;
  for (const auto& output : stack.outputs) before[output.name] = output;
  std::size_t count = 0;
  for (const auto& output : c.plan.target.outputs) {
    if (!output.condition.empty() && !c.in.condition(output.condition)) continue;
    ++count;
    const auto old = before.find(output.name);
    if (old == before.end() || old->second.description != output.description) return true;
    auto value = evaluate(output.value, c.in);
    if (value.has_error() || !value->has_value()) return true;
    const auto text = scalar_text(**value);
    if (!text) return true;
    if (*text != old->second.value && text->find(unknown_value) == std::string::npos) return true;
    std::string name;
    if (!output.export_name.is_null())
      if (auto exported = evaluate(output.export_name, c.in);
          exported.has_value() && exported->has_value())
        name = scalar_text(**exported).value_or("");
    if (name != old->second.export_name) return true;
  }
  return count != before.size();
}

}  // namespace

Result<Changes> compare(const Stack& stack, const std::map<std::string, StackResource>& resources,
                        const Deployment* before, const Deployment& next,
                        const ResourceTypes& types) {
  TRY(const auto plan, make_plan(stack, next));
  Comparison c{.plan = *plan, .resources = resources, .types = types, .in = plan->environment};
  set_lookups(c);
  Changes changes;
  std::optional<Template> old_template;
  if (before != nullptr) {
    TRY(const Document document, parse_document(before->processed));
    TRY(old_template, read_template(document));
    changes.tags = before->tags != next.tags;
  }
  std::string retyped;
  for (const auto& id : in_order(plan->graph)) {
    const Resource& resource = *plan->target.resource(id);
    const ResourceType& type = *types.find(resource.type);
    const auto record = resources.find(id);
    if (record == resources.end() || record->second.now.id.empty()) {
      changes.resources.push_back({.action = Change::Action::add, .id = id, .type = resource.type});
      c.fresh.insert(id);
      continue;
    }
    if (record->second.type != resource.type) {
      retyped.append(retyped.empty() ? "" : ", ").append(id);
      continue;
    }
    TRY(const json::object raw, evaluate_object(resource.properties, c.in));
    Change change =
        modification(resource, record->second, checked_or_raw(type, raw, next.tags), type);
    if (const auto* old = old_template ? old_template->resource(id) : nullptr;
        old != nullptr && old->metadata != resource.metadata)
      change.details.push_back({.attribute = "Metadata"});
    if (change.details.empty()) continue;
    if (change.replacement == Change::Replacement::yes) c.fresh.insert(id);
    changes.resources.push_back(std::move(change));
  }
  if (!retyped.empty())
    return invalid_template(
        "Update of resource type is not permitted. The new template modifies resource type of the "
        "following resources: [" +
        retyped + "]");
  for (const auto& [id, record] : resources)
    if (!plan->graph.contains(id))
      changes.resources.push_back({.action = Change::Action::remove,
                                   .id = id,
                                   .type = record.type,
                                   .physical_id = record.now.id});
  changes.outputs = outputs_differ(c, stack);
  return changes;
}

}  // namespace cloudlet::deploy
