// Every key that Lambda writes.
#pragma once

#include "store/key.h"

namespace cloudlet::lambda::keys {

using store::Key;
using store::make_key;

inline Key all_functions() { return make_key("lambda", "function"); }
inline Key functions(const Scope& scope) {
  return make_key("lambda", "function", scope.account, scope.region);
}
inline Key function(const Scope& scope, const std::string& name) {
  return make_key("lambda", "function", scope.account, scope.region, name);
}
// Asynchronous invocations that may run now, in the order of their commits.
inline Key queues() { return make_key("lambda", "queue"); }
inline Key queue(const Scope& scope, const std::string& function) {
  return make_key("lambda", "queue", scope.account, scope.region, function);
}
inline Key queued(const Scope& scope, const std::string& function, std::uint64_t sequence) {
  return make_key("lambda", "queue", scope.account, scope.region, function, sequence);
}
// Those that wait for another attempt; each has a timer.
inline Key waiting_of(const Scope& scope, const std::string& function) {
  return make_key("lambda", "waiting", scope.account, scope.region, function);
}
inline Key waiting(const Scope& scope, const std::string& function, std::uint64_t sequence) {
  return make_key("lambda", "waiting", scope.account, scope.region, function, sequence);
}

}  // namespace cloudlet::lambda::keys
