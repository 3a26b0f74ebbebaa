// Durable timers: what is to happen later, and survives a restart. See Txn::at.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "store/txn.h"

namespace cloudlet::store {

struct Timer {
  TimerId id;
  Time due;
  std::string payload;
};

class Timers {
 public:
  // Runs in a transaction of its own, which also removes the timer. It must not fail: what cannot
  // be done now sets itself a later timer.
  using Handler = std::function<void(Txn&, const Timer&)>;

  virtual ~Timers() = default;
  // Before Store::start. One handler a name; a due timer whose name nobody registered stays, and is
  // logged once.
  virtual void on(std::string name, Handler handler) = 0;
  // How many wait.
  virtual std::size_t size() const = 0;
};

}  // namespace cloudlet::store
