// Latencies in buckets that are at most 3 % wide, so that a million a second cost no memory.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace cloudlet::bench {

class Histogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++counts_[bucket(nanoseconds)];
    ++total_;
    if (nanoseconds > max_) max_ = nanoseconds;
  }

  // The latency that `part` (0 to 1) of all did not exceed, in microseconds.
  double at_us(double part) const {
    const auto rank = static_cast<std::uint64_t>(part * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > rank) return middle(i) / 1e3;
    }
    return max_us();
  }
  double max_us() const { return static_cast<double>(max_) / 1e3; }
  std::uint64_t total() const { return total_; }

 private:
  // 32 buckets for each power of two; below 64 ns, a bucket each.
  static constexpr int fine_bits = 5;
  static std::size_t bucket(std::uint64_t value) {
    const int shift = std::bit_width(value | 63) - fine_bits - 1;
    return (static_cast<std::size_t>(shift) << fine_bits) + (value >> shift);
  }
  static double middle(std::size_t i) {
    const std::size_t fine = std::size_t{1} << fine_bits;
    if (i < 2 * fine) return static_cast<double>(i);
    const std::size_t shift = (i >> fine_bits) - 1;
    const std::uint64_t low = (i - (shift << fine_bits)) << shift;
    return static_cast<double>(low) + static_cast<double>(std::uint64_t{1} << shift) / 2;
  }

  std::array<std::uint64_t, 64 << fine_bits> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace cloudlet::bench
