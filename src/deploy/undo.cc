// The ways back and out: what a failed update changed is put back, what is no longer wanted goes
// away.
#include <algorithm>

#include "deploy/advance.h"
#include "deploy/errors.h"

namespace cloudlet::deploy {
namespace {

constexpr Duration kept_after_deletion =
    std::chrono::hours(24 * 90);  // how long a deleted stack can still be described

bool gone(const StackResource& item) {
  return item.status == "DELETE_COMPLETE" || item.status == "DELETE_SKIPPED";
}

std::string failed_sentence(const std::vector<std::string>& failed, std::string_view what) {
  return "The following resource(s) failed to " + std::string(what) + ": [" + join(failed) + "]. ";
}

}  // namespace

void Advance::add_leftover(StackResource item) {
  if (item.now.id.empty()) return;
  item.work = Work::none;
  item.before.reset();
  item.wanted = {};
  item.operation = 0;
  const store::Key key = keys::leftover(stack_.scope, stack_.uuid, tx_.next_sequence());
  tx_.put(key, encode(item));
  leftovers_[key.bytes()] = std::move(item);
}

void Advance::begin_restore() {
  stack_.operation.phase = Phase::restore;
  stack_.operation.failed.clear();
  stack_.operation.failure.clear();
  std::vector<std::string> added;
  for (auto& [id, record] : resources_) {
    if (record.added) {
      record.kept = record.deletion == Keep::retain && !stack_.retain_except_on_create;
      add_leftover(record);
      added.push_back(id);
      continue;
    }
    if (record.replaced) {
      StackResource fresh = record;
      fresh.kept = false;
      const auto& waits_for = plan_.graph.find(id);
      if (waits_for != plan_.graph.end())
        fresh.depends_on.assign(waits_for->second.begin(), waits_for->second.end());
      add_leftover(std::move(fresh));
      record.now = *record.before;
      record.before.reset();
      record.replaced = false;
      set(record, "UPDATE_COMPLETE", "");
    } else if (!record.before && record.status == "UPDATE_FAILED") {
      set(record, "UPDATE_COMPLETE", "");
    }
    tx_.put(key_of(record), encode(record));
  }
  for (const auto& id : added) {
    tx_.erase(key_of(resources_[id]));
    resources_.erase(id);
  }
}

void Advance::restore() {
  const auto& failed = stack_.operation.failed;
  for (auto& [id, record] : resources_) {
    if (under_way(resources_) >= steps_at_once) return;
    if (!record.before || record.work != Work::none) continue;
    if (std::find(failed.begin(), failed.end(), id) != failed.end()) continue;
    record.wanted = record.before->properties;
    begin_step(record, key_of(record), Work::update, "UPDATE_IN_PROGRESS", "");
  }
  if (under_way(resources_) > 0) return;
  if (!failed.empty()) return finish("UPDATE_ROLLBACK_FAILED", failed_sentence(failed, "update"));
  if (stack_.target != stack_.current)
    tx_.erase(keys::deployment(stack_.scope, stack_.uuid, stack_.target));
  stack_.target = stack_.current;
  drop_imports(true);
  stack_.operation.undoing = true;
  stack_.operation.phase = Phase::cleanup;
  stack_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "");
}

void Advance::settle_restored(StackResource& record, const Step& step,
                              const Result<Made>& outcome) {
  record.work = Work::none;
  record.wanted = {};
  if (outcome.has_error() || outcome->failure) {
    stack_.operation.failed.push_back(record.id);
    set(record, "UPDATE_FAILED",
        outcome.has_error() ? outcome.error().message() : *outcome->failure);
  } else {
    record.now = {.id = outcome->physical_id,
                  .properties = step.resource.wanted,
                  .attributes = outcome->attributes};
    record.before.reset();
    set(record, "UPDATE_COMPLETE", "");
  }
  tx_.put(key_of(record), encode(record));
}

