// The one source of randomness: the system's for a server, seeded in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cloudlet {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(void* bytes, std::size_t count) = 0;

  std::uint64_t number();
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound); bound > 0
  std::string bytes(std::size_t count);
  std::string text(std::size_t count, std::string_view alphabet);
  std::string uuid();  // RFC 4122 version 4, lower case
  std::string hex(std::size_t digits);
};

// Cryptographically strong.
std::unique_ptr<Random> system_random();
// The same seed gives the same sequence on every machine.
std::unique_ptr<Random> seeded_random(std::uint64_t seed);

}  // namespace cloudlet
