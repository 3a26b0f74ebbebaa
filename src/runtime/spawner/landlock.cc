#include "runtime/spawner/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cloudlet::runtime::spawner {
namespace {

// The kernel's interface of version 6; Debian 12's headers know version 2.
struct RulesetAttributes {
  std::uint64_t handled_files;
  std::uint64_t handled_network;
  std::uint64_t scoped;
};
struct PortRule {
  std::uint64_t allowed;
  std::uint64_t port;
};
constexpr int rule_port = 2;
constexpr std::uint64_t connect_tcp = 1U << 1;
constexpr std::uint64_t scope_abstract_sockets = 1U << 0;
constexpr std::uint64_t scope_signals = 1U << 1;

constexpr std::uint64_t read_rights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t truncate_right = 1U << 14;
constexpr std::uint64_t ioctl_device_right = 1U << 15;
// What may be said of a single file.
constexpr std::uint64_t file_rights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                      LANDLOCK_ACCESS_FS_WRITE_FILE | truncate_right |
                                      ioctl_device_right;

std::uint64_t all_rights(std::uint64_t version) {
  std::uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) rights |= truncate_right;
  if (version >= 5) rights |= ioctl_device_right;
  return rights;
}

bool allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const int fd = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT;  // what isn't there needs no permission
  struct stat about{};
  if (fstat(fd, &about) == 0 && !S_ISDIR(about.st_mode)) rights &= file_rights;
  landlock_path_beneath_attr rule{.allowed_access = rights, .parent_fd = fd};
  const long added = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  close(fd);
  return added == 0;
}

bool fill(int ruleset, const LandlockRules& rules, std::uint64_t version) {
  const std::uint64_t all = all_rights(version);
  for (const std::string& path : rules.readable)
    if (!allow(ruleset, path, read_rights)) return false;
  for (const std::string& path : rules.writable)
    if (!allow(ruleset, path,
               all & ~std::uint64_t{LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_CHAR}))
      return false;
  const std::uint64_t use =
      LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | truncate_right;
  for (const std::string& path : rules.devices)
    if (!allow(ruleset, path, use & all)) return false;
  if (version < 4 || !rules.limit_connect) return true;
  for (const std::uint16_t port : rules.connect_ports) {
    PortRule rule{.allowed = connect_tcp, .port = port};
    if (syscall(SYS_landlock_add_rule, ruleset, rule_port, &rule, 0) != 0) return false;
  }
  return true;
}

}  // namespace

int make_landlock(const LandlockRules& rules, std::uint64_t version, std::string& why) {
  RulesetAttributes attributes{};
  attributes.handled_files = all_rights(version);
  std::size_t size = sizeof attributes.handled_files;
  if (version >= 4) {
    if (rules.limit_connect) attributes.handled_network = connect_tcp;
    size += sizeof attributes.handled_network;
  }
  if (version >= 6) {
    attributes.scoped = scope_abstract_sockets | scope_signals;
    size += sizeof attributes.scoped;
  }
  const int ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, size, 0));
  if (ruleset >= 0 && fill(ruleset, rules, version)) return ruleset;
  why = std::string("Landlock: ") + std::strerror(errno);
  if (ruleset >= 0) close(ruleset);
  return -1;
}

bool enter_landlock(int ruleset, const LandlockRules& more, std::uint64_t version,
                    std::string& why) {
  const bool entered =
      fill(ruleset, more, version) && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  if (!entered) why = std::string("Landlock: ") + std::strerror(errno);
  close(ruleset);
  return entered;
}

}  // namespace cloudlet::runtime::spawner
