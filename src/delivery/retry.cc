#include "delivery/retry.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/result.h"
#include "store/record.h"

namespace cloudlet::delivery {
namespace {

constexpr std::array<std::string_view, 4> names = {"linear", "arithmetic", "geometric",
                                                   "exponential"};

// How far, from 0 to 1, the delay has come at `step` of `steps` (counted from 0, the last one is
// there).
double progress(Backoff function, int step, int steps) {
  if (steps <= 1) return 0;
  const double part = static_cast<double>(step) / (steps - 1);
  if (function == Backoff::arithmetic) return part * (step + 1) / steps;
  return part;
}

}  // namespace

std::string_view to_string(Backoff backoff) { return names.at(static_cast<std::size_t>(backoff)); }

std::optional<Backoff> parse_backoff(std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Backoff>(found - names.begin());
}

std::optional<Duration> RetryPolicy::delay(int n) const {
  if (n < 1 || n > retries()) return std::nullopt;
  if (n <= no_delay) return Duration(0);
  n -= no_delay;
  if (n <= min_delay) return least;
  n -= min_delay;
  if (n > backoff) return most;
  const auto from = static_cast<double>(least.count()), to = static_cast<double>(most.count());
  double millis = 0;
  if (function == Backoff::exponential)
    millis = from * std::pow(2.0, std::min(n - 1, 60));
  else if (function == Backoff::geometric)
    millis = from <= 0 ? to : from * std::pow(to / from, progress(function, n - 1, backoff));
  else
    millis = from + (to - from) * progress(function, n - 1, backoff);
  return Duration(
      static_cast<std::int64_t>(std::llround(std::clamp(millis, std::min(from, to), to))));
}

// 4 attempts, 20 seconds apart.
RetryPolicy http_retry_policy() { return {.backoff = 3}; }

// 50 retries over 6 hours.
RetryPolicy mail_retry_policy() {
  return {.min_delay = 2,
          .backoff = 10,
          .max_delay = 38,
          .least = Duration(10'000),
          .most = Duration(600'000),
          .function = Backoff::exponential};
}

std::string encode(const RetryPolicy& policy) {
  store::RecordWriter writer;
  writer.number(1, static_cast<std::uint64_t>(policy.no_delay))
      .number(2, static_cast<std::uint64_t>(policy.min_delay));
  writer.number(3, static_cast<std::uint64_t>(policy.backoff))
      .number(4, static_cast<std::uint64_t>(policy.max_delay));
  writer.number(5, static_cast<std::uint64_t>(policy.least.count()));
  writer.number(6, static_cast<std::uint64_t>(policy.most.count()));
  writer.number(7, static_cast<std::uint64_t>(policy.function));
  return writer.take();
}

RetryPolicy decode_retry_policy(std::string_view bytes) {
  RetryPolicy policy{.least = Duration(0), .most = Duration(0)};
  for (store::RecordReader reader(bytes); reader.next();) {
    const auto number = static_cast<std::int64_t>(reader.number());
    switch (reader.field()) {
      case 1: policy.no_delay = static_cast<int>(number); break;
      case 2: policy.min_delay = static_cast<int>(number); break;
      case 3: policy.backoff = static_cast<int>(number); break;
      case 4: policy.max_delay = static_cast<int>(number); break;
      case 5: policy.least = Duration(number); break;
      case 6: policy.most = Duration(number); break;
      case 7:
        assert_that(number < 4,
                    "a stored retry policy names a back-off function that nobody knows");
        policy.function = static_cast<Backoff>(number);
        break;
      default: break;
    }
  }
  return policy;
}

}  // namespace cloudlet::delivery
