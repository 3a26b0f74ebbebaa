// A field is a varint head (field number * 2, + 1 for text) and then a varint: the number, or the
// text's length before its bytes. Varints are little endian groups of seven bits, the top bit
// saying "more follows".
#include "store/record.h"

#include "base/result.h"

namespace cloudlet::store {

void RecordWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
  bytes_.push_back(static_cast<char>(value));
}

void RecordWriter::head(std::uint32_t field, unsigned kind) {
  varint(std::uint64_t{field} << 1 | kind);
}

RecordWriter& RecordWriter::text(std::uint32_t field, std::string_view value) {
  return value.empty() ? *this : element(field, value);
}

RecordWriter& RecordWriter::number(std::uint32_t field, std::uint64_t value) {
  if (value == 0) return *this;
  head(field, 0);
  varint(value);
  return *this;
}

RecordWriter& RecordWriter::element(std::uint32_t field, std::string_view value) {
  head(field, 1);
  varint(value.size());
  bytes_.append(value);
  return *this;
}

std::uint64_t RecordReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    assert_that(!rest_.empty(), "a stored record ends too early");
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    assert_that(shift < 63 || byte <= 1, "a stored record holds a number that is too large");
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  invariant_broken("a stored record holds a number that is too long", __FILE__, __LINE__);
}

bool RecordReader::next() {
  if (rest_.empty()) return false;
  const std::uint64_t head = varint();
  assert_that(head >> 33 == 0, "a stored record holds an impossible field number");
  field_ = static_cast<std::uint32_t>(head >> 1);
  is_text_ = (head & 1) != 0;
  const std::uint64_t value = varint();
  number_ = is_text_ ? 0 : value;
  text_ = {};
  if (!is_text_) return true;
  assert_that(value <= rest_.size(), "a stored record ends too early");
  text_ = rest_.substr(0, value);
  rest_.remove_prefix(value);
  return true;
}

std::string_view RecordReader::view() const {
  assert_that(is_text_, "a stored record has a number where a text belongs");
  return text_;
}

std::uint64_t RecordReader::number() const {
  assert_that(!is_text_, "a stored record has a text where a number belongs");
  return number_;
}

}  // namespace cloudlet::store
