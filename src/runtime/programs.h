// The programs that functions need beside them, carried inside this one: the launcher and the
// bootstraps.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace cloudlet::runtime {

// Writes those that are missing or differ into `folder`. They hold no secret: everybody may read
// them.
Result<void> write_programs(const std::filesystem::path& folder);

inline constexpr const char* launcher_program = "launcher";
inline constexpr const char* zygote_library = "zygote.so";

}  // namespace cloudlet::runtime
