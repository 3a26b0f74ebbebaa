// What is kept of stacks: the stack, what was deployed, its resources and how far the work on each
// has come, its events.
//
// Every step of the engine writes its intent here before it acts and its result after, so that
// whatever a crash leaves behind says what to do next. Keys: see `keys` below; all begin with
// "cloudformation".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "deploy/parameters.h"
#include "deploy/template.h"
#include "store/key.h"

namespace cloudlet::store {
class ReadTxn;
class Txn;
}  // namespace cloudlet::store

namespace cloudlet::deploy {

// What is being done with a stack. The numbers are on disk.
enum class Phase : std::uint8_t {
  idle = 0,
  apply = 1,    // resources are made and changed towards the target
  undo = 2,     // a creation failed: all that was made goes away
  restore = 3,  // an update failed: what was changed is put back
  cleanup = 4,  // what an update (or its undoing) replaced or dropped goes away
  remove = 5,   // the stack is being deleted
};
enum class OnFailure : std::uint8_t { rollback = 0, nothing = 1, remove = 2 };

struct Operation {
  std::uint64_t number = 0;  // grows; a resource settled by this operation bears it
  Phase phase = Phase::idle;
  std::string token;                // ClientRequestToken, repeated in events
  std::vector<std::string> failed;  // logical ids
  std::string failure;              // why, where no resource is to blame
  bool undoing = false;             // the cleanup belongs to a failed update
  bool cancelled = false;
};

struct OutputValue {
  std::string name, value, description, export_name;
};

struct Stack {
  Scope scope;
  std::string uuid;
  std::string name;
  std::string status;  // StackStatus's text
  std::string reason;
  std::string description;
  Time created{};
  std::optional<Time> updated, deleted;
  std::uint64_t current = 0;  // the deployment that stands; 0: none yet
  std::uint64_t target = 0;   // the one being applied, or `current`
  std::string change_set_id;
  OnFailure on_failure = OnFailure::rollback;
  bool retain_except_on_create = false;
  bool termination_protection = false;
  std::vector<OutputValue> outputs;
  std::vector<std::string> retained;  // DeleteStack's RetainResources
  std::uint64_t events = 0;           // how many are kept
  Operation operation;

  std::string arn() const;
  bool busy() const { return operation.phase != Phase::idle; }
};

// A template with its values.
struct Deployment {
  std::string body;       // as it came
  std::string processed;  // JSON, transforms carried out
  ParameterTexts parameters;
  std::map<std::string, std::string> tags;
  std::vector<std::string> capabilities;
};

struct Physical {
  std::string id;  // empty: there is none
  json::object properties;
  json::object attributes;
};

enum class Work : std::uint8_t { none = 0, create = 1, update = 2, replace = 3, remove = 4 };

struct StackResource {
  std::string id;  // logical
  std::string type;
  std::string status;  // ResourceStatus's text
  std::string reason;
  Time updated{};
  Physical now;
  std::vector<std::string> depends_on;
  Keep deletion = Keep::remove;
  Keep replacement = Keep::remove;
  // The step under way: the intent. `name` is fixed before the first attempt.
  Work work = Work::none;
  std::uint64_t attempts = 0;
  bool looked =
      false;  // no other resource has that name: a later attempt that finds one has found its own
  std::string name;
  json::object wanted;
  // What this operation did, until it is over.
  std::uint64_t operation = 0;
  bool added = false;
  bool replaced = false;
  std::optional<Physical> before;
  bool kept = false;  // of leftovers: to be retained
};

struct StackEvent {
  std::string id, logical_id, physical_id, type, status, reason, token, properties;
  Time at{};
};

std::string encode(const Stack& stack);
Stack decode_stack(std::string_view bytes);
std::string encode(const Deployment& deployment);
Deployment decode_deployment(std::string_view bytes);
std::string encode(const StackResource& resource);
StackResource decode_resource(std::string_view bytes);
std::string encode(const StackEvent& event);
StackEvent decode_event(std::string_view bytes);

namespace keys {
store::Key stack(const Scope& scope, const std::string& uuid);
store::Key stacks(const Scope& scope);
store::Key name(const Scope& scope, const std::string& name);  // -> uuid of the stack that has it
store::Key deployment(const Scope& scope, const std::string& uuid, std::uint64_t number);
store::Key deployments(const Scope& scope, const std::string& uuid);
store::Key resource(const Scope& scope, const std::string& uuid, const std::string& id);
store::Key resources(const Scope& scope, const std::string& uuid);
store::Key leftover(const Scope& scope, const std::string& uuid,
                    std::uint64_t number);  // a StackResource to be removed
store::Key leftovers(const Scope& scope, const std::string& uuid);
store::Key event(const Scope& scope, const std::string& uuid, std::uint64_t number);
store::Key events(const Scope& scope, const std::string& uuid);
store::Key exported(const Scope& scope, const std::string& name);  // -> uuid, value
store::Key exports(const Scope& scope);
store::Key imported(const Scope& scope, const std::string& name, const std::string& uuid,
                    std::uint64_t operation);
store::Key importers(const Scope& scope, const std::string& name);
store::Key imports(const Scope& scope);
store::Key running(const Scope& scope, const std::string& uuid);  // there is work to do
store::Key all_running();
}  // namespace keys

std::optional<Stack> read_stack(const store::ReadTxn& tx, const Scope& scope,
                                const std::string& uuid);
void write_stack(store::Txn& tx, const Stack& stack);
std::optional<Deployment> read_deployment(const store::ReadTxn& tx, const Stack& stack,
                                          std::uint64_t number);
std::map<std::string, StackResource> read_resources(const store::ReadTxn& tx, const Stack& stack);
void write_resource(store::Txn& tx, const Stack& stack, const StackResource& resource);
// Adds an event and counts it in `stack` (which the caller writes); the oldest goes beyond 10,000.
void add_event(store::Txn& tx, Stack& stack, StackEvent event);
// The stack's own event, with its present status and reason.
void add_stack_event(store::Txn& tx, Stack& stack, Time now);

}  // namespace cloudlet::deploy
