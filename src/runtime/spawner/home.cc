#include "runtime/spawner/home.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "runtime/spawner/mounts.h"

namespace cloudlet::runtime::spawner {
namespace {

std::string reason() { return std::strerror(errno); }

bool write_file(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

bool enter_user_namespace() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWUSER) != 0) return false;
  write_file("/proc/self/setgroups", "deny");
  return write_file("/proc/self/uid_map",
                    std::to_string(user) + " " + std::to_string(user) + " 1") &&
         write_file("/proc/self/gid_map",
                    std::to_string(group) + " " + std::to_string(group) + " 1");
}

bool loopback_up() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  close(fd);
  return up;
}

int listen_on(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(fd, 1024) == 0)
    return fd;
  close(fd);
  return -1;
}

void make_network(const Hello& hello, Home& home) {
  if (hello.isolate_network == 0) return;
  if (unshare(CLONE_NEWNET) != 0) {
    home.ready.missing.push_back("network namespace: " + reason());
    return;
  }
  if (!loopback_up())
    home.ready.missing.push_back("loopback in the functions' network: " + reason());
  home.ready.features |= network_namespace;
  if (hello.endpoint_port == 0) return;
  home.endpoint_listener = listen_on(static_cast<std::uint16_t>(hello.endpoint_port));
  if (home.endpoint_listener < 0)
    home.ready.missing.push_back("port inside the functions' network: " + reason());
}

// A trial in a child: what a namespace of processes allows is seen only from inside.
bool pid_namespace_works(bool& proc) {
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) _exit(1);
    const pid_t inner = fork();
    if (inner < 0) _exit(1);
    if (inner == 0)
      _exit(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 ? 0 : 2);
    int status = 0;
    waitpid(inner, &status, 0);
    _exit(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 1) return false;
  proc = WEXITSTATUS(status) == 0;
  return true;
}

void find_landlock(Home& home) {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version <= 0) {
    home.ready.missing.push_back("Landlock: " + reason());
    return;
  }
  home.ready.landlock_version = static_cast<std::uint64_t>(version);
  home.ready.features |= landlock;
  if (version >= 4)
    home.ready.features |= landlock_network;
  else
    home.ready.missing.push_back("Landlock version 4 (TCP ports): the kernel has " +
                                 std::to_string(version));
  if (version >= 6)
    home.ready.features |= landlock_scope;
  else
    home.ready.missing.push_back("Landlock version 6 (signals): the kernel has " +
                                 std::to_string(version));
}

}  // namespace

Ground settle() {
  Ground ground;
  if (geteuid() == 0) return ground;
  if (!enter_user_namespace()) {
    ground.refused = "user namespace: " + reason();
    return ground;
  }
  ground.user_namespace = true;
  if (unshare(CLONE_NEWPID) != 0) {
    ground.refused = "namespace of processes: " + reason();
    return ground;
  }
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return ground;
  }
  syscall(SYS_close_range, 0, ~0U, 0);
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  _exit(child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

Home make_home(const Hello& hello, const Ground& ground) {
  Home home;
  const bool root = geteuid() == 0;
  if (ground.user_namespace) home.ready.features |= user_namespace;
  if (!ground.refused.empty()) home.ready.missing.push_back(ground.refused);
  make_network(hello, home);
  if (unshare(CLONE_NEWIPC) != 0) home.ready.missing.push_back("IPC namespace: " + reason());
  std::string why;
  if (make_root(hello, why))
    home.ready.features |= mount_namespace;
  else
    home.ready.missing.push_back(why);
  bool proc = false;
  if (pid_namespace_works(proc)) {
    home.ready.features |= pid_namespace;
    if (proc)
      home.ready.features |= proc_mounted;
    else
      home.ready.missing.push_back("/proc inside a namespace of processes");
  } else {
    home.ready.missing.push_back("namespace of processes: " + reason());
  }
  find_landlock(home);
  if (root && home.has(mount_namespace)) home.ready.features |= switch_user;
  return home;
}

}  // namespace cloudlet::runtime::spawner
