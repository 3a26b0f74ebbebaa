#include "store/durable_timers.h"

#include <algorithm>

#include "base/log.h"
#include "store/record.h"

namespace cloudlet::store {
namespace {

constexpr Duration retry_after{60'000};  // a handler that threw

TimerId id_of(std::string_view key) {
  KeyReader reader(key);
  reader.skip();
  reader.skip();
  return reader.number();
}

Range timers_from(TimerId first) {
  return {.from = timer_key(first).bytes(), .to = prefix(make_key("store", "timer")).to};
}

}  // namespace

void DurableTimers::on(std::string name, Handler handler) {
  assert_that(handlers_.emplace(std::move(name), std::move(handler)).second,
              "two handlers for one timer name");
}

std::size_t DurableTimers::size() const {
  std::size_t count = 0;
  snapshots_()->scan(timers_from(0),
                     [&](std::string_view, std::string_view) { return ++count, true; });
  return count;
}

Time DurableTimers::next() const {
  return failed_.empty() ? next_ : std::min(next_, failed_.begin()->first);
}

void DurableTimers::heed(Time due) {
  next_ = std::min(next_, due);
  if (due < timer_due(floor_)) floor_ = first_timer(due);
}

std::vector<TimerId> DurableTimers::due(GroupTxn& tx, Time now, std::size_t limit) {
  std::vector<TimerId> ids;
  while (!failed_.empty() && failed_.begin()->first <= now && ids.size() < limit) {
    ids.push_back(failed_.begin()->second);
    failed_.erase(failed_.begin());
  }
  next_ = Time::max();
  const auto take = [&](std::string_view key, std::string_view) {
    const TimerId id = id_of(key);
    floor_ = id;
    next_ = timer_due(id);
    if (next_ > now || ids.size() >= limit) return false;
    ids.push_back(id);
    next_ = Time::max();
    floor_ = id + 1;
    return true;
  };
  tx.scan(timers_from(floor_), take, Direction::forward);
  return ids;
}

std::size_t DurableTimers::fire(GroupTxn& tx, Time now, std::size_t limit) {
  const auto ids = due(tx, now, limit);
  for (const TimerId id : ids) run(tx, id, now);
  return ids.size();
}

void DurableTimers::run(GroupTxn& tx, TimerId id, Time now) {
  const Key key = timer_key(id);
  const auto stored = tx.get(key);  // one that ran before may have cancelled this one
  if (!stored) return;
  std::string name;
  Timer timer{.id = id, .due = timer_due(id), .payload = {}};
  for (RecordReader reader(*stored); reader.next();) {
    if (reader.field() == 1) name = reader.text();
    if (reader.field() == 2) timer.payload = reader.text();
  }
  const auto handler = handlers_.find(name);
  if (handler == handlers_.end()) {
    if (unknown_.insert(name).second)
      log::warning("store", "nobody handles timers named {}: they stay", name);
    return;
  }
  const auto mark = tx.mark();
  try {
    tx.erase(key);
    handler->second(tx, timer);
  } catch (const std::exception& bug) {
    log::error("store", "the handler of timer {} failed, next try in a minute: {}", name,
               bug.what());
    tx.undo(mark);
    failed_.emplace(now + retry_after, id);
  }
}

}  // namespace cloudlet::store
