// Who may connect to an instance's Runtime API: the instance. Its events and answers are nobody
// else's.
//
// Where Landlock limits TCP ports the kernel sees to it. Elsewhere, if each instance has a user id
// of its own, the owner of the connecting socket is looked up in the kernel's table. Where neither
// is to be had, another function could connect (`cloudlet doctor` says so).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloudlet::runtime {

class ApiPeers {
 public:
  ApiPeers() = default;  // admits everybody
  // `tables`: the folder with the kernel's lists of the functions' network, "/proc/PID/net".
  ApiPeers(std::string tables, std::uint64_t user) : tables_(std::move(tables)), user_(user) {}

  bool admits(const boost::asio::ip::tcp::socket& accepted) const;

 private:
  std::string tables_;
  std::uint64_t user_ = 0;
};

// The user id behind the connecting end of a connection, in the text of /proc/net/tcp or tcp6
// (proc(5)); nothing if it is not listed.
std::optional<std::uint64_t> owner_in(std::string_view table,
                                      const boost::asio::ip::tcp::endpoint& connecting,
                                      const boost::asio::ip::tcp::endpoint& accepting);

}  // namespace cloudlet::runtime
