// Towards the target: what is ready is started, what is done is recorded, and in the end the
// outputs.
#include <algorithm>

#include "deploy/advance.h"
#include "deploy/errors.h"
#include "deploy/names.h"

namespace cloudlet::deploy {
// Resources answer once they are settled; the graph sees to it that nobody asks earlier.
Environment Advance::environment() {
  Environment in = plan_.environment;
  in.reference = [this](const std::string& id) -> Result<json::value> {
    const auto found = resources_.find(id);
    if (found == resources_.end() || found->second.now.id.empty())
      return Error(errors::not_found, "Unresolved resource dependencies [" + id +
                                          "] in the Resources block of the template");
    return json::value(found->second.now.id);
  };
  in.attribute = [this](const std::string& id, const std::string& name) -> Result<json::value> {
    const auto found = resources_.find(id);
    const auto* value =
        found == resources_.end() ? nullptr : found->second.now.attributes.if_contains(name);
    if (value == nullptr)
      return Error(errors::not_found, "Template error: resource " + id + " has no attribute " +
                                          name + " in Fn::GetAtt");
    return *value;
  };
  in.import = [this](const std::string& name) -> Result<std::string> {
    const auto exported = tx_.get(keys::exported(stack_.scope, name));
    if (!exported) return Error(errors::not_found, "No export named " + name + " found.");
    tx_.put(keys::imported(stack_.scope, name, stack_.uuid, stack_.operation.number), stack_.name);
    return exported->substr(exported->find('\n') + 1);
  };
  return in;
}

Result<json::object> Advance::properties_of(const Resource& resource, const ResourceType& type) {
  const Environment in = environment();
  TRY(const json::object raw, evaluate_object(resource.properties, in));
  return check_properties(type, raw, plan_.tags);
}

void Advance::start(const Resource& resource) {
  const ResourceType* type = types_.find(resource.type);
  auto& record = resources_[resource.id];
  const bool exists = !record.now.id.empty();
  if (!exists) {
    record.id = resource.id;
    record.type = resource.type;
    record.deletion = resource.deletion;
    record.replacement = resource.replacement;
    record.added = true;
    const auto& waits_for = plan_.graph.at(resource.id);
    record.depends_on.assign(waits_for.begin(), waits_for.end());
  }
  auto wanted = type == nullptr
                    ? Result<json::object>(
                          Error(errors::not_found, "Unrecognized resource type " + resource.type))
                    : properties_of(resource, *type);
  if (wanted.has_error()) {
    record.operation = stack_.operation.number;
    set(record, exists ? "UPDATE_FAILED" : "CREATE_FAILED", wanted.error().message());
    stack_.operation.failed.push_back(resource.id);
    tx_.put(key_of(record), encode(record));
    return;
  }
  if (exists) return start_existing(resource, *type, record, std::move(*wanted));
  record.name =
      physical_name(stack_.name, resource.id, stack_.uuid + std::to_string(tx_.next_sequence()),
                    type->name_style());
  record.looked = type->name_property().empty() || !wanted->contains(type->name_property());
  record.wanted = std::move(*wanted);
  begin_step(record, key_of(record), Work::create, "CREATE_IN_PROGRESS", "");
}

void Advance::start_existing(const Resource& resource, const ResourceType& type,
                             StackResource& record, json::object wanted) {
  bool differs = type.properties().empty() && wanted != record.now.properties;
  bool replace = false;
  for (const auto& property : type.properties()) {
    const auto* before = record.now.properties.if_contains(property.name);
    const auto* after = wanted.if_contains(property.name);
    if ((before == nullptr && after == nullptr) ||
        (before != nullptr && after != nullptr && *before == *after))
      continue;
    differs = true;
    replace = replace || property.update == Update::replace;
  }
  if (!differs) {
    record.operation = stack_.operation.number;
    tx_.put(key_of(record), encode(record));
    return;
  }
  record.wanted = std::move(wanted);
  if (!replace) return begin_step(record, key_of(record), Work::update, "UPDATE_IN_PROGRESS", "");
  const auto own = type.name_property();
  const auto* name = own.empty() ? nullptr : record.wanted.if_contains(own);
  if (const auto* before = own.empty() ? nullptr : record.now.properties.if_contains(own);
      name != nullptr && before != nullptr && *name == *before) {
    record.operation = stack_.operation.number;
    record.wanted = {};
    set(record, "UPDATE_FAILED",
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        "Rename " +
            record.now.id + " and update the stack again.");
    stack_.operation.failed.push_back(resource.id);
    tx_.put(key_of(record), encode(record));
    return;
  }
  record.name = physical_name(stack_.name, resource.id,
                              stack_.uuid + std::to_string(tx_.next_sequence()), type.name_style());
  record.looked = name == nullptr;
  begin_step(
      record, key_of(record), Work::replace, "UPDATE_IN_PROGRESS",
      "Requested update requires the creation of a new physical resource; hence creating one.");
}

void Advance::start_ready() {
  const auto settled = [&](const std::string& id) {
    const auto found = resources_.find(id);
    return found != resources_.end() && found->second.operation == stack_.operation.number &&
           found->second.work == Work::none;
  };
  // Those that need no work settle at once and let others go on: round by round until nothing
  // moves.
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& [id, waits_for] : plan_.graph) {
      if (!stack_.operation.failed.empty() || under_way(resources_) >= steps_at_once) return;
      const auto found = resources_.find(id);
      if (found != resources_.end() && (found->second.work != Work::none || settled(id))) continue;
      if (!std::all_of(waits_for.begin(), waits_for.end(), settled)) continue;
      start(*plan_.target.resource(id));
      moved = true;
    }
  }
}

