#include "runtime/cgroups.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace cloudlet::runtime {
namespace {

namespace fs = std::filesystem;

// Our own group in a hierarchy: the third field of its line in /proc/self/cgroup.
std::string own_group(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::istringstream names(line.substr(first + 1, second - first - 1));
    bool found = controller.empty() && second == first + 1;
    for (std::string name; std::getline(names, name, ',');)
      found = found || (!controller.empty() && name == controller);
    if (found) return line.substr(second + 1);
  }
  return {};
}

struct Mounts {
  std::string memory, pids, unified;
};
Mounts mounts() {
  Mounts found;
  std::ifstream file("/proc/self/mounts");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string device, where, type, options;
    words >> device >> where >> type >> options;
    if (type == "cgroup2") found.unified = where;
    if (type != "cgroup") continue;
    const std::string bounded = "," + options + ",";
    if (bounded.find(",memory,") != std::string::npos) found.memory = where;
    if (bounded.find(",pids,") != std::string::npos) found.pids = where;
  }
  return found;
}

constexpr std::string_view folder_prefix = "cloudlet-";
constexpr std::string_view server_folder_suffix = "-server";

void remove_group(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.is_directory(ignored)) ::rmdir(entry.path().c_str());
  ::rmdir(folder.c_str());
}

void remove_leftovers(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(folder_prefix)) continue;
    const long pid = std::strtol(name.c_str() + folder_prefix.size(), nullptr, 10);
    if (pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH)
      remove_group(entry.path());
  }
}

// False with errno.
bool write_text(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  ::close(fd);
  errno = error;
  return written;
}

// Of version 2: the group this process was started in, also if it has stepped aside since.
std::string group_of_server() {
  std::string own = own_group("");
  const std::size_t last = own.rfind('/');
  if (last != std::string::npos && own.ends_with(server_folder_suffix) &&
      own.compare(last + 1, folder_prefix.size(), folder_prefix) == 0)
    own.resize(last);
  return own;
}

}  // namespace

bool ControlGroups::adopt(const std::string& parent, const char* probe) {
  remove_leftovers(parent);
  static std::atomic<int> serial{0};
  const std::string folder = parent + "/" + std::string(folder_prefix) +
                             std::to_string(::getpid()) + "-" + std::to_string(serial++);
  if (::mkdir(folder.c_str(), 0755) != 0) {
    detail_ = "cannot make " + folder + ": " + std::strerror(errno);
    return false;
  }
  folders_.push_back(folder);
  if (!fs::exists(folder + "/" + probe)) {
    detail_ = folder + " has no " + probe + ": the controller is not delegated to this process";
    return false;
  }
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  descriptors_.push_back(fd);
  return fd >= 0;
}

// A group that hands controllers on may have no process of its own, except at the top: we step
// aside into a group beside those of the instances. Others that are in ours stay, and are in the
// way.
bool ControlGroups::adopt_second(const std::string& parent) {
  const std::string control = parent + "/cgroup.subtree_control", controllers = "+memory +pids";
  const std::string aside = parent + "/" + std::string(folder_prefix) + std::to_string(::getpid()) +
                            std::string(server_folder_suffix);
  if (!write_text(control, controllers)) {
    const int error = errno;
    const bool moved = error == EBUSY && (::mkdir(aside.c_str(), 0755) == 0 || errno == EEXIST) &&
                       write_text(aside + "/cgroup.procs", "0");
    if (!moved || !write_text(control, controllers)) {
      detail_ = "cannot hand controllers on below " + parent + ": " +
                (moved ? "it has other processes" : std::strerror(error));
      if (moved) write_text(parent + "/cgroup.procs", "0");
      ::rmdir(aside.c_str());
      return false;
    }
  }
  if (!adopt(parent, "memory.max") ||
      !write_text(folders_.front() + "/cgroup.subtree_control", controllers)) {
    const std::string why =
        folders_.empty() ? detail_ : "controllers are not delegated below " + folders_.front();
    remove();
    detail_ = why;
    return false;
  }
  version_ = Version::second;
  detail_ = "control groups, version 2";
  return true;
}

ControlGroups ControlGroups::find() {
  ControlGroups groups;
  const Mounts where = mounts();
  if (!where.memory.empty() && !where.pids.empty()) {
    if (groups.adopt(where.memory + own_group("memory"), "memory.limit_in_bytes") &&
        groups.adopt(where.pids + own_group("pids"), "pids.max")) {
      groups.version_ = Version::first;
      groups.detail_ = "control groups, version 1";
      return groups;
    }
  } else if (!where.unified.empty()) {
    // Below our own group if it was delegated to us; else, for root, at the top.
    const std::string own = where.unified + group_of_server();
    if (groups.adopt_second(own) || groups.adopt_second(where.unified)) return groups;
    groups.detail_ += "; `systemd-run --user --scope -p Delegate=yes cloudlet up` delegates them";
  } else {
    groups.detail_ = "no control groups are mounted";
  }
  const std::string why = groups.detail_;
  groups.remove();
  groups.detail_ = why;
  return groups;
}

int ControlGroups::open_memory_peak(std::uint64_t instance) const {
  if (version_ == Version::none) return -1;
  const std::string path =
      "i" + std::to_string(instance) +
      (version_ == Version::first ? "/memory.max_usage_in_bytes" : "/memory.peak");
  return ::openat(descriptors_.front(), path.c_str(), O_RDONLY | O_CLOEXEC);
}

void ControlGroups::remove() {
  for (const int fd : descriptors_) ::close(fd);
  for (const std::string& folder : folders_) remove_group(folder);
  descriptors_.clear();
  folders_.clear();
  version_ = Version::none;
}

ControlGroups::ControlGroups(ControlGroups&& other) noexcept { *this = std::move(other); }
ControlGroups& ControlGroups::operator=(ControlGroups&& other) noexcept {
  std::swap(version_, other.version_);
  std::swap(detail_, other.detail_);
  std::swap(folders_, other.folders_);
  std::swap(descriptors_, other.descriptors_);
  return *this;
}
ControlGroups::~ControlGroups() { remove(); }

}  // namespace cloudlet::runtime
