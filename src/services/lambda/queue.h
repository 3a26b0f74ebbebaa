// Asynchronous invocations in the store: accepted, taken, tried again, given up. All in the
// caller's transaction.
#pragma once

#include <string>

#include "delivery/target.h"
#include "services/lambda/state.h"
#include "store/timers.h"

namespace cloudlet::lambda {

inline constexpr const char* retry_timer = "lambda.retry";

// Accepts one: durable with `tx`; the dispatcher hears of it by the commit feed.
void enqueue(store::Txn& tx, const FunctionId& id, const StoredInvocation& invocation);
// The timer's handler: what waited may run now.
void end_wait(store::Txn& tx, const store::Timer& timer);

// How an attempt went.
struct Outcome {
  enum class Kind {
    success,
    function_error,  // it ran and failed, crashed or was too slow
    not_run,         // throttled, or no instance could be started
    no_function,     // it is gone
  };
  Kind kind = Kind::success;
  std::string payload;  // the function's answer or error document
  std::string error_type;
  std::string reason;
};
// Removes the queued invocation and does what its outcome asks for, in one transaction: a later
// attempt, a destination, a dead letter. Nothing happens if it is not there any more.
void settle(store::Txn& tx, const delivery::Targets& targets, const store::Key& queued,
            const FunctionId& id, const Outcome& outcome, Time now);

// Too old to be tried (again).
bool expired(const StoredInvocation& invocation, const StoredFunction& function, Time now);

}  // namespace cloudlet::lambda