void Advance::apply() {
  const auto& operation = stack_.operation;
  const auto failing = [&] {
    return !operation.failed.empty() || !operation.failure.empty() || operation.cancelled;
  };
  if (!failing()) start_ready();
  if (under_way(resources_) > 0) return;
  if (!failing()) {
    for (const auto& [id, waits_for] : plan_.graph)
      assert_that(resources_[id].operation == operation.number, "a stack stands still");
    auto values = outputs();
    Result<void> exported =
        values.has_error() ? Result<void>(values.error()) : export_outputs(*values);
    if (exported.has_value()) {
      stack_.outputs = std::move(*values);
      return applied();
    }
    stack_.operation.failure = exported.error().message();
  }
  apply_failed();
}

Result<std::vector<OutputValue>> Advance::outputs() {
  const Environment in = environment();
  std::vector<OutputValue> values;
  for (const auto& output : plan_.target.outputs) {
    if (!output.condition.empty() && !in.condition(output.condition)) continue;
    TRY(const auto value, evaluate(output.value, in));
    const auto text = value ? scalar_text(*value) : std::nullopt;
    if (!text)
      return Error(errors::not_found,
                   "Template format error: The Value field of every Outputs member must evaluate "
                   "to a String.");
    OutputValue made{.name = output.name, .value = *text, .description = output.description};
    if (!output.export_name.is_null()) {
      TRY(const auto name, evaluate(output.export_name, in));
      made.export_name = name ? scalar_text(*name).value_or("") : "";
    }
    values.push_back(std::move(made));
  }
  return values;
}

Result<void> Advance::export_outputs(const std::vector<OutputValue>& outputs) {
  std::map<std::string, std::string> wanted;
  for (const auto& output : outputs)
    if (!output.export_name.empty()) wanted[output.export_name] = output.value;
  for (const auto& [name, value] : wanted) {
    const auto there = tx_.get(keys::exported(stack_.scope, name));
    if (!there || there->substr(0, there->find('\n')) == stack_.uuid) continue;
    const auto other = read_stack(tx_, stack_.scope, there->substr(0, there->find('\n')));
    return Error(errors::not_found, "Export with name " + name + " is already exported by stack " +
                                        (other ? other->name : "") + ".");
  }
  for (const auto& output : stack_.outputs) {
    if (output.export_name.empty()) continue;
    const auto still = wanted.find(output.export_name);
    if (still != wanted.end() && still->second == output.value) continue;
    std::string users;
    tx_.scan(store::prefix(keys::importers(stack_.scope, output.export_name)),
             [&](std::string_view, std::string_view user) {
               if (users.find(user) == std::string::npos)
                 users.append(users.empty() ? "" : " and ").append(user);
               return true;
             });
    if (!users.empty())
      return Error(errors::not_found,
                   std::string(still == wanted.end() ? "Export " : "Cannot update export ") +
                       output.export_name +
                       (still == wanted.end() ? " cannot be deleted as it is in use by "
                                              : " as it is in use by ") +
                       users);
  }
  for (const auto& output : stack_.outputs)
    if (!output.export_name.empty()) tx_.erase(keys::exported(stack_.scope, output.export_name));
  for (const auto& [name, value] : wanted)
    tx_.put(keys::exported(stack_.scope, name), stack_.uuid + "\n" + value);
  return {};
}

