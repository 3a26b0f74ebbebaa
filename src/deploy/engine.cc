// The doing half of the engine: wakes, calls the resource types, hands results back.
#include "deploy/engine.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "deploy/resource_steps.h"
#include "store/store.h"
#include "store/timers.h"
#include "wire/caller.h"

namespace cloudlet::deploy {
namespace {

const ErrorKind already_exists{.name = "AlreadyExistsException", .code = "AlreadyExistsException"};

// While the disk is full nothing can be recorded: what is done stays done, and is recorded when
// there is room again.
template <class Body>
Task<std::invoke_result_t<Body&, store::Txn&>> record(store::Store& store, Body body) {
  for (;;) {
    auto result = co_await store.transact(body);
    if (result.has_value() || !result.error().is(errors::service_unavailable)) co_return result;
    asio::steady_timer pause(co_await asio::this_coro::executor, std::chrono::seconds(1));
    const auto [stopping] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (stopping) co_return result;
  }
}

// Nothing is left of a stack that was deleted long ago.
void forget_stack(store::Txn& tx, const store::Timer& timer) {
  const auto bytes = tx.get(store::Key::from_bytes(timer.payload));
  if (!bytes) return;
  const Stack stack = decode_stack(*bytes);
  tx.erase(store::prefix(keys::deployments(stack.scope, stack.uuid)));
  tx.erase(store::prefix(keys::resources(stack.scope, stack.uuid)));
  tx.erase(store::prefix(keys::events(stack.scope, stack.uuid)));
  tx.erase(keys::stack(stack.scope, stack.uuid));
}

}  // namespace

Engine::Engine(Parts parts)
    : parts_(std::move(parts)), tasks_(std::make_unique<TaskGroup>(parts_.executor)) {
  parts_.store.timers().on("cloudformation.forget", forget_stack);
}

Engine::~Engine() = default;

void Engine::start() {
  std::vector<std::pair<Scope, std::string>> left;
  parts_.store.snapshot()->scan(store::prefix(keys::all_running()),
                                [&](std::string_view key, std::string_view) {
                                  store::KeyReader parts(key);
                                  parts.skip();
                                  Scope scope = parts.scope();
                                  left.emplace_back(std::move(scope), parts.text());
                                  return true;
                                });
  for (const auto& [scope, uuid] : left) wake(scope, uuid, Resume::yes);
}

void Engine::stop() { tasks_->stop(); }

void Engine::begin(store::Txn& tx, Stack& stack, Phase phase, std::string status, std::string token,
                   Time now) {
  const std::uint64_t number = stack.operation.number + 1;
  stack.operation = {.number = number, .phase = phase, .token = std::move(token)};
  stack.status = std::move(status);
  stack.reason = "User Initiated";
  add_stack_event(tx, stack, now);
  write_stack(tx, stack);
  tx.put(keys::running(stack.scope, stack.uuid), "");
  tx.on_commit([this, scope = stack.scope, uuid = stack.uuid] { wake(scope, uuid, Resume::no); });
}

void Engine::cancel(store::Txn& tx, Stack& stack) {
  stack.operation.cancelled = true;
  write_stack(tx, stack);
  tx.on_commit([this, scope = stack.scope, uuid = stack.uuid] { wake(scope, uuid, Resume::no); });
}

void Engine::wake(const Scope& scope, const std::string& uuid, Resume resume) {
  tasks_->spawn("stack " + uuid, drive(scope, uuid, resume));
}

void Engine::forget(const std::string& uuid) {
  const std::lock_guard lock(mutex_);
  plans_.erase(uuid);
}

Result<std::shared_ptr<const Plan>> Engine::plan_of(const Scope& scope, const std::string& uuid) {
  const auto now = parts_.store.snapshot();
  const auto stack = read_stack(*now, scope, uuid);
  if (!stack || !stack->busy()) return Error(errors::not_found, "nothing to do");
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = plans_.find(uuid);
        found != plans_.end() && found->second->operation == stack->operation.number)
      return found->second;
  }
  const auto deployment = read_deployment(*now, *stack, stack->target);
  assert_that(deployment.has_value(), "a stack works towards a deployment that is not there");
  TRY(auto plan, make_plan(*stack, *deployment));
  const std::lock_guard lock(mutex_);
  plans_[uuid] = plan;
  return plan;
}

void Engine::spawn(const std::shared_ptr<const Plan>& plan, std::vector<Step> steps) {
  for (auto& step : steps)
    tasks_->spawn("stack " + step.uuid + " " + step.resource.id, perform(plan, std::move(step)));
}

