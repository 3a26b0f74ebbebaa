// When to try again: the four phases of a delivery policy as SNS has them.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace cloudlet::delivery {

// How the delay grows from least to most over the back-off phase's n retries. The names are the
// service's, which gives curves and no formulas; ours: linear: equal steps; arithmetic: steps that
// grow evenly; geometric: equal factors; exponential: doubling, cut at the most.
enum class Backoff { linear, arithmetic, geometric, exponential };

std::string_view to_string(Backoff backoff);
std::optional<Backoff> parse_backoff(std::string_view text);

struct RetryPolicy {
  int no_delay = 0;   // retries at once, first phase
  int min_delay = 0;  // then so many, `least` apart
  int backoff = 0;    // then so many, their delays growing from `least` to `most`
  int max_delay = 0;  // then so many, `most` apart
  Duration least{20'000};
  Duration most{20'000};
  Backoff function = Backoff::linear;

  int retries() const { return no_delay + min_delay + backoff + max_delay; }
  // What to wait before retry `n`, counted from 1; nothing when there is no such retry.
  std::optional<Duration> delay(int n) const;

  bool operator==(const RetryPolicy&) const = default;
};

// What the service does where nothing else is said: HTTP and HTTPS endpoints, and mail servers.
RetryPolicy http_retry_policy();
RetryPolicy mail_retry_policy();

std::string encode(const RetryPolicy& policy);
RetryPolicy decode_retry_policy(std::string_view bytes);

}  // namespace cloudlet::delivery
