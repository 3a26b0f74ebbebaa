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

// A new mount namespace of the calling process, with a /proc of its own namespace of processes or
// with none.
bool begin_view(bool mount_proc, std::string& why);

// The rest of what an instance sees: its code at /var/task (`package`; empty: none) and a /tmp of
// its own; all other packages out of sight.
bool finish_view(const std::string& package, std::uint64_t tmp_bytes, std::string& why);

}  // namespace cloudlet::runtime::spawner
