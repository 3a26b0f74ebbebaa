#include "http_bench/peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace http_bench {
namespace {

constexpr std::uint64_t listening = 0, woken = 1, first_connection = 2;
constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "\r\nContent-Length:";
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2))
    if (head.size() - at > name.size() &&
        ::strncasecmp(head.data() + at, name.data(), name.size()) == 0)
      return std::strtoul(head.data() + at + name.size(), nullptr, 10);
  return 0;
}

}  // namespace

// Known by a number of its own: its descriptor may be another's before its body is on the disk.
struct Peer::Connection {
  int fd = -1;
  std::string in;
};

struct Peer::State {
  int listener = -1, epoll = -1, wake = -1, file = -1;
  std::uint16_t port = 0;
  Sync sync;
  std::atomic<bool> stop{false};
  std::map<std::uint64_t, Connection> connections;
  std::uint64_t next_connection = first_connection;

  std::mutex mutex;
  std::condition_variable work;
  std::string pending;                 // bodies that wait for the disk
  std::vector<std::uint64_t> waiting;  // and who waits for them
  std::vector<std::uint64_t> done;
  std::thread disk, net;

  void run_disk();
  void run_net();
  void accept_all();
  void read_one(std::uint64_t number);
  void answer_done();
};

// Appends and syncs what gathered since the last time; then tells the other thread.
void Peer::State::run_disk() {
  std::unique_lock lock(mutex);
  for (;;) {
    work.wait(lock, [this] { return stop || !waiting.empty(); });
    if (stop) return;
    const std::string bytes = std::exchange(pending, {});
    const auto synced = std::exchange(waiting, {});
    lock.unlock();
    if (::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0) std::abort();
    lock.lock();
    done.insert(done.end(), synced.begin(), synced.end());
    const std::uint64_t one = 1;
    (void)!::write(wake, &one, sizeof one);
  }
}

void Peer::State::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = next_connection}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    connections[next_connection++].fd = fd;
  }
}

void Peer::State::read_one(std::uint64_t number) {
  auto& [fd, in] = connections.at(number);
  char buffer[16384];
  const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
  if (got <= 0) {
    ::close(fd);
    connections.erase(number);
    return;
  }
  in.append(buffer, static_cast<std::size_t>(got));
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::size_t length = content_length(std::string_view(in).substr(0, end + 2));
  if (in.size() < end + 4 + length) return;
  if (sync == Sync::each_group) {
    const std::scoped_lock lock(mutex);
    pending.append(in, end + 4, length);
    waiting.push_back(number);
    work.notify_one();
  } else {
    (void)!::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
  in.erase(0, end + 4 + length);
}

void Peer::State::answer_done() {
  std::uint64_t times = 0;
  (void)!::read(wake, &times, sizeof times);
  std::vector<std::uint64_t> synced;
  {
    const std::scoped_lock lock(mutex);
    synced.swap(done);
  }
  for (const std::uint64_t number : synced)
    if (const auto found = connections.find(number); found != connections.end())
      (void)!::send(found->second.fd, answer.data(), answer.size(), MSG_NOSIGNAL);
}

void Peer::State::run_net() {
  epoll_event events[64];
  while (!stop) {
    const int count = ::epoll_wait(epoll, events, 64, 100);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t number = events[i].data.u64;
      if (number == listening)
        accept_all();
      else if (number == woken)
        answer_done();
      else
        read_one(number);
    }
  }
}

Peer::Peer(std::string file, Sync sync) : state_(std::make_unique<State>()) {
  state_->sync = sync;
  state_->file = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
  state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(state_->listener, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(state_->listener, 128);
  ::getsockname(state_->listener, reinterpret_cast<sockaddr*>(&address), &size);
  state_->port = ntohs(address.sin_port);
  state_->epoll = ::epoll_create1(0);
  state_->wake = ::eventfd(0, EFD_NONBLOCK);
  for (const auto& [fd, number] :
       {std::pair(state_->listener, listening), std::pair(state_->wake, woken)}) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = number}};
    ::epoll_ctl(state_->epoll, EPOLL_CTL_ADD, fd, &event);
  }
  state_->disk = std::thread([this] { state_->run_disk(); });
  state_->net = std::thread([this] { state_->run_net(); });
}

Peer::~Peer() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stop = true;
    state_->work.notify_all();
  }
  state_->disk.join();
  state_->net.join();
  for (const auto& [number, connection] : state_->connections) ::close(connection.fd);
  for (const int fd : {state_->listener, state_->wake, state_->epoll, state_->file}) ::close(fd);
}

std::uint16_t Peer::port() const { return state_->port; }

}  // namespace http_bench
