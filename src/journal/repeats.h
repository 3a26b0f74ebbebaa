// Spans of what a flood repeats: dropped messages, denied publishes, messages that no rule takes.
// The first ones are recorded as they come; beyond a rate alike ones are counted, and one span says
// how often. So a flood never washes the rest of the journal out, and `trace why` still answers.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "journal/journal.h"

namespace cloudlet::journal {

// Thread-safe.
class Repeats {
 public:
  struct Rate {
    std::uint32_t burst = 512;     // recorded one by one
    std::uint32_t a_tick = 16;     // ... and so many more a tick
    std::size_t kinds_max = 1024;  // counted apart; more: together
    std::uint32_t said_max = 64;   // counts that one tick records
  };
  // Both outlive it.
  Repeats(Journal& journal, const Clock& clock, Rate rate)
      : journal_(journal), clock_(clock), rate_(rate), left_(rate.burst) {}

  // `kind`: equal for spans that may be counted together, a hash. `make` is asked only if its span
  // is recorded or is the first of a count.
  template <class Make>
  void record(std::uint64_t kind, const Make& make, std::uint64_t times = 1) {
    const std::scoped_lock lock(mutex_);
    if (left_ > 0) {
      --left_;
      return one(make(), times);
    }
    Count* count = find(kind);
    if (count == nullptr) count = &counts_.emplace(kind, Count{.span = make()}).first->second;
    this->count(*count, times);
  }

  // About once a second. A count that goes on is said after 1, 2, 4 ... 64 ticks, one that ended at
  // once.
  void tick();

 private:
  struct Count {
    Span span;  // the first
    Time since;
    std::uint64_t times = 0;
    std::uint32_t wait = 1;  // ticks from one span to the next
    std::uint32_t passed = 0;
    bool met = false;  // since the last tick
  };
  void one(Span span, std::uint64_t times);
  Count* find(std::uint64_t kind);  // null: there is room for it
  void count(Count& count, std::uint64_t times) const;
  void say(Count& count);

  Journal& journal_;
  const Clock& clock_;
  const Rate rate_;
  std::mutex mutex_;
  std::uint32_t left_;
  std::unordered_map<std::uint64_t, Count> counts_;
  Count others_;  // beyond `kinds_max` and `said_max`
};

}  // namespace cloudlet::journal
