#include "runtime/api_peers.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iterator>

namespace cloudlet::runtime {
namespace {

using boost::asio::ip::tcp;

// An address of version 4 as the kernel prints it: the bytes in memory as one number.
std::string printed(const tcp::endpoint& endpoint) {
  const auto bytes = endpoint.address().to_v4().to_bytes();
  return fmt::format("{:02X}{:02X}{:02X}{:02X}:{:04X}", bytes[3], bytes[2], bytes[1], bytes[0],
                     endpoint.port());
}

std::optional<std::uint64_t> owner_after(std::string_view table, const std::string& connection) {
  const std::size_t found = table.find(connection);
  if (found == std::string_view::npos) return std::nullopt;
  std::string_view rest = table.substr(found + connection.size());
  for (int fields = 4; fields > 0; --fields) {  // state, queues, timer, retransmissions
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    rest.remove_prefix(std::min(rest.find(' '), rest.size()));
  }
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  std::uint64_t user = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), user);
  return failed == std::errc() ? std::optional(user) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> owner_in(std::string_view table, const tcp::endpoint& connecting,
                                      const tcp::endpoint& accepting) {
  const std::string from = printed(connecting), to = printed(accepting);
  if (const auto owner = owner_after(table, " " + from + " " + to + " ")) return owner;
  // A socket of version 6 that connected to an address of version 4.
  const std::string mapped = " 0000000000000000FFFF0000";
  return owner_after(table, mapped + from + mapped + to + " ");
}

bool ApiPeers::admits(const tcp::socket& accepted) const {
  if (tables_.empty()) return true;
  boost::system::error_code failed;
  const tcp::endpoint connecting = accepted.remote_endpoint(failed),
                      accepting = accepted.local_endpoint(failed);
  if (failed || !connecting.address().is_v4()) return false;
  for (const char* name : {"/tcp", "/tcp6"}) {
    std::ifstream file(tables_ + name);
    const std::string table{std::istreambuf_iterator<char>(file), {}};
    if (const auto owner = owner_in(table, connecting, accepting)) return *owner == user_;
  }
  return false;
}

}  // namespace cloudlet::runtime
