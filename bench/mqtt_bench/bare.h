// The floor: a bare epoll loop that acknowledges each PUBLISH and hands it to whoever subscribed to
// anything. It matches no topics, keeps nothing and checks nothing.
#pragma once

#include <cstdint>

namespace cloudlet::bench {

struct Bare {
  int pid;
  std::uint16_t port;
};

// Forks the loop into a process of its own, which ends with this one.
Bare start_bare();
void stop_bare(const Bare& bare);

}  // namespace cloudlet::bench
