// The file system that instances see.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/spawn_message.h"

namespace cloudlet::runtime::spawner {

// A mount namespace whose root is ours: the system's programs and libraries read-only, a few
// devices, made-up files in /etc. False with `why` if the host refuses; then nothing has changed
// that matters.
bool make_root(const Hello& hello, std::string& why);

struct View {
  std::string package;
  std::uint64_t tmp_bytes = 0;
  bool mount_proc = false;
};
// In a new mount namespace of the calling process: its code at /var/task, a /tmp of its own, /proc;
// all other packages out of sight.
bool make_view(const View& view, std::string& why);

}  // namespace cloudlet::runtime::spawner
