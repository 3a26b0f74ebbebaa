// For tests: a blocking socket that says exactly the bytes it is told and waits for what comes,
// with a generous limit.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace cloudlet::wire {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }

  // False: the server closed meanwhile.
  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Until `end` has come (with what came before it), the connection closed, or ten seconds passed.
  std::string until(std::string_view end) {
    for (;;) {
      if (const std::size_t at = held_.find(end); at != std::string::npos)
        return take(at + end.size());
      if (!more()) return take(held_.size());
    }
  }
  // One response with a Content-Length (or none, for 204 and HEAD with `head_only`).
  std::string response(bool head_only = false) {
    std::string head = until("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (head_only || at == std::string::npos) return head;
    const std::size_t length = std::stoul(head.substr(at + 16));
    while (held_.size() < length && more()) {}
    return head + take(std::min(length, held_.size()));
  }
  // What comes until the server closes.
  std::string rest() {
    while (more()) {}
    return take(held_.size());
  }
  bool closed() { return rest().empty() && closed_; }

 private:
  bool more() {
    pollfd waiting{.fd = fd_, .events = POLLIN};
    if (::poll(&waiting, 1, 10'000) <= 0) return false;
    char buffer[16'384];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) {
      closed_ = true;
      return false;
    }
    held_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  std::string take(std::size_t count) {
    std::string taken = held_.substr(0, count);
    held_.erase(0, count);
    return taken;
  }

  int fd_;
  bool connected_ = false;
  bool closed_ = false;
  std::string held_;
};

}  // namespace cloudlet::wire
