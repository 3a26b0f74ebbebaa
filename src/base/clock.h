// The one source of time. It can be frozen and advanced (`cloudlet clock`), and everything follows
// it: timers, sessions, signatures, logs. Whatever waits for a time subscribes to jumps.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace cloudlet {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

inline std::int64_t to_millis(Time time) { return time.time_since_epoch().count(); }
inline Time from_millis(std::int64_t millis) { return Time(Duration(millis)); }

// "2020-08-27T13:47:52.677Z", and the basic form of signatures, "20200827T134752Z".
std::string iso8601(Time time);
std::string iso8601_basic(Time time);
// "Thu, 27 Aug 2020 13:47:52 GMT" (RFC 9110, 5.6.7).
std::string http_date(Time time);

// Thread-safe.
class Clock {
 public:
  // The system's time.
  Clock() = default;
  // Frozen at `start`: what tests use.
  explicit Clock(Time start);
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  Time now() const;
  bool frozen() const;

  void freeze();              // stops at the present moment
  void advance(Duration by);  // jumps ahead, frozen or not
  void resume();              // runs on from where it stands

  using Subscription = std::uint64_t;
  // `listener` is called after each jump, on the thread that made it. Keep it short: post
  // somewhere.
  Subscription on_jump(std::function<void()> listener);
  void unsubscribe(Subscription subscription);

 private:
  void announce();

  std::atomic<std::int64_t> offset_ms_{0};   // added to the system's time while running
  std::atomic<std::int64_t> frozen_ms_{-1};  // the moment it stands at; -1 while running
  std::mutex mutex_;
  std::map<Subscription, std::function<void()>> listeners_;
  Subscription next_ = 1;
};

}  // namespace cloudlet
