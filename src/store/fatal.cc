#include "store/fatal.h"

#include <cstdlib>

#include "base/log.h"

namespace cloudlet::store {

void stop_process(std::string_view why) {
  log::error("store", "{}; stopping: the next start goes on from the log", why);
  std::abort();
}

}  // namespace cloudlet::store
