// In-memory state derived from a range of keys: compiled rules, subscriptions, configurations.
//
// Filled by a scan at start, then told of every committed change in commit order, on the store's
// thread, before the transaction is acknowledged. A view is a hint: a transaction re-reads through
// `tx` what its decision depends on. The view guards its own state; readers are on other threads.
#pragma once

#include <optional>
#include <string_view>

#include "store/key.h"

namespace cloudlet::store {

class View {
 public:
  virtual ~View() = default;
  // What it wants to hear of. Asked once.
  virtual Range range() const = 0;
  // A key was put (with its value) or erased (nullopt). Must not block and must not throw.
  virtual void apply(std::string_view key, std::optional<std::string_view> value) = 0;
};

}  // namespace cloudlet::store
