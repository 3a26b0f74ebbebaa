// What an event came from: carried along every hop, so that a chain can be followed and a loop cut.
//
// Crosses HTTP in `X-Amzn-Trace-Id: Root=1-...;Parent=...;Sampled=1;Lineage=<hops>`, which the SDKs
// inside a function pass on by themselves (their recursion detection).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloudlet {

struct Cause {
  static constexpr int hops_max = 16;

  std::string trace;  // 32 hex digits: the same for all that one outside event set off; empty: not
                      // yet traced
  std::uint64_t span = 0;  // the hop that made this one; 0: the first
  int hops = 0;            // how many hand-offs lie behind

  Cause next(std::uint64_t span_of_this_hop) const {
    return {.trace = trace, .span = span_of_this_hop, .hops = hops + 1};
  }
  bool too_deep() const { return hops >= hops_max; }

  std::string header() const;  // the value of X-Amzn-Trace-Id
  static std::optional<Cause> from_header(
      std::string_view value);  // foreign or missing parts become defaults
};

}  // namespace cloudlet
