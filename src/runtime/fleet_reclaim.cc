// Giving instances back: idle for too long, of an old revision, in the way of others, at the end.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "runtime/fleet.h"

namespace cloudlet::runtime {

void Fleet::update(const std::string& arn, const Function* now) {
  std::vector<Held> ending;
  {
    std::scoped_lock lock(mutex_);
    const int reserved = now == nullptr ? 0 : now->reserved.value_or(0);
    auto pool = pools_.find(arn);
    if (pool == pools_.end()) {
      if (reserved == 0) return;
      pool = pools_.try_emplace(arn).first;
    }
    Pool& known = pool->second;
    known.revision = now == nullptr ? std::string() : now->revision;
    reserved_ += reserved - std::exchange(known.reserved, reserved);
    std::erase_if(known.idle, [&](const Idle& idle) {
      if (idle.instance->function().revision == known.revision) return false;
      ending.push_back(idle.instance);
      return true;
    });
    stats_.idle -= ending.size();
    if (now == nullptr) {
      std::erase_if(credentials_, [&](const auto& lent) { return lent.first.first == arn; });
      if (known.busy == 0) pools_.erase(pool);
    }
  }
  for (const Held& instance : ending) instance->end();
}

// As many instances as there may be invocations; beyond that the one that has been idle longest
// goes.
void Fleet::make_room() {
  Held oldest;
  {
    std::scoped_lock lock(mutex_);
    if (instances_.size() < static_cast<std::size_t>(options_.concurrency)) return;
    Pool* of = nullptr;
    for (auto& [arn, pool] : pools_)
      if (!pool.idle.empty() && (of == nullptr || pool.idle.front().since < of->idle.front().since))
        of = &pool;
    if (of == nullptr) return;
    oldest = std::move(of->idle.front().instance);
    of->idle.pop_front();
    --stats_.idle;
  }
  oldest->end();
}

void Fleet::reclaim() {
  std::vector<Held> ending;
  {
    std::scoped_lock lock(mutex_);
    const Time now = clock_.now();
    for (auto& [arn, pool] : pools_) {
      while (!pool.idle.empty() && pool.idle.front().since + options_.idle_time <= now) {
        ending.push_back(std::move(pool.idle.front().instance));
        pool.idle.pop_front();
        --stats_.idle;
      }
    }
  }
  for (const Held& instance : ending) instance->end();
}

// How long until the instance that has been idle longest has been so too long. A frozen clock's
// jumps wake us.
std::optional<Duration> Fleet::next_reclaim() {
  std::scoped_lock lock(mutex_);
  std::optional<Time> due;
  for (const auto& [arn, pool] : pools_)
    if (!pool.idle.empty() && (!due || pool.idle.front().since + options_.idle_time < *due))
      due = pool.idle.front().since + options_.idle_time;
  reclaim_armed_ = due.has_value();
  if (!due || clock_.frozen()) return std::nullopt;
  return std::max(Duration(1), *due - clock_.now());
}

Task<> Fleet::reclaim_loop() {
  for (;;) {
    {
      std::scoped_lock lock(mutex_);
      if (stopped_) co_return;
    }
    const std::optional<Duration> wait = next_reclaim();
    if (wait)
      reclaim_timer_->expires_after(*wait);
    else
      reclaim_timer_->expires_at(std::chrono::steady_clock::time_point::max());
    co_await reclaim_timer_->async_wait(asio::as_tuple(asio::use_awaitable));
    reclaim();
  }
}

void Fleet::wake_reclaim() {
  asio::post(executor_, [timer = reclaim_timer_] { timer->cancel(); });
}

Stats Fleet::stats() const {
  std::scoped_lock lock(mutex_);
  return stats_;
}

void Fleet::stop() {
  {
    std::scoped_lock lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  if (jumps_ != 0) clock_.unsubscribe(jumps_);
  launcher_.stop();
  // Each instance hears of its end on its own thread, and lets go of its sockets.
  {
    std::unique_lock lock(mutex_);
    all_ended_.wait_for(lock, std::chrono::seconds(10), [this] { return instances_.empty(); });
  }
  tasks_.stop();
}

}  // namespace cloudlet::runtime
