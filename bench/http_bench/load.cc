#include "http_bench/load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string_view>

namespace http_bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int fd = -1;
  std::string in;
  Clock::time_point sent;
};

int connect_to(const Load& load) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(load.port);
  ::inet_pton(AF_INET, load.host.c_str(), &address.sin_addr);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return -1;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

// The size of one whole response at the start of `bytes`; 0: more is needed.
std::size_t response_size(const std::string& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  const std::size_t at = bytes.find("Content-Length: ");
  const std::size_t body = at < end ? std::strtoul(bytes.c_str() + at + 16, nullptr, 10) : 0;
  return bytes.size() >= end + 4 + body ? end + 4 + body : 0;
}

class Generator {
 public:
  explicit Generator(const Load& load) : load_(load), body_(load.body_size, 'x') {
    tail_ = " HTTP/1.1\r\nHost: " + load.host + ":" + std::to_string(load.port) + "\r\n" +
            load.headers + "Content-Length: " + std::to_string(load.body_size) + "\r\n\r\n" + body_;
  }

  Outcome run() {
    const int epoll = ::epoll_create1(0);
    std::vector<Connection> connections(load_.connections);
    for (std::size_t i = 0; i < connections.size(); ++i) {
      connections[i].fd = connect_to(load_);
      if (connections[i].fd < 0) {
        count_failure("cannot connect");
        continue;
      }
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      ::epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
    }
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(load_.seconds));
    for (Connection& connection : connections) send(connection);
    epoll_event events[64];
    while (Clock::now() < end) {
      const int count = ::epoll_wait(epoll, events, 64, 100);
      for (int i = 0; i < count; ++i) receive(connections[events[i].data.u64]);
    }
    const double took = std::chrono::duration<double>(Clock::now() - start).count();
    for (const Connection& connection : connections)
      if (connection.fd >= 0) ::close(connection.fd);
    ::close(epoll);
    finish(took);
    return outcome_;
  }

 private:
  void send(Connection& connection) {
    if (connection.fd < 0) return;
    std::string request = load_.method + " ";
    for (const char c : load_.path) {
      if (c == '%')
        request += std::to_string(next_++);
      else
        request += c;
    }
    request += tail_;
    connection.sent = Clock::now();
    for (std::string_view rest = request; !rest.empty();) {
      const ssize_t sent = ::send(connection.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return fail(connection, std::strerror(errno));
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void receive(Connection& connection) {
    char buffer[16384];
    const ssize_t got = ::recv(connection.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got <= 0) return fail(connection, got == 0 ? "closed by the server" : std::strerror(errno));
    connection.in.append(buffer, static_cast<std::size_t>(got));
    const std::size_t size = response_size(connection.in);
    if (size == 0) return;
    if (connection.in.compare(0, 10, "HTTP/1.1 2") == 0)
      took_.push_back(
          std::chrono::duration<float, std::micro>(Clock::now() - connection.sent).count());
    else
      count_failure(connection.in.substr(0, size));
    connection.in.erase(0, size);
    send(connection);
  }

  void count_failure(const std::string& why) {
    if (outcome_.failed++ == 0) outcome_.first_failure = why;
  }

  void fail(Connection& connection, const std::string& why) {
    count_failure(why);
    ::close(connection.fd);
    connection.fd = -1;
  }

  void finish(double seconds) {
    outcome_.answered = took_.size();
    outcome_.per_second = static_cast<double>(took_.size()) / seconds;
    if (took_.empty()) return;
    std::sort(took_.begin(), took_.end());
    outcome_.p50_us = took_[took_.size() / 2];
    outcome_.p99_us = took_[took_.size() * 99 / 100];
  }

  const Load& load_;
  std::string body_;
  std::string tail_;
  // Distinct between runs of one second and more.
  std::uint64_t next_ =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) /
      1000;
  std::vector<float> took_;
  Outcome outcome_;
};

}  // namespace

Outcome run(const Load& load) { return Generator(load).run(); }

}  // namespace http_bench
