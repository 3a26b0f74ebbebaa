// Every key that CloudWatch Logs writes.
#pragma once

#include "store/key.h"

namespace cloudlet::logs::keys {

using store::Key;
using store::make_key;

inline Key groups(const Scope& scope) {
  return make_key("logs", scope.account, scope.region, "group");
}
inline Key group(const Scope& scope, const std::string& name) {
  return make_key("logs", scope.account, scope.region, "group", name);
}
inline Key streams(const Scope& scope, const std::string& group) {
  return make_key("logs", scope.account, scope.region, "stream", group);
}
inline Key stream(const Scope& scope, const std::string& group, const std::string& name) {
  return make_key("logs", scope.account, scope.region, "stream", group, name);
}
// A stream's events, by time, then in the order they came.
inline Key events(const Scope& scope, const std::string& group, const std::string& stream) {
  return make_key("logs", scope.account, scope.region, "event", group, stream);
}
inline Key group_events(const Scope& scope, const std::string& group) {
  return make_key("logs", scope.account, scope.region, "event", group);
}
inline Key event(const Scope& scope, const std::string& group, const std::string& stream, Time at,
                 std::uint64_t sequence) {
  return make_key("logs", scope.account, scope.region, "event", group, stream, to_millis(at),
                  sequence);
}

}  // namespace cloudlet::logs::keys
