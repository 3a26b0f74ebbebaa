// Puts the calling process, a fresh child of a spawner, into the sandbox of one instance. One way,
// in two steps: what is the same for all instances is done while nobody waits for it.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/spawn_message.h"

namespace cloudlet::runtime::spawner {

struct Confinement {
  std::uint64_t features = 0;  // bits of Feature
  std::uint64_t landlock_version = 0;
  const std::string* filter = nullptr;  // seccomp program
  std::string packages;                 // the host's folder, for hosts without mount namespaces
  std::string programs;
  std::uint16_t endpoint_port = 0;
  std::uint16_t api_port = 0;
  bool limit_network = false;
  int landlock_ruleset = -1;  // made by `prepare`
};

// Where the process finds its own from now on.
struct Place {
  std::string code, programs, tmp;
};

// False with `why` if a wall could not be built. `scratch`: this instance's folder, for hosts
// without mount namespaces.
bool prepare(Confinement& with, std::string& why);
bool confine(const Confinement& with, const Spawn& spawn, const std::string& scratch, Place& place,
             std::string& why);

}  // namespace cloudlet::runtime::spawner
