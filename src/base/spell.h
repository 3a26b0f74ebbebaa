// A condition that comes and goes and would be met many times a second while it lasts: said once
// when it begins and once when it is over. One that flickers is one spell.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace cloudlet {

// Network times are the machine's, not the Clock's. One thread.
class Spell {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  // Over when it was not met for so long.
  static constexpr std::chrono::seconds calm{10};

  // Met. True: it begins, say so.
  bool met(Moment now = std::chrono::steady_clock::now()) {
    const bool begins = times_ == 0;
    ++times_;
    last_ = now;
    return begins;
  }
  // Not met. A number: it is over, and was met so many times, say so.
  std::optional<std::uint64_t> missed(Moment now = std::chrono::steady_clock::now()) {
    if (times_ == 0 || now - last_ < calm) return std::nullopt;
    const std::uint64_t times = times_;
    times_ = 0;
    return times;
  }

 private:
  std::uint64_t times_ = 0;
  Moment last_;
};

}  // namespace cloudlet
