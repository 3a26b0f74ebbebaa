#include "base/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

namespace cloudlet {
namespace {

// Some systems have no bound; nothing here needs more than this.
constexpr rlim_t limit_max = 1'048'576;
// What a process gets where the system does not even tell.
constexpr std::size_t limit_unknown = 1024;
// Below it the store's own files weigh more than a quarter.
constexpr std::size_t limit_small = 2048;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return limit_unknown;
  const rlimit wanted{.rlim_cur = std::min(limit.rlim_max, std::max(limit.rlim_cur, limit_max)),
                      .rlim_max = limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  return static_cast<std::size_t>(std::min(limit.rlim_cur, limit_max));
}

DescriptorShares descriptor_shares(std::size_t limit) {
  return {.mqtt = limit < limit_small ? limit / 2 : limit / 4 * 3, .http = limit / 8};
}

}  // namespace cloudlet
