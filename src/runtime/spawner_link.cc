#include "runtime/spawner_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace cloudlet::runtime {
namespace {

constexpr int answer_wait_ms = 10'000;

Error broken(std::string_view what) {
  return Error(errors::service_unavailable, std::string(what) + ": " + std::strerror(errno));
}

bool send_now(int socket, std::string_view bytes, const std::vector<int>& fds) {
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * message_fds_max)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(head), fds.data(), sizeof(int) * fds.size());
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

struct Received {
  ssize_t size = 0;
  std::string bytes;
  std::vector<Fd> fds;
};

Received receive_now(int socket) {
  Received got;
  got.bytes.resize(16 * 1024);  // what spawners send is short
  iovec part{.iov_base = got.bytes.data(), .iov_len = got.bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * message_fds_max)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  got.size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got.size < 0) return got;
  got.bytes.resize(static_cast<std::size_t>(got.size));
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::vector<int> raw(count);
    std::memcpy(raw.data(), CMSG_DATA(head), count * sizeof(int));
    for (const int fd : raw) got.fds.emplace_back(fd);
  }
  return got;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}
Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}
int Fd::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

Result<FdPair> socket_pair(int type) {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) return broken("socketpair");
  return FdPair{.ours = Fd(ends[0]), .theirs = Fd(ends[1])};
}

Result<FdPair> pipe_pair() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return broken("pipe");
  return FdPair{.ours = Fd(ends[0]), .theirs = Fd(ends[1])};
}

Result<SpawnerLink::Greeting> SpawnerLink::greet(int socket, const Hello& hello,
                                                 const std::vector<int>& groups) {
  if (!send_now(socket, hello.pack().bytes(), groups)) return broken("greeting the launcher");
  pollfd waiting{.fd = socket, .events = POLLIN};
  if (::poll(&waiting, 1, answer_wait_ms) <= 0)
    return Error(errors::service_unavailable, "the launcher does not answer");
  Received got = receive_now(socket);
  Unpacker u(got.bytes);
  if (got.size <= 0 || u.kind() != MessageKind::ready)
    return Error(errors::service_unavailable, "the launcher ended while starting");
  Greeting greeting{.ready = Ready::unpack(u)};
  if (!u.ok()) return Error(errors::service_unavailable, "the launcher's answer cannot be read");
  if (!got.fds.empty()) greeting.endpoint_listener = std::move(got.fds.front());
  return greeting;
}

SpawnerLink::SpawnerLink(asio::any_io_executor executor, Fd socket, std::function<void()> on_gone)
    : socket_(executor, socket.release()), on_gone_(std::move(on_gone)) {}

void SpawnerLink::start() { wait(); }

void SpawnerLink::wait() {
  socket_.async_wait(asio::posix::descriptor_base::wait_read,
                     [self = shared_from_this()](boost::system::error_code ec) {
                       if (ec) return;
                       self->read_all();
                     });
}

void SpawnerLink::read_all() {
  for (;;) {
    Received got;
    {
      std::scoped_lock lock(mutex_);
      if (gone_) return;
      got = receive_now(socket_.native_handle());
    }
    if (got.size < 0 && (errno == EAGAIN || errno == EINTR)) return wait();
    if (got.size <= 0) return lost();
    handle(got.bytes, std::move(got.fds));
  }
}

void SpawnerLink::handle(std::string_view bytes, std::vector<Fd> fds) {
  Unpacker u(bytes);
  const MessageKind kind = u.kind();
  if (kind == MessageKind::ready) return;  // a zygote's greeting: nothing new
  const std::uint64_t id = u.number();
  std::shared_ptr<SpawnListener> listener;
  {
    std::scoped_lock lock(mutex_);
    const auto found = listeners_.find(id);
    if (found == listeners_.end()) return;
    listener = found->second.lock();
    if (kind != MessageKind::started) listeners_.erase(found);
  }
  if (kind == MessageKind::failed)
    log::warning("runtime", "an instance could not be started: {}", u.text());
  if (!listener) return;
  if (kind == MessageKind::started) {
    listener->on_started(static_cast<int>(u.number()), fds.empty() ? -1 : fds.front().release());
  } else if (kind == MessageKind::exited) {
    SpawnListener::Exit exit;
    exit.status = static_cast<int>(u.number());
    exit.memory_peak = u.number();
    exit.for_memory = u.number() != 0;
    listener->on_exited(exit);
  } else {
    listener->on_exited({.status = 127 << 8});
  }
}

// Its instances die with it (parent death signal): everybody who waits is told.
void SpawnerLink::lost() {
  bool closing = false;
  std::map<std::uint64_t, std::weak_ptr<SpawnListener>> listeners;
  {
    std::scoped_lock lock(mutex_);
    if (gone_) return;
    gone_ = true;
    closing = closing_;
    listeners.swap(listeners_);
    socket_.close();
  }
  for (auto& [id, weak] : listeners)
    if (const auto listener = weak.lock()) listener->on_exited({.status = 9});
  if (!closing && on_gone_) on_gone_();
}

Result<void> SpawnerLink::send(const Packer& message, const std::vector<int>& fds) {
  std::scoped_lock lock(mutex_);
  if (gone_) return Error(errors::service_unavailable, "the launcher is gone");
  if (message.bytes().size() > message_bytes_max)
    return invalid("too much for one instance's environment");
  if (!send_now(socket_.native_handle(), message.bytes(), fds))
    return broken("asking the launcher");
  return {};
}

Result<void> SpawnerLink::spawn(const Spawn& spawn, Fd control, Fd output,
                                std::weak_ptr<SpawnListener> listener) {
  {
    std::scoped_lock lock(mutex_);
    listeners_[spawn.id] = std::move(listener);
  }
  const std::vector<int> fds{control.get(), output.get()};
  Result<void> sent = send(spawn.pack(), fds);
  if (sent.has_error()) {
    std::scoped_lock lock(mutex_);
    listeners_.erase(spawn.id);
  }
  return sent;
}

void SpawnerLink::kill(std::uint64_t id) {
  // A spawner that cannot take this is gone, and the instance with it.
  const Result<void> sent = send(Packer(MessageKind::kill).number(id));
  if (sent.has_error())
    log::debug("runtime", "instance {} could not be ended: {}", id, sent.error().message());
}

void SpawnerLink::close() {
  // The descriptor belongs to the executor's thread, which sees the end and lets go of it.
  std::scoped_lock lock(mutex_);
  closing_ = true;
  if (!gone_) ::shutdown(socket_.native_handle(), SHUT_RDWR);
}

bool SpawnerLink::gone() const {
  std::scoped_lock lock(mutex_);
  return gone_;
}

}  // namespace cloudlet::runtime
