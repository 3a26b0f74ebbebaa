#include "services/lambda/dispatcher.h"

#include "base/log.h"
#include "services/lambda/describe.h"
#include "services/lambda/keys.h"

namespace cloudlet::lambda {
namespace {

constexpr std::size_t heads_max = 1024;  // known of one function's queue

FunctionId id_of(std::string_view key) {
  store::KeyReader k(key);
  k.skip(), k.skip();  // "lambda", "queue"
  FunctionId id;
  id.scope = k.scope();
  id.name = k.text();
  return id;
}

}  // namespace

Dispatcher::Dispatcher(const Parts& with) : with_(with), tasks_(with.executor) {
  with_.store.timers().on(retry_timer, end_wait);
}

void Dispatcher::start() {
  {
    std::scoped_lock lock(mutex_);
    started_ = true;
  }
  pump();
}

void Dispatcher::stop() {
  {
    std::scoped_lock lock(mutex_);
    started_ = false;
  }
  with_.runtime.stop();  // else the last one that runs would be waited for, up to 15 minutes
  tasks_.stop();
}

store::Range Dispatcher::range() const { return store::prefix(keys::queues()); }

void Dispatcher::apply(std::string_view key, std::optional<std::string_view> value) {
  if (!value) return;  // its own doing, or a deleted function's: `run` finds nothing then
  bool wake = false;
  {
    std::scoped_lock lock(mutex_);
    Line& line = lines_[id_of(key)];
    if (line.knows(key)) return;  // `refill` saw the commit before we were told
    if (line.more || line.heads.size() >= heads_max) {
      line.more = true;
    } else {
      line.heads.emplace_back(key);
      wake = started_;
    }
  }
  if (wake) tasks_.spawn("asynchronous invocations", pump_later());
}

int Dispatcher::limit_of(const FunctionId& id) const {
  const auto function = with_.functions.find(id);
  return function && function->runnable.reserved ? std::max(1, *function->runnable.reserved)
                                                 : with_.runtime.concurrency();
}

Task<> Dispatcher::pump_later() {
  pump();
  co_return;
}

// Starts as many as may run. What is left over is looked at again when one of those ends.
void Dispatcher::pump() {
  std::vector<std::pair<FunctionId, std::string>> starting;
  {
    std::scoped_lock lock(mutex_);
    if (!started_) return;
    for (auto i = lines_.begin(); i != lines_.end();) {
      auto& [id, line] = *i;
      const int limit = limit_of(id);
      while (line.running < limit && running_ < with_.runtime.concurrency()) {
        auto head = next(id, line);
        if (!head) break;
        ++line.running, ++running_;
        line.taken.insert(*head);
        starting.emplace_back(id, std::move(*head));
      }
      i = line.running == 0 && line.heads.empty() && !line.more ? lines_.erase(i) : std::next(i);
    }
  }
  for (auto& [id, head] : starting)
    tasks_.spawn("asynchronous invocation", run(id, std::move(head)));
}

std::optional<std::string> Dispatcher::next(const FunctionId& id, Line& line) {
  if (line.heads.empty() && line.more) refill(id, line);
  if (line.heads.empty()) return std::nullopt;
  std::string head = std::move(line.heads.front());
  line.heads.pop_front();
  return head;
}

void Dispatcher::refill(const FunctionId& id, Line& line) {
  line.more = false;
  with_.store.snapshot()->scan(store::prefix(keys::queue(id.scope, id.name)),
                               [&](std::string_view key, std::string_view) {
                                 if (line.taken.contains(key)) return true;
                                 if (line.heads.size() == heads_max) {
                                   line.more = true;
                                   return false;
                                 }
                                 line.heads.emplace_back(key);
                                 return true;
                               });
}

Task<> Dispatcher::run(FunctionId id, std::string head) {
  const store::Key key = store::Key::from_bytes(head);
  // Not there any more: it was deleted with its function, which may have a namesake by now.
  if (const auto bytes = with_.store.snapshot()->get(key)) {
    const StoredInvocation invocation = decode_invocation(*bytes);
    const Time began = with_.clock.now();
    const Outcome outcome = co_await attempt(id, invocation);
    note(id, invocation, outcome, began);
    const auto body = [&](store::Txn& tx) -> Result<void> {
      settle(tx, with_.targets, key, id, outcome, with_.clock.now());
      return {};
    };
    const Result<void> settled = co_await with_.store.transact(body);
    // The store is full or stopping: it stays queued, and runs again after the next start.
    if (settled.has_error())
      log::warning("lambda", "an invocation of {} is not settled: {}", id.arn(),
                   settled.error().message());
  }
  {
    std::scoped_lock lock(mutex_);
    Line& line = lines_[id];
    --line.running, --running_;
    line.taken.erase(head);
  }
  pump();
}

Task<Outcome> Dispatcher::attempt(FunctionId id, StoredInvocation invocation) {
  const auto function = with_.functions.find(id);
  if (!function)
    co_return Outcome{.kind = Outcome::Kind::no_function, .reason = "the function is gone"};
  if (expired(invocation, function->stored, with_.clock.now()))
    co_return Outcome{.kind = Outcome::Kind::not_run, .reason = "the event is too old"};
  const auto unpacked =
      co_await with_.code.ensure_unpacked(function->stored.code, function->runnable.package);
  if (unpacked.has_error())
    co_return Outcome{.kind = Outcome::Kind::not_run, .reason = unpacked.error().message()};
  runtime::Invocation call{.request_id = invocation.request_id,
                           .payload = invocation.payload,
                           .cause = invocation.cause};
  std::shared_ptr<const runtime::Function> runnable(function, &function->runnable);
  const auto answer = co_await with_.runtime.invoke(std::move(runnable), std::move(call));
  if (answer.has_error())
    co_return Outcome{.kind = Outcome::Kind::not_run, .reason = answer.error().message()};
  if (answer->kind == runtime::Answer::Kind::ok) co_return Outcome{.payload = answer->payload};
  co_return Outcome{.kind = Outcome::Kind::function_error,
                    .payload = answer->payload,
                    .error_type = answer->error_type,
                    .reason = describe_failure(*answer)};
}

void Dispatcher::note(const FunctionId& id, const StoredInvocation& invocation,
                      const Outcome& outcome, Time began) {
  journal::Span span{.cause = invocation.cause, .id = with_.journal.next_span(), .scope = id.scope};
  span.action = "lambda:Run";
  span.resource = id.arn();
  span.at = began;
  span.took = with_.clock.now() - began;
  switch (outcome.kind) {
    case Outcome::Kind::success: break;
    case Outcome::Kind::function_error: span.outcome = journal::Outcome::failed; break;
    case Outcome::Kind::not_run: span.outcome = journal::Outcome::throttled; break;
    case Outcome::Kind::no_function: span.outcome = journal::Outcome::skipped; break;
  }
  span.reason = outcome.reason.empty() ? "request " + invocation.request_id
                                       : outcome.reason + ", request " + invocation.request_id;
  with_.journal.record(std::move(span));
}

}  // namespace cloudlet::lambda