Task<> Engine::drive(Scope scope, std::string uuid, Resume resume) {
  auto plan = plan_of(scope, uuid);
  if (plan.has_error()) co_return;
  const Time now = parts_.clock.now();
  const auto body = [this, plan = *plan, scope, uuid, resume,
                     now](store::Txn& tx) -> Result<std::vector<Step>> {
    auto stack = read_stack(tx, scope, uuid);
    if (!stack || !stack->busy() || stack->operation.number != plan->operation)
      return std::vector<Step>();
    Advance advance(tx, parts_.types, *plan, std::move(*stack), now);
    if (resume == Resume::yes) advance.resume();
    return advance.run();
  };
  auto steps = co_await record(parts_.store, body);
  if (steps.has_error()) {
    log::error("cloudformation", "stack {} waits for the next start: {}", uuid,
               steps.error().message());
    co_return;
  }
  spawn(*plan, std::move(*steps));
}

Task<Result<Made>> Engine::create(const ResourceType& type, const Request& request,
                                  const Step& step) {
  const StackResource& resource = step.resource;
  if (resource.looked && resource.attempts > 1) {
    // An earlier attempt may have got through; then this is its resource.
    auto found = co_await type.find(request, resource.wanted);
    if (found.has_error()) co_return std::move(found).error();
    if (*found) {
      auto made =
          co_await type.update(request, (*found)->physical_id, no_properties, resource.wanted);
      if (made.has_value()) co_return made;
      // It is there, whatever its completion says: who rolls back must know of it.
      (*found)->failure = made.error().message();
      co_return std::move(**found);
    }
  }
  if (!resource.looked) {
    auto found = co_await type.find(request, resource.wanted);
    if (found.has_error()) co_return std::move(found).error();
    if (*found)
      co_return Error(already_exists, "Resource of type '" + resource.type + "' with identifier '" +
                                          (*found)->physical_id + "' already exists.");
    const auto note = [key = step.key,
                       attempts = resource.attempts](store::Txn& tx) -> Result<void> {
      const auto bytes = tx.get(key);
      if (!bytes) return {};
      StackResource record = decode_resource(*bytes);
      if (record.work == Work::none || record.attempts != attempts) return {};
      record.looked = true;
      tx.put(key, encode(record));
      return {};
    };
    CO_CHECK(co_await parts_.store.transact(note));
  }
  co_return co_await type.create(request, resource.wanted);
}

Task<Result<Made>> Engine::carry_out(const Step& step) {
  const StackResource& resource = step.resource;
  const ResourceType* type = parts_.types.find(resource.type);
  if (type == nullptr)
    co_return Error(errors::not_found, "Resource type " + resource.type + " is not known any more");
  const std::unique_ptr<wire::Caller> caller = parts_.caller(step.scope);
  const Stack names{.scope = step.scope, .uuid = step.uuid, .name = step.stack_name};
  const Request request{.caller = *caller,
                        .scope = step.scope,
                        .stack_id = names.arn(),
                        .stack_name = step.stack_name,
                        .logical_id = resource.id,
                        .since = resource.updated,
                        .name = resource.name};
  switch (resource.work) {
    case Work::create:
    case Work::replace: co_return co_await create(*type, request, step);
    case Work::update:
      co_return co_await type->update(request, resource.now.id, resource.now.properties,
                                      resource.wanted);
    case Work::remove: {
      auto removed = co_await type->remove(request, resource.now.id, resource.now.properties);
      if (removed.has_error()) co_return std::move(removed).error();
      co_return Made{.physical_id = resource.now.id};
    }
    case Work::none: break;
  }
  co_return Made{.physical_id = resource.now.id};
}

Task<> Engine::perform(std::shared_ptr<const Plan> plan, Step step) {
  const auto outcome = co_await carry_out(step);
  const Time now = parts_.clock.now();
  const auto body = [this, &plan, &step, &outcome,
                     now](store::Txn& tx) -> Result<std::vector<Step>> {
    auto stack = read_stack(tx, step.scope, step.uuid);
    if (!stack || !stack->busy() || stack->operation.number != plan->operation)
      return std::vector<Step>();
    Advance advance(tx, parts_.types, *plan, std::move(*stack), now);
    advance.settle(step, outcome);
    return advance.run();
  };
  auto steps = co_await record(parts_.store, body);
  if (steps.has_error()) {
    // The intent stands; the next start carries it out again.
    log::error("cloudformation", "stack {} waits for the next start: {}", step.uuid,
               steps.error().message());
    co_return;
  }
  if (steps->empty()) forget(step.uuid);
  spawn(plan, std::move(*steps));
}

}  // namespace cloudlet::deploy
