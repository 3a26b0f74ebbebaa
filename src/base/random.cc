#include "base/random.h"

#include <openssl/rand.h>

#include <cstring>
#include <mutex>

#include "base/encoding.h"
#include "base/result.h"

namespace cloudlet {
namespace {

class SystemRandom : public Random {
 public:
  void fill(void* bytes, std::size_t count) override {
    const int ok = RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(count));
    assert_that(ok == 1, "the system gives no random bytes");
  }
};

// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  void fill(void* bytes, std::size_t count) override {
    std::scoped_lock lock(mutex_);
    auto* out = static_cast<unsigned char*>(bytes);
    while (count > 0) {
      const std::uint64_t word = next();
      const std::size_t part = std::min(count, sizeof word);
      std::memcpy(out, &word, part);
      out += part;
      count -= part;
    }
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::mutex mutex_;
  std::uint64_t state_;
};

}  // namespace

std::uint64_t Random::number() {
  std::uint64_t value;
  fill(&value, sizeof value);
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  assert_that(bound > 0, "a random number below zero was asked for");
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t value = number();
  while (value >= limit) value = number();
  return value % bound;
}

std::string Random::bytes(std::size_t count) {
  std::string out(count, '\0');
  fill(out.data(), count);
  return out;
}

std::string Random::text(std::size_t count, std::string_view alphabet) {
  std::string out(count, '\0');
  for (char& c : out) c = alphabet[below(alphabet.size())];
  return out;
}

std::string Random::uuid() {
  std::string raw = bytes(16);
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  std::string out = to_hex(raw);
  for (const std::size_t at : {20, 16, 12, 8}) out.insert(at, 1, '-');
  return out;
}

std::string Random::hex(std::size_t digits) {
  return to_hex(bytes((digits + 1) / 2)).substr(0, digits);
}

std::unique_ptr<Random> system_random() { return std::make_unique<SystemRandom>(); }
std::unique_ptr<Random> seeded_random(std::uint64_t seed) {
  return std::make_unique<SeededRandom>(seed);
}

}  // namespace cloudlet
