#include "journal/repeats.h"

#include <fmt/core.h>

#include <algorithm>

namespace cloudlet::journal {
namespace {

constexpr std::uint32_t wait_max = 64;

}  // namespace

void Repeats::one(Span span, std::uint64_t times) {
  if (times > 1) span.reason += fmt::format("; {} times", times);
  journal_.record(std::move(span));
}

Repeats::Count* Repeats::find(std::uint64_t kind) {
  const auto found = counts_.find(kind);
  if (found != counts_.end()) return &found->second;
  return counts_.size() < rate_.kinds_max ? nullptr : &others_;
}

void Repeats::count(Count& count, std::uint64_t times) const {
  if (count.times == 0) count.since = clock_.now();
  count.times += times;
  count.met = true;
}

void Repeats::say(Count& count) {
  Span span = count.span;
  span.id = journal_.next_span();
  if (span.cause.trace.empty()) span.cause = journal_.begin();
  span.reason += fmt::format("{}{} times since {}", span.reason.empty() ? "" : "; ", count.times,
                             iso8601(count.since));
  span.at = clock_.now();
  journal_.record(std::move(span));
  count.times = 0;
  count.passed = 0;
  count.wait = std::min(count.wait * 2, wait_max);
}

void Repeats::tick() {
  const std::scoped_lock lock(mutex_);
  left_ = std::min(left_ + rate_.a_tick, rate_.burst);
  std::uint32_t said = 0;
  for (auto at = counts_.begin(); at != counts_.end();) {
    Count& count = at->second;
    const bool over = !std::exchange(count.met, false);
    const bool due = count.times > 0 && (++count.passed >= count.wait || over);
    if (due && said < rate_.said_max) {
      ++said;
      say(count);
    } else if (due && over) {
      if (others_.times == 0) others_.since = count.since;
      others_.times += count.times;
    }
    at = over ? counts_.erase(at) : std::next(at);
  }
  if (others_.times == 0) return;
  others_.span.action = "trace:Count";
  others_.span.resource = "more of the kind";
  others_.span.outcome = Outcome::throttled;
  others_.span.reason = "too many different ones to name";
  say(others_);
}

}  // namespace cloudlet::journal
