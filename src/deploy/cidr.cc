#include "deploy/cidr.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <optional>
#include <string_view>

#include "deploy/errors.h"

namespace cloudlet::deploy {
namespace {

namespace ip = boost::asio::ip;

Error refused(const std::string& why) {
  return invalid_template("Template error: Fn::Cidr " + why);
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// Adds `part` at the bit `shift` counted from the right.
template <class Bytes>
void add(Bytes& bytes, unsigned part, unsigned shift) {
  for (std::size_t bit = 0; bit < 9; ++bit) {
    if ((part >> bit & 1u) == 0) continue;
    const std::size_t at = shift + bit;
    bytes[bytes.size() - 1 - at / 8] |= static_cast<unsigned char>(1u << at % 8);
  }
}

template <class Address>
Result<std::vector<std::string>> cut(const Address& address, unsigned prefix, unsigned count,
                                     unsigned host_bits) {
  auto start = address.to_bytes();
  const unsigned width = static_cast<unsigned>(start.size()) * 8;
  if (prefix > width || host_bits == 0 || host_bits > width - prefix)
    return refused("cannot cut parts with " + std::to_string(host_bits) +
                   " bits for addresses from a /" + std::to_string(prefix) + " block");
  const unsigned part_bits = width - prefix - host_bits;
  if (part_bits < 9 && count > 1u << part_bits)
    return refused("block has " + std::to_string(1u << part_bits) + " such parts, not " +
                   std::to_string(count));
  for (unsigned bit = 0; bit < width - prefix; ++bit)
    start[start.size() - 1 - bit / 8] &= static_cast<unsigned char>(~(1u << bit % 8));
  std::vector<std::string> blocks;
  for (unsigned i = 0; i < count; ++i) {
    auto bytes = start;
    add(bytes, i, host_bits);
    blocks.push_back(Address(bytes).to_string() + "/" + std::to_string(width - host_bits));
  }
  return blocks;
}

}  // namespace

Result<std::vector<std::string>> cidr_blocks(const CidrWish& wish) {
  const auto slash = wish.block.find('/');
  boost::system::error_code failed;
  const auto address = ip::make_address(wish.block.substr(0, slash), failed);
  const auto prefix = slash == std::string::npos
                          ? std::nullopt
                          : number(std::string_view(wish.block).substr(slash + 1));
  const auto count = number(wish.count);
  if (failed || !prefix)
    return refused("needs an address block such as 10.0.0.0/16, not " + wish.block);
  if (!count || *count < 1 || *count > 256)
    return refused("gives 1 to 256 parts, not " + wish.count);
  const auto bits = wish.host_bits.empty() ? std::optional<unsigned>(address.is_v4() ? 8 : 64)
                                           : number(wish.host_bits);
  if (!bits) return refused("needs a number of bits, not " + wish.host_bits);
  if (address.is_v4()) return cut(address.to_v4(), *prefix, *count, *bits);
  return cut(address.to_v6(), *prefix, *count, *bits);
}

}  // namespace cloudlet::deploy
