#include "services/s3/crc_combine.h"

#include "base/result.h"

namespace cloudlet::s3 {
namespace {

// A polynomial over GF(2), modulo the CRC's, the highest power in the lowest bit (as reflected CRCs
// have it). Appending n zero bytes to a text multiplies its CRC by x^(8n).
struct Field {
  int bits;
  std::uint64_t polynomial;  // reflected

  std::uint64_t one() const { return std::uint64_t{1} << (bits - 1); }
  std::uint64_t times_x(std::uint64_t a) const { return (a & 1) ? (a >> 1) ^ polynomial : a >> 1; }
  std::uint64_t times(std::uint64_t a, std::uint64_t b) const {
    std::uint64_t product = 0;
    for (std::uint64_t bit = one(); bit != 0; bit >>= 1) {
      if (a & bit) product ^= b;
      b = times_x(b);
    }
    return product;
  }
  // x to the power of 8 * `bytes`, by squaring.
  std::uint64_t shift(std::uint64_t bytes) const {
    std::uint64_t power = one(), square = one() >> 8;
    for (; bytes != 0; bytes >>= 1, square = times(square, square))
      if (bytes & 1) power = times(power, square);
    return power;
  }
};

Field field_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::crc32: return {.bits = 32, .polynomial = 0xedb88320u};   // IEEE 802.3
    case Algorithm::crc32c: return {.bits = 32, .polynomial = 0x82f63b78u};  // RFC 3720, B.4
    case Algorithm::crc64nvme: return {.bits = 64, .polynomial = 0x9a6c9329ac4bc9b5ull};
    default: break;
  }
  assert_that(false, "only CRCs can be combined");
  return {};
}

std::uint64_t number_of(const std::string& big_endian) {
  std::uint64_t value = 0;
  for (const char c : big_endian) value = (value << 8) | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

std::string combine_crcs(Algorithm algorithm, const std::string& first, const std::string& second,
                         std::uint64_t second_size) {
  const Field field = field_of(algorithm);
  const std::uint64_t both =
      field.times(field.shift(second_size), number_of(first)) ^ number_of(second);
  std::string bytes;
  for (int at = field.bits - 8; at >= 0; at -= 8) bytes += static_cast<char>((both >> at) & 0xff);
  return bytes;
}

}  // namespace cloudlet::s3
