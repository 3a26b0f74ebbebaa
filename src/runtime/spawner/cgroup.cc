// Control groups of instances: memory and number of processes. The server made the folders and
// handed over their descriptors (Hello.cgroups says which version); an instance gets one folder in
// each, named by its id.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "runtime/spawner/spawner.h"

namespace cloudlet::runtime::spawner {
namespace {

bool write_at(int folder, const std::string& path, const std::string& text) {
  const int fd = openat(folder, path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool ok = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(fd);
  errno = error;
  return ok;
}

std::string read_at(int folder, const std::string& path) {
  const int fd = openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char text[512];
  const ssize_t size = read(fd, text, sizeof text);
  close(fd);
  return std::string(text, size < 0 ? 0 : static_cast<std::size_t>(size));
}

std::uint64_t counter(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name + " ");
  return at == std::string::npos ? 0
                                 : std::strtoull(text.c_str() + at + name.size() + 1, nullptr, 10);
}

std::string folder_name(std::uint64_t id) { return "i" + std::to_string(id); }

}  // namespace

bool Spawner::make_cgroup(const Spawn& spawn, std::string& why) {
  if (hello_.cgroups == 0) return true;
  const std::string name = folder_name(spawn.id);
  for (const int folder : cgroup_folders_) {
    if (mkdirat(folder, name.c_str(), 0755) != 0 && errno != EEXIST) {
      why = std::string("control group: ") + std::strerror(errno);
      return false;
    }
  }
  const bool first = hello_.cgroups == 1;
  const std::string memory = std::to_string(spawn.memory_bytes),
                    processes = std::to_string(spawn.processes_max);
  const int memory_folder = cgroup_folders_.front(), pids_folder = cgroup_folders_.back();
  bool ok =
      write_at(memory_folder, name + (first ? "/memory.limit_in_bytes" : "/memory.max"), memory);
  // Swap would only hide that the limit was passed. Kernels without swap accounting have no such
  // file.
  if (first)
    write_at(memory_folder, name + "/memory.memsw.limit_in_bytes", memory);
  else
    write_at(memory_folder, name + "/memory.swap.max", "0");
  ok = write_at(pids_folder, name + "/pids.max", processes) && ok;
  if (!ok) why = std::string("limits of the control group: ") + std::strerror(errno);
  return ok;
}

// The calling, single thread moves itself: with version 1 that needs no grace period of the
// kernel's.
bool Spawner::join_cgroup(std::uint64_t id) {
  for (const int folder : cgroup_folders_)
    if (!write_at(folder, folder_name(id) + (hello_.cgroups == 1 ? "/tasks" : "/cgroup.procs"),
                  "0"))
      return false;
  return true;
}

bool Spawner::drop_cgroup(std::uint64_t id) {
  if (hello_.cgroups == 0 || cgroup_folders_.empty()) return false;
  const std::string name = folder_name(id);
  const int memory = cgroup_folders_.front();
  const bool first = hello_.cgroups == 1;
  const bool killed =
      counter(read_at(memory, name + (first ? "/memory.oom_control" : "/memory.events")),
              "oom_kill") > 0;
  for (const int folder : cgroup_folders_) unlinkat(folder, name.c_str(), AT_REMOVEDIR);
  return killed;
}

}  // namespace cloudlet::runtime::spawner
