// The timers that are due, in order; run by the sequencer. The timers themselves are keys (see
// timer_key).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/group_txn.h"
#include "store/timers.h"

namespace cloudlet::store {

class DurableTimers final : public Timers {
 public:
  using Snapshots = std::function<std::unique_ptr<ReadTxn>()>;
  explicit DurableTimers(Snapshots snapshots) : snapshots_(std::move(snapshots)) {}

  void on(std::string name, Handler handler) override;
  std::size_t size() const override;

  // The sequencer's side.
  Time next() const;    // when there may be something to do; Time::max(): never, as far as is known
  void heed(Time due);  // a timer was set
  // Runs up to `limit` due timers, each a transaction of its own in the open group.
  std::size_t fire(GroupTxn& tx, Time now, std::size_t limit);
  // A group was lost: its timers are there again.
  void look_again() { floor_ = 0, next_ = Time::min(); }

 private:
  std::vector<TimerId> due(GroupTxn& tx, Time now, std::size_t limit);
  void run(GroupTxn& tx, TimerId id, Time now);

  Snapshots snapshots_;
  std::map<std::string, Handler, std::less<>> handlers_;
  std::set<std::string, std::less<>> unknown_;  // names already logged
  // No timer before this one is of interest: keeps a look at the head from walking over what was
  // fired long ago.
  TimerId floor_ = 0;
  Time next_ = Time::min();
  std::multimap<Time, TimerId> failed_;  // when to try again
};

}  // namespace cloudlet::store
