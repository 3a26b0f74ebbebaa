// Carries out what is to be done with stacks: in parallel, in the order of dependencies, and so
// that a kill at any point is continued at the next start.
//
// How: each step's intent (which resource, under which name, with which properties) is committed
// before the service is called, its result after. The transaction that records a result also
// decides what comes next, so nothing polls and nothing is forgotten. After a restart every intent
// without a result is carried out again: a creation first looks (ResourceType::find) whether the
// earlier attempt got through. An interrupted operation thus goes on where it was; it is not rolled
// back.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "deploy/advance.h"
#include "deploy/plan.h"
#include "deploy/resource_types.h"
#include "deploy/state.h"

namespace cloudlet::store {
class Store;
class Txn;
}  // namespace cloudlet::store

namespace cloudlet::deploy {

// A caller that speaks for the account in its region, in process.
using CallerFor = std::function<std::unique_ptr<wire::Caller>(const Scope& scope)>;

class Engine {
 public:
  struct Parts {
    store::Store& store;
    const ResourceTypes& types;
    Clock& clock;
    CallerFor caller;
    asio::any_io_executor executor;
  };
  // Before Store::start: registers its timers.
  explicit Engine(Parts parts);
  ~Engine();

  // After Store::start: goes on with what was under way.
  void start();
  // Lets go of all work; it goes on at the next start. Not on a thread of the executor.
  void stop();

  // Within the caller's transaction: the stack (written by this) begins an operation, and work
  // starts when `tx` has committed. `status` is the stack's new status. The deployment it works
  // towards is stack.target.
  void begin(store::Txn& tx, Stack& stack, Phase phase, std::string status, std::string token,
             Time now);
  // Within the caller's transaction: an update is to be undone.
  void cancel(store::Txn& tx, Stack& stack);

  const ResourceTypes& types() const { return parts_.types; }

 private:
  enum class Resume { no, yes };

  Task<> drive(Scope scope, std::string uuid, Resume resume);
  Task<> perform(std::shared_ptr<const Plan> plan, Step step);
  Task<Result<Made>> carry_out(const Step& step);
  Task<Result<Made>> create(const ResourceType& type, const Request& request, const Step& step);
  void spawn(const std::shared_ptr<const Plan>& plan, std::vector<Step> steps);
  void wake(const Scope& scope, const std::string& uuid, Resume resume);
  Result<std::shared_ptr<const Plan>> plan_of(const Scope& scope, const std::string& uuid);
  void forget(const std::string& uuid);

  Parts parts_;
  std::unique_ptr<TaskGroup> tasks_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Plan>> plans_;  // by stack; remade when gone
};

}  // namespace cloudlet::deploy
