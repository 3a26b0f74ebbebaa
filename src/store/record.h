// How values are written: numbered fields, so that old records stay readable and unknown fields are
// passed over. Field numbers never change meaning and never come back.
//
//   std::string encode(const Topic& t) { RecordWriter w; w.text(1, t.name).number(2, t.version);
//   return w.take(); } for (RecordReader r(bytes); r.next();) switch (r.field()) { case 1: t.name =
//   r.text(); ... }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace cloudlet::store {

// Empty texts, zeros and false are left out: they are what a reader assumes.
class RecordWriter {
 public:
  RecordWriter& text(std::uint32_t field, std::string_view value);
  RecordWriter& number(std::uint32_t field, std::uint64_t value);
  RecordWriter& flag(std::uint32_t field, bool value) { return number(field, value ? 1 : 0); }
  RecordWriter& time(std::uint32_t field, Time value) {
    return number(field, static_cast<std::uint64_t>(to_millis(value)));
  }
  // Written also when empty: for lists (one field an element, in order) and for "there, but empty".
  RecordWriter& element(std::uint32_t field, std::string_view value);
  std::string take() { return std::move(bytes_); }

 private:
  void head(std::uint32_t field, unsigned kind);
  void varint(std::uint64_t value);
  std::string bytes_;
};

// Damaged bytes throw BrokenInvariant: a stored record that cannot be read is not a caller's
// mistake.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}
  bool next();
  std::uint32_t field() const { return field_; }
  std::string text() const { return std::string(view()); }
  std::string_view view() const;
  std::uint64_t number() const;
  bool flag() const { return number() != 0; }
  Time time() const { return from_millis(static_cast<std::int64_t>(number())); }

 private:
  std::uint64_t varint();
  std::string_view rest_;
  std::uint32_t field_ = 0;
  bool is_text_ = false;
  std::string_view text_;
  std::uint64_t number_ = 0;
};

}  // namespace cloudlet::store