void Advance::applied() {
  const bool creating = stack_.current == 0;
  if (!creating && stack_.current != stack_.target)
    tx_.erase(keys::deployment(stack_.scope, stack_.uuid, stack_.current));
  stack_.current = stack_.target;
  stack_.description = plan_.target.description;
  drop_imports(false);
  std::vector<StackResource> gone;
  for (auto& [id, record] : resources_) {
    const Resource* resource = plan_.target.resource(id);
    if (resource == nullptr || !plan_.graph.contains(id)) {
      gone.push_back(record);
      continue;
    }
    if (record.replaced) {
      StackResource old = record;
      old.now = *record.before;
      old.kept = record.replacement != Keep::remove;
      add_leftover(std::move(old));
    }
    record.before.reset();
    record.replaced = record.added = false;
    record.deletion = resource->deletion;
    record.replacement = resource->replacement;
    record.depends_on.assign(plan_.graph.at(id).begin(), plan_.graph.at(id).end());
    tx_.put(key_of(record), encode(record));
  }
  for (auto& record : gone) {
    resources_.erase(record.id);
    tx_.erase(key_of(record));
    record.kept = record.deletion != Keep::remove;
    add_leftover(std::move(record));
  }
  if (creating) return finish("CREATE_COMPLETE", "");
  stack_.operation.phase = Phase::cleanup;
  stack_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "");
}

void Advance::apply_failed() {
  const bool creating = stack_.current == 0;
  std::vector<std::string> not_created, not_updated;
  for (const auto& id : stack_.operation.failed)
    (resources_[id].status == "CREATE_FAILED" ? not_created : not_updated).push_back(id);
  std::string reason = stack_.operation.failure;
  if (!not_created.empty())
    reason += "The following resource(s) failed to create: [" + join(not_created) + "]. ";
  if (!not_updated.empty())
    reason += "The following resource(s) failed to update: [" + join(not_updated) + "]. ";
  if (stack_.operation.cancelled) reason = "User Initiated";
  if (!reason.empty() && reason.back() != ' ') reason += ' ';
  if (!creating) {
    stack_status("UPDATE_ROLLBACK_IN_PROGRESS", reason);
    return begin_restore();
  }
  switch (stack_.on_failure) {
    case OnFailure::nothing: return finish("CREATE_FAILED", reason);
    case OnFailure::remove:
      stack_.operation.phase = Phase::remove;
      return stack_status("DELETE_IN_PROGRESS", reason + "Delete requested by user.");
    case OnFailure::rollback:
      stack_.operation.phase = Phase::undo;
      return stack_status("ROLLBACK_IN_PROGRESS", reason + "Rollback requested by user.");
  }
}

void Advance::fail(StackResource& record, const std::string& reason) {
  const bool creating = record.added;
  record.operation = stack_.operation.number;
  stack_.operation.failed.push_back(record.id);
  set(record, creating ? "CREATE_FAILED" : "UPDATE_FAILED", reason);
  record.work = Work::none;
}

void Advance::succeed(StackResource& record, const Made& made) {
  const auto* type = types_.find(record.type);
  const std::string warning(type == nullptr ? std::string_view() : type->warning());
  if (record.work != Work::update)
    set(record, record.added ? "CREATE_IN_PROGRESS" : "UPDATE_IN_PROGRESS",
        "Resource creation Initiated");
  const bool failing = !stack_.operation.failed.empty();
  record.work = Work::none;
  record.wanted = {};
  record.operation = stack_.operation.number;
  // It came through after another had failed: it goes the way of the stack.
  if (record.added && failing) {
    stack_.operation.failed.push_back(record.id);
    return set(record, "CREATE_FAILED", "Resource creation cancelled");
  }
  set(record, record.added ? "CREATE_COMPLETE" : "UPDATE_COMPLETE", warning);
}

void Advance::settle_applied(StackResource& record, const Step& step, const Result<Made>& outcome) {
  record.looked = record.looked || step.resource.looked;
  if (outcome.has_error()) {
    if (record.work == Work::update) {
      // How far it came is not known: the way back is to say again what was.
      if (!record.before) record.before = record.now;
      record.now.properties = record.wanted;
    }
    fail(record, outcome.error().message());
    record.wanted = {};
    tx_.put(key_of(record), encode(record));
    return;
  }
  if (record.work != Work::create && !record.before) record.before = record.now;
  if (record.work == Work::replace) record.replaced = true;
  record.now = {
      .id = outcome->physical_id, .properties = record.wanted, .attributes = outcome->attributes};
  if (outcome->failure)
    fail(record, *outcome->failure);
  else
    succeed(record, *outcome);
  record.wanted = {};
  tx_.put(key_of(record), encode(record));
}

}  // namespace cloudlet::deploy
