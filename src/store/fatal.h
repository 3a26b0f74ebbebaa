// The end of the process when the disk broke its word.
#pragma once

#include <string_view>

namespace cloudlet::store {

// Logs why and ends the process at once, running no destructors: what memory holds may not be what
// the disk holds.
[[noreturn]] void stop_process(std::string_view why);

}  // namespace cloudlet::store
