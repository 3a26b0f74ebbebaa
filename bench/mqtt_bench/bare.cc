#include "mqtt_bench/bare.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "mqtt_bench/packets.h"

namespace cloudlet::bench {
namespace {

constexpr std::size_t backlog_bytes_max = 1 << 20;

struct Peer {
  explicit Peer(int file) : file(file) {}
  ~Peer() { ::close(file); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  int file;
  bool subscribed = false, closed = false;
  int qos = 0;
  std::uint16_t next_id = 1;
  std::string in, out;
};

class Loop {
 public:
  explicit Loop(int listener) : listener_(listener), epoll_(::epoll_create1(0)) {
    watch(listener_, nullptr);
  }
  [[noreturn]] void run() {
    for (epoll_event events[64];;) {
      const bool behind = std::any_of(peers_.begin(), peers_.end(),
                                      [](const auto& peer) { return !peer->out.empty(); });
      const int count = ::epoll_wait(epoll_, events, 64, behind ? 1 : -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.ptr == nullptr) {
          accept();
        } else {
          read(*static_cast<Peer*>(events[i].data.ptr));
        }
      }
      for (const auto& peer : peers_) flush(*peer);
      std::erase_if(peers_, [](const auto& peer) { return peer->closed; });
    }
  }

 private:
  void watch(int file, Peer* peer) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = peer;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, file, &event);
  }

  void accept() {
    const int file = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file < 0) return;
    const int on = 1;
    ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peers_.push_back(std::make_unique<Peer>(file));
    watch(file, peers_.back().get());
  }

  void read(Peer& peer) {
    char bytes[64 << 10];
    const ssize_t got = ::recv(peer.file, bytes, sizeof bytes, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) peer.closed = true;
    if (got <= 0) return;
    peer.in.append(bytes, static_cast<std::size_t>(got));
    std::size_t used = 0;
    bool malformed = false;
    while (const auto packet = packet_at(std::string_view(peer.in).substr(used), malformed)) {
      used += packet->size;
      take(peer, *packet);
    }
    peer.in.erase(0, used);
    if (malformed) peer.closed = true;
  }

  void take(Peer& peer, const Packet& packet) {
    switch (packet.first & 0xf0) {
      case 0x10: peer.out.append("\x20\x02\x00\x00", 4); break;
      case 0x80:
        peer.subscribed = true;
        peer.qos = packet.body.back();
        peer.out.append("\x90\x03", 2);
        peer.out.append(packet.body.substr(0, 2));
        peer.out.push_back(packet.body.back());
        break;
      case 0x30: publish(peer, packet); break;
      default: break;
    }
  }

  void publish(Peer& from, const Packet& packet) {
    const std::size_t topic_end = 2 + std::size_t{number_at(packet.body, 0)};
    append_ack(from.out, number_at(packet.body, topic_end));
    const std::string_view topic = packet.body.substr(0, topic_end);
    const std::string_view payload = packet.body.substr(topic_end + 2);
    for (const auto& peer : peers_) {
      if (!peer->subscribed) continue;
      peer->out.push_back(static_cast<char>(0x30 | peer->qos << 1));
      const std::size_t id_size = peer->qos > 0 ? 2 : 0;
      append_length(peer->out, topic.size() + id_size + payload.size());
      peer->out.append(topic);
      if (id_size > 0) append_number(peer->out, next_id(*peer));
      peer->out.append(payload);
    }
  }

  static std::uint16_t next_id(Peer& peer) {
    if (peer.next_id == 0) peer.next_id = 1;
    return peer.next_id++;
  }

  // Nobody reads from a publisher while a subscriber lags by more than a megabyte.
  static void flush(Peer& peer) {
    while (!peer.out.empty() && !peer.closed) {
      const ssize_t sent = ::send(peer.file, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        peer.out.erase(0, static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN) {
        peer.closed = true;
      } else {
        if (peer.out.size() < backlog_bytes_max) return;
        pollfd room{.fd = peer.file, .events = POLLOUT, .revents = 0};
        ::poll(&room, 1, 1000);
      }
    }
  }

  int listener_, epoll_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace

Bare start_bare() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 64) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the bare loop can't listen");
  const int parent = ::getpid();
  const int pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) std::_Exit(0);
    Loop(listener).run();
  }
  ::close(listener);
  return {.pid = pid, .port = ntohs(address.sin_port)};
}

void stop_bare(const Bare& bare) {
  ::kill(bare.pid, SIGKILL);
  ::waitpid(bare.pid, nullptr, 0);
}

}  // namespace cloudlet::bench
