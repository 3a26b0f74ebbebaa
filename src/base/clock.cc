#include "base/clock.h"

#include <ctime>
#include <vector>

namespace cloudlet {
namespace {

std::int64_t system_millis() {
  return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string formatted(Time time, const char* format) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, format, &parts));
}

}  // namespace

std::string iso8601(Time time) {
  const auto millis = (time - std::chrono::floor<std::chrono::seconds>(time)).count();
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(millis));
  return formatted(time, "%Y-%m-%dT%H:%M:%S") + fraction;
}

std::string iso8601_basic(Time time) { return formatted(time, "%Y%m%dT%H%M%SZ"); }
std::string http_date(Time time) { return formatted(time, "%a, %d %b %Y %H:%M:%S GMT"); }

Clock::Clock(Time start) : frozen_ms_(to_millis(start)) {}

Time Clock::now() const {
  const std::int64_t frozen = frozen_ms_.load(std::memory_order_acquire);
  return from_millis(frozen >= 0 ? frozen
                                 : system_millis() + offset_ms_.load(std::memory_order_acquire));
}

bool Clock::frozen() const { return frozen_ms_.load(std::memory_order_acquire) >= 0; }

void Clock::freeze() {
  std::scoped_lock lock(mutex_);
  if (!frozen()) frozen_ms_.store(system_millis() + offset_ms_.load());
}

void Clock::advance(Duration by) {
  {
    std::scoped_lock lock(mutex_);
    if (frozen())
      frozen_ms_.fetch_add(by.count());
    else
      offset_ms_.fetch_add(by.count());
  }
  announce();
}

void Clock::resume() {
  {
    std::scoped_lock lock(mutex_);
    const std::int64_t frozen = frozen_ms_.load();
    if (frozen < 0) return;
    offset_ms_.store(frozen - system_millis());
    frozen_ms_.store(-1);
  }
  announce();
}

Clock::Subscription Clock::on_jump(std::function<void()> listener) {
  std::scoped_lock lock(mutex_);
  listeners_.emplace(next_, std::move(listener));
  return next_++;
}

void Clock::unsubscribe(Subscription subscription) {
  std::scoped_lock lock(mutex_);
  listeners_.erase(subscription);
}

void Clock::announce() {
  std::vector<std::function<void()>> listeners;
  {
    std::scoped_lock lock(mutex_);
    for (const auto& [id, listener] : listeners_) listeners.push_back(listener);
  }
  for (const auto& listener : listeners) listener();
}

}  // namespace cloudlet
