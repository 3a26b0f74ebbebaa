// The bytes of a key, part by part; bytes sort as the tuples do.
//
//   text    02, the bytes with each 00 written as 00 FF, then 00      ("a" < "a\0" < "ab")
//   number  10 + n, then the n significant bytes, big endian          (0: one byte, 10; 300: 12 01
//   2C)
//
// A part begins with a byte from 02 to 18, so 00 followed by FF is never the end of a text, and
// [01, 80) after a key holds exactly what has more parts. Texts sort before numbers. Never change
// these bytes: they are on disks.
#include "store/key.h"

#include "base/result.h"

namespace cloudlet::store {
namespace {

constexpr char text_tag = 0x02;
constexpr unsigned char number_tag = 0x10;
constexpr char zero = '\0';
constexpr char escape = '\xff';

void append_escaped(std::string& out, std::string_view text) {
  std::size_t start = 0;
  for (std::size_t at = text.find(zero); at != std::string_view::npos;
       at = text.find(zero, start)) {
    out.append(text.substr(start, at + 1 - start)).push_back(escape);
    start = at + 1;
  }
  out.append(text.substr(start));
}

// Where the text that starts at `from` ends: the position of its closing zero.
std::size_t text_end(std::string_view bytes, std::size_t from) {
  for (std::size_t at = bytes.find(zero, from); at != std::string_view::npos;
       at = bytes.find(zero, at + 2))
    if (at + 1 == bytes.size() || bytes[at + 1] != escape) return at;
  invariant_broken("a key's text has no end", __FILE__, __LINE__);
}

// The smallest bytes after everything that starts with `bytes`.
std::string successor(std::string bytes) {
  while (bytes.back() == '\xff') bytes.pop_back();
  ++bytes.back();
  return bytes;
}

}  // namespace

Key& Key::add(std::string_view text) {
  bytes_.reserve(bytes_.size() + text.size() + 2);
  bytes_.push_back(text_tag);
  append_escaped(bytes_, text);
  bytes_.push_back(zero);
  return *this;
}

Key& Key::add(std::uint64_t number) {
  const unsigned length =
      (64U - (number == 0 ? 64U : static_cast<unsigned>(__builtin_clzll(number))) + 7U) / 8U;
  bytes_.push_back(static_cast<char>(number_tag + length));
  for (unsigned left = length; left > 0; --left)
    bytes_.push_back(static_cast<char>(number >> ((left - 1) * 8)));
  return *this;
}

std::string KeyReader::text() {
  assert_that(!rest_.empty() && rest_.front() == text_tag, "the key has no text here");
  const std::size_t end = text_end(rest_, 1);
  std::string text(rest_.substr(1, end - 1));
  rest_.remove_prefix(end + 1);
  for (std::size_t at = text.find(zero); at != std::string::npos; at = text.find(zero, at + 1))
    text.erase(at + 1, 1);
  return text;
}

std::uint64_t KeyReader::number() {
  assert_that(!rest_.empty(), "the key has no number here");
  const unsigned length = static_cast<unsigned char>(rest_.front()) - number_tag;
  assert_that(length <= 8 && rest_.size() > length, "the key has no number here");
  std::uint64_t number = 0;
  for (unsigned i = 1; i <= length; ++i)
    number = number << 8 | static_cast<unsigned char>(rest_[i]);
  rest_.remove_prefix(1 + length);
  return number;
}

Scope KeyReader::scope() {
  Scope scope;
  scope.account = text();
  scope.region = text();
  return scope;
}

void KeyReader::skip() {
  assert_that(!rest_.empty(), "the key has no more parts");
  if (rest_.front() == text_tag)
    rest_.remove_prefix(text_end(rest_, 1) + 1);
  else
    number();
}

Range prefix(const Key& key) { return {.from = key.bytes() + '\x01', .to = key.bytes() + '\x80'}; }

Range after(const Range& range, const Key& key) {
  std::string next = key.bytes() + zero;
  return {.from = std::max(range.from, next), .to = range.to};
}

Range text_prefix(const Key& subspace, std::string_view text) {
  std::string from = subspace.bytes() + text_tag;
  append_escaped(from, text);
  std::string to = successor(from);
  return {.from = std::move(from), .to = std::move(to)};
}

}  // namespace cloudlet::store
