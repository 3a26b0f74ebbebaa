// Runs asynchronous invocations: hears of each by the commit feed, hands it to an instance, settles
// it in one transaction.
//
// At least once, as AWS's: an invocation that ran when the process died runs again. Memory is
// bounded: of a long queue only the head is known here, the rest is read when the head has gone.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "delivery/target.h"
#include "journal/journal.h"
#include "runtime/runtime.h"
#include "services/lambda/code_store.h"
#include "services/lambda/functions_view.h"
#include "services/lambda/queue.h"
#include "store/store.h"
#include "store/view.h"

namespace cloudlet::lambda {

class Dispatcher : public store::View {
 public:
  struct Parts {
    store::Store& store;
    runtime::Runtime& runtime;
    const FunctionsView& functions;
    CodeStore& code;
    const delivery::Targets& targets;
    journal::Journal& journal;
    Clock& clock;
    asio::any_io_executor executor;
  };
  // Registers the retry timer: before Store::start.
  explicit Dispatcher(const Parts& with);

  void start();
  void stop();  // and the runtime: what runs is interrupted, and runs again after the next start

  store::Range range() const override;
  void apply(std::string_view key, std::optional<std::string_view> value) override;

 private:
  struct Line {
    std::deque<std::string> heads;  // keys, in order
    bool more = false;              // the store has others behind the last head
    int running = 0;
    std::set<std::string, std::less<>> taken;  // keys that run now
    bool knows(std::string_view key) const {
      return taken.contains(key) || (!heads.empty() && key <= heads.back());
    }
  };

  void pump();
  Task<> pump_later();  // on the executor
  std::optional<std::string> next(const FunctionId& id, Line& line);
  void refill(const FunctionId& id, Line& line);
  int limit_of(const FunctionId& id) const;
  Task<> run(FunctionId id, std::string head);
  Task<Outcome> attempt(FunctionId id, StoredInvocation invocation);
  void note(const FunctionId& id, const StoredInvocation& invocation, const Outcome& outcome,
            Time began);

  const Parts with_;
  TaskGroup tasks_;
  mutable std::mutex mutex_;
  std::map<FunctionId, Line> lines_;
  int running_ = 0;
  bool started_ = false;
};

}  // namespace cloudlet::lambda
