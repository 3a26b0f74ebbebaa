// Reads the data types of section 1.5 out of a packet's body. Reading past the end sets `failed`
// and gives zeros: check once at the end of a packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cloudlet::mqtt {

// UTF-8 without U+0000 ([MQTT-1.5.3-1], [MQTT-1.5.3-2]).
bool valid_string(std::string_view text);

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::uint8_t byte() {
    const auto bytes = take(1);
    return bytes.empty() ? 0 : static_cast<std::uint8_t>(bytes[0]);
  }
  std::uint16_t two_bytes() {
    const auto high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  std::uint32_t four_bytes() {
    const std::uint32_t high = two_bytes();
    return high << 16 | two_bytes();
  }
  // 5.0 section 1.5.5: at most four bytes, and no longer than needed.
  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (int shift = 0; shift <= 21; shift += 7) {
      const auto next = byte();
      value |= static_cast<std::uint32_t>(next & 0x7f) << shift;
      if ((next & 0x80) == 0) {
        if (next == 0 && shift > 0) failed_ = true;
        return value;
      }
    }
    failed_ = true;
    return 0;
  }
  std::string_view binary() { return take(two_bytes()); }
  std::string_view string() {
    const auto text = binary();
    if (!valid_string(text)) failed_ = true;
    return text;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace cloudlet::mqtt
