// The peer: as little as an HTTP server can do that still keeps what it acknowledges. One epoll
// thread that looks for the end of the head and the length, one thread that appends all bodies
// gathered meanwhile to a file and syncs once for them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace http_bench {

enum class Sync { each_group, never };

class Peer {
 public:
  Peer(std::string file, Sync sync);
  ~Peer();
  std::uint16_t port() const;

 private:
  struct Connection;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace http_bench
