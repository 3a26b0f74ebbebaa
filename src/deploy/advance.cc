// What all phases share: recording, events, the loop over phases.
#include "deploy/advance.h"

#include <boost/json/serialize.hpp>

namespace cloudlet::deploy {

Advance::Advance(store::Txn& tx, const ResourceTypes& types, const Plan& plan, Stack stack,
                 Time now)
    : tx_(tx), types_(types), plan_(plan), stack_(std::move(stack)), now_(now) {
  resources_ = read_resources(tx_, stack_);
  tx_.scan(store::prefix(keys::leftovers(stack_.scope, stack_.uuid)),
           [&](std::string_view key, std::string_view value) {
             leftovers_.emplace(std::string(key), decode_resource(value));
             return true;
           });
}

std::size_t Advance::under_way(const Items& items) const {
  std::size_t count = 0;
  for (const auto& [name, item] : items) count += item.work != Work::none;
  return count;
}

store::Key Advance::key_of(const StackResource& item) const {
  return keys::resource(stack_.scope, stack_.uuid, item.id);
}

void Advance::event(const StackResource& item) {
  StackEvent event{.logical_id = item.id,
                   .physical_id = item.now.id,
                   .type = item.type,
                   .status = item.status,
                   .reason = item.reason,
                   .at = now_};
  // A secret parameter's value may be in any property.
  if (!plan_.secret_parameters) {
    const auto& shown =
        item.work != Work::none && item.work != Work::remove ? item.wanted : item.now.properties;
    if (!shown.empty()) event.properties = json::serialize(shown);
  }
  add_event(tx_, stack_, std::move(event));
}

void Advance::set(StackResource& item, std::string status, std::string reason) {
  item.status = std::move(status);
  item.reason = std::move(reason);
  item.updated = now_;
  event(item);
}

void Advance::begin_step(StackResource& item, const store::Key& key, Work work, std::string status,
                         std::string reason) {
  item.work = work;
  item.attempts = 0;
  set(item, std::move(status), std::move(reason));
  attempt(item, key);
}

void Advance::attempt(StackResource& item, const store::Key& key) {
  ++item.attempts;
  tx_.put(key, encode(item));
  steps_.push_back({.scope = stack_.scope,
                    .uuid = stack_.uuid,
                    .stack_name = stack_.name,
                    .key = key,
                    .resource = item});
}

void Advance::resume() {
  for (auto& [id, record] : resources_)
    if (record.work != Work::none) attempt(record, key_of(record));
  for (auto& [key, item] : leftovers_)
    if (item.work != Work::none) attempt(item, store::Key::from_bytes(key));
}

void Advance::settle(const Step& step, const Result<Made>& outcome) {
  const auto leftover = leftovers_.find(step.key.bytes());
  if (leftover != leftovers_.end()) {
    if (leftover->second.work == step.resource.work &&
        leftover->second.attempts == step.resource.attempts)
      settle_removed(leftover->second, outcome);
    return;
  }
  const auto found = resources_.find(step.resource.id);
  if (found == resources_.end() || step.key != key_of(found->second)) return;
  StackResource& record = found->second;
  if (record.work != step.resource.work || record.attempts != step.resource.attempts) return;
  if (record.work == Work::remove)
    settle_removed(record, outcome);
  else if (stack_.operation.phase == Phase::restore)
    settle_restored(record, step, outcome);
  else
    settle_applied(record, step, outcome);
}

void Advance::stack_status(std::string status, std::string reason) {
  stack_.status = std::move(status);
  stack_.reason = std::move(reason);
  add_stack_event(tx_, stack_, now_);
}

void Advance::finish(std::string status, std::string reason) {
  stack_.operation.phase = Phase::idle;
  stack_status(std::move(status), std::move(reason));
  tx_.erase(keys::running(stack_.scope, stack_.uuid));
}

void Advance::drop_imports(bool of_this_operation) {
  std::vector<std::string> gone;
  tx_.scan(store::prefix(keys::imports(stack_.scope)), [&](std::string_view key, std::string_view) {
    store::KeyReader parts(key);
    parts.skip();
    parts.scope();
    parts.skip();
    parts.skip();
    if (parts.text() == stack_.uuid &&
        (parts.number() == stack_.operation.number) == of_this_operation)
      gone.emplace_back(key);
    return true;
  });
  for (auto& key : gone) tx_.erase(store::Key::from_bytes(std::move(key)));
}

std::vector<Step> Advance::run() {
  for (;;) {
    const Phase before = stack_.operation.phase;
    switch (before) {
      case Phase::idle: break;
      case Phase::apply: apply(); break;
      case Phase::restore: restore(); break;
      case Phase::cleanup: remove_all(leftovers_, true); break;
      case Phase::undo:
      case Phase::remove: remove_all(resources_, false); break;
    }
    if (stack_.operation.phase == before) break;
  }
  write_stack(tx_, stack_);
  return std::move(steps_);
}

}  // namespace cloudlet::deploy
