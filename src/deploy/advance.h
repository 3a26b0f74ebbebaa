// The deciding half of the engine: from what is recorded to what is to be done next. Runs inside
// transactions, waits for nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "deploy/plan.h"
#include "deploy/state.h"
#include "store/key.h"
#include "store/txn.h"

namespace cloudlet::deploy {

inline constexpr std::size_t steps_at_once = 16;  // a stack

// One call of a service that is to be made: its intent is recorded already.
struct Step {
  Scope scope;
  std::string uuid;  // of the stack
  std::string stack_name;
  store::Key key;  // of the resource's record, or of the leftover's
  StackResource resource;
};

// One stack in one transaction. Use: construct, then `resume`, `settle` or neither, then `run`.
class Advance {
 public:
  Advance(store::Txn& tx, const ResourceTypes& types, const Plan& plan, Stack stack, Time now);

  // After a restart: every step under way is carried out again.
  void resume();
  // The result of a step. One that nobody waits for (any more) changes nothing.
  void settle(const Step& step, const Result<Made>& outcome);
  // Decides, records, and returns the steps to carry out.
  std::vector<Step> run();

 private:
  using Items = std::map<std::string, StackResource>;  // by logical id, or by a leftover's key

  // apply.cc
  void apply();
  void start_ready();
  void start(const Resource& resource);
  void start_existing(const Resource& resource, const ResourceType& type, StackResource& record,
                      json::object wanted);
  Result<json::object> properties_of(const Resource& resource, const ResourceType& type);
  Environment environment();
  void apply_failed();
  void applied();
  Result<std::vector<OutputValue>> outputs();
  Result<void> export_outputs(const std::vector<OutputValue>& outputs);
  void settle_applied(StackResource& record, const Step& step, const Result<Made>& outcome);
  void succeed(StackResource& record, const Made& made);
  void fail(StackResource& record, const std::string& reason);

  // undo.cc
  void begin_restore();
  void restore();
  void remove_all(Items& items, bool leftovers);
  bool may_remove(const Items& items, const StackResource& item) const;
  bool retained(const StackResource& item, bool leftover) const;
  void removal_over();
  void settle_removed(StackResource& item, const Result<Made>& outcome);
  void settle_restored(StackResource& record, const Step& step, const Result<Made>& outcome);
  void add_leftover(StackResource item);
  void release_exports();

  // advance.cc
  std::size_t under_way(const Items& items) const;
  void begin_step(StackResource& item, const store::Key& key, Work work, std::string status,
                  std::string reason);
  // Records the intent and puts the step among those to carry out.
  void attempt(StackResource& item, const store::Key& key);
  void event(const StackResource& item);
  void set(StackResource& item, std::string status, std::string reason);
  void stack_status(std::string status, std::string reason);
  void finish(std::string status, std::string reason);
  store::Key key_of(const StackResource& item) const;
  void drop_imports(bool of_this_operation);

  store::Txn& tx_;
  const ResourceTypes& types_;
  const Plan& plan_;
  Stack stack_;
  Time now_;
  Items resources_;
  Items leftovers_;
  std::vector<Step> steps_;
};

}  // namespace cloudlet::deploy
