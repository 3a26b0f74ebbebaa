// The server's end of a spawner: asks it for instances, hears how they end.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "runtime/spawn_message.h"

namespace cloudlet::runtime {

// Hears of one instance; called on the link's executor, at most once each.
class SpawnListener {
 public:
  struct Exit {
    int status = 0;  // as wait(2) gives it
    std::uint64_t memory_peak = 0;
    bool for_memory = false;
  };
  virtual ~SpawnListener() = default;
  virtual void on_started(int pid, int api_socket) = 0;  // owns the socket; -1: none
  virtual void on_exited(const Exit& exit) = 0;
};

// A closed-on-destruction file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  int release();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct FdPair {
  Fd ours, theirs;
};
Result<FdPair> socket_pair(int type);  // close-on-exec, blocking
Result<FdPair> pipe_pair();            // ours reads, theirs writes

class SpawnerLink : public std::enable_shared_from_this<SpawnerLink> {
 public:
  // Sends the greeting and, blocking, takes the answer.
  struct Greeting {
    Ready ready;
    Fd endpoint_listener;
  };
  static Result<Greeting> greet(int socket, const Hello& hello, const std::vector<int>& groups);

  // `on_gone` is called once if the spawner ends by itself.
  SpawnerLink(asio::any_io_executor executor, Fd socket, std::function<void()> on_gone);
  void start();

  // A spawner that was not greeted before `start`: this one will answer while the loop runs.
  Result<void> send(const Packer& message, const std::vector<int>& fds = {});
  Result<void> spawn(const Spawn& spawn, Fd control, Fd output,
                     std::weak_ptr<SpawnListener> listener);
  void kill(std::uint64_t id);
  void close();  // the spawner sees it, and ends with all its instances
  bool gone() const;

 private:
  void wait();
  void read_all();
  void handle(std::string_view bytes, std::vector<Fd> fds);
  void lost();

  asio::posix::stream_descriptor socket_;
  std::function<void()> on_gone_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::weak_ptr<SpawnListener>> listeners_;
  bool gone_ = false;
  bool closing_ = false;
};

}  // namespace cloudlet::runtime
