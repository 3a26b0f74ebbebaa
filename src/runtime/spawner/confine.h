// Puts the calling process, a fresh child of a spawner, into the sandbox of one instance. One way.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/spawn_message.h"

namespace cloudlet::runtime::spawner {

struct Confinement {
  const Spawn* spawn = nullptr;
  std::uint64_t features = 0;  // bits of Feature
  std::uint64_t landlock_version = 0;
  const std::string* filter = nullptr;  // seccomp program
  std::string packages;                 // the host's folder, for hosts without mount namespaces
  std::string programs;
  std::string scratch;  // this instance's folder, likewise
  std::uint16_t endpoint_port = 0;
  std::uint16_t api_port = 0;
  bool limit_network = false;
};

// Where the process finds its own from now on.
struct Place {
  std::string code, programs, tmp;
};

// False with `why` if a wall could not be built.
bool confine(const Confinement& with, Place& place, std::string& why);

}  // namespace cloudlet::runtime::spawner
