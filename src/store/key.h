// Keys: order-preserving tuples. Texts, numbers and times packed so that bytes sort as the tuple
// does (the idea of FoundationDB's tuple layer, design/tuple.md there; the encoding here is our own
// and documented in key.cc).
//
//   Key key = make_key("s3", scope.account, scope.region, "object", bucket, name);
//   Range all = prefix(make_key("s3", scope.account, scope.region, "object", bucket));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/arn.h"
#include "base/clock.h"

namespace cloudlet::store {

// The bytes of a packed tuple. Compare, store, append; never parse by hand.
class Key {
 public:
  Key() = default;
  static Key from_bytes(std::string bytes) { return Key(std::move(bytes)); }
  const std::string& bytes() const { return bytes_; }

  Key& add(std::string_view text);
  Key& add(const char* text) { return add(std::string_view(text)); }
  Key& add(const std::string& text) { return add(std::string_view(text)); }
  Key& add(std::uint64_t number);
  Key& add(Time time) { return add(static_cast<std::uint64_t>(to_millis(time))); }
  Key& add(const Scope& scope) { return add(scope.account).add(scope.region); }
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, std::uint64_t>)
  Key& add(T number) {
    return add(static_cast<std::uint64_t>(number));
  }

  auto operator<=>(const Key&) const = default;

 private:
  explicit Key(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

template <class... Parts>
Key make_key(const Parts&... parts) {
  Key key;
  (key.add(parts), ...);
  return key;
}

// Takes a key apart again, part by part, in the order it was built. A wrong kind is a broken
// invariant.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  std::string text();
  std::uint64_t number();
  Time time() { return from_millis(static_cast<std::int64_t>(number())); }
  Scope scope();
  void skip();  // one part, whatever its kind

 private:
  std::string_view rest_;
};

// Half-open: [from, to).
struct Range {
  std::string from;
  std::string to;
};

// Every key that starts with these parts and has at least one more.
Range prefix(const Key& key);
// The part of `range` after `key` (for going on where a page ended).
Range after(const Range& range, const Key& key);
// The keys under `subspace` whose next part is a text that starts with `text` (S3's Prefix).
Range text_prefix(const Key& subspace, std::string_view text);

}  // namespace cloudlet::store
