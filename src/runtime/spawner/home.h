// Where instances live: the launcher's own namespaces and a root that holds the system's programs
// and libraries, read-only, and nothing of anybody's data. Made once; instances add their code and
// /tmp.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/spawn_message.h"

namespace cloudlet::runtime::spawner {

struct Home {
  Ready ready;
  int endpoint_listener = -1;  // listens on 127.0.0.1:endpoint_port inside the functions' network
  bool has(Feature feature) const { return (ready.features & feature) != 0; }
};

// Without root, before all else: a user namespace in which we are still ourselves but may make the
// others, and a namespace of processes that belongs to it: a process that makes one for each child
// may come back to no other. Goes on in a child; the caller waits for it and ends as it does.
struct Ground {
  bool user_namespace = false;
  std::string refused;  // why not
};
Ground settle();

// Enters the namespaces and builds the root as far as the host allows; what it refuses is named in
// ready.missing.
Home make_home(const Hello& hello, const Ground& ground);

// Folders as instances see them.
inline constexpr const char* packages_inside = "/.packages";
inline constexpr const char* programs_inside = "/var/runtime";
inline constexpr const char* task_root_inside = "/var/task";

}  // namespace cloudlet::runtime::spawner