// Whoever leans on it has gone.
bool Advance::may_remove(const Items& items, const StackResource& item) const {
  return std::none_of(items.begin(), items.end(), [&](const auto& other) {
    return other.second.id != item.id && !gone(other.second) &&
           std::find(other.second.depends_on.begin(), other.second.depends_on.end(), item.id) !=
               other.second.depends_on.end();
  });
}

bool Advance::retained(const StackResource& item, bool leftover) const {
  if (leftover) return item.kept;
  if (std::find(stack_.retained.begin(), stack_.retained.end(), item.id) != stack_.retained.end())
    return true;
  if (stack_.operation.phase == Phase::undo || stack_.current == 0)
    return item.deletion == Keep::retain && !stack_.retain_except_on_create;
  return item.deletion != Keep::remove;
}

void Advance::remove_all(Items& items, bool leftover) {
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& [name, item] : items) {
      if (under_way(items) >= steps_at_once) return;
      if (item.work != Work::none || gone(item)) continue;
      if (item.status == "DELETE_FAILED" && item.operation == stack_.operation.number) continue;
      if (!may_remove(items, item)) continue;
      const store::Key key = leftover ? store::Key::from_bytes(name) : key_of(item);
      moved = true;
      item.operation = stack_.operation.number;
      if (item.now.id.empty())
        set(item, "DELETE_COMPLETE", "");
      else if (retained(item, leftover))
        set(item, "DELETE_SKIPPED", "");
      else {
        begin_step(item, key, Work::remove, "DELETE_IN_PROGRESS", "");
        continue;
      }
      tx_.put(key, encode(item));
    }
  }
  if (under_way(items) == 0) removal_over();
}

void Advance::settle_removed(StackResource& item, const Result<Made>& outcome) {
  const bool leftover = stack_.operation.phase == Phase::cleanup;
  item.work = Work::none;
  if (outcome.has_error()) {
    set(item, "DELETE_FAILED", outcome.error().message());
    if (!leftover) stack_.operation.failed.push_back(item.id);
  } else {
    set(item, "DELETE_COMPLETE", "");
  }
  if (!leftover) {
    tx_.put(key_of(item), encode(item));
    return;
  }
  for (const auto& [key, one] : leftovers_)
    if (&one == &item) tx_.put(store::Key::from_bytes(key), encode(item));
}

void Advance::release_exports() {
  for (const auto& output : stack_.outputs)
    if (!output.export_name.empty()) tx_.erase(keys::exported(stack_.scope, output.export_name));
  drop_imports(true);
  drop_imports(false);
}

void Advance::removal_over() {
  std::vector<std::string> failed = stack_.operation.failed;
  std::sort(failed.begin(), failed.end());
  switch (stack_.operation.phase) {
    case Phase::cleanup:
      // What could not be removed stays behind, outside the stack: its event says why.
      for (const auto& [key, item] : leftovers_) tx_.erase(store::Key::from_bytes(key));
      leftovers_.clear();
      return finish(stack_.operation.undoing ? "UPDATE_ROLLBACK_COMPLETE" : "UPDATE_COMPLETE", "");
    case Phase::undo: {
      failed.clear();
      for (const auto& [id, record] : resources_)
        if (!gone(record)) failed.push_back(id);
      drop_imports(true);
      if (failed.empty()) return finish("ROLLBACK_COMPLETE", "");
      return finish("ROLLBACK_FAILED", failed_sentence(failed, "delete"));
    }
    default: break;
  }
  failed.clear();
  for (const auto& [id, record] : resources_)
    if (record.status == "DELETE_FAILED") failed.push_back(id);
  if (!failed.empty()) return finish("DELETE_FAILED", failed_sentence(failed, "delete"));
  release_exports();
  stack_.deleted = now_;
  stack_.outputs.clear();
  tx_.erase(keys::name(stack_.scope, stack_.name));
  tx_.at(now_ + kept_after_deletion, "cloudformation.forget",
         keys::stack(stack_.scope, stack_.uuid).bytes());
  finish("DELETE_COMPLETE", "");
}

}  // namespace cloudlet::deploy
