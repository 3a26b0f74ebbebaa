// Browsers that were let in where signatures are verified, which no browser can make: whoever has
// keys gets a link (`cloudlet mail open`), the link is good once, and the browser that opens it
// keeps a cookie for half a day. Nothing of it outlives the process.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace cloudlet::console {

// Thread-safe.
class Visitors {
 public:
  static constexpr Duration invitation_lasts = std::chrono::minutes(5);
  static constexpr Duration visit_lasts = std::chrono::hours(12);
  static constexpr std::size_t kept_max = 1000;  // of each; beyond that the oldest go

  // Both outlive the visitors.
  Visitors(Random& random, const Clock& clock) : random_(random), clock_(clock) {}

  // What a link carries: 256 random bits.
  std::string invite();
  // What the cookie of a browser that came with that invitation holds; none: it is not (any longer)
  // good.
  std::optional<std::string> admit(std::string_view invitation);
  bool knows(std::string_view cookie) const;

 private:
  // Until when, by the digest of the secret: looking one up tells nothing about the others by the
  // time it takes.
  using Book = std::map<std::string, Time>;
  void note(Book& book, std::string_view secret, Duration lasts);

  Random& random_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  Book invitations_;
  Book visits_;
};

}  // namespace cloudlet::console
