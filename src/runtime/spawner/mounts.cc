#include "runtime/spawner/mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/spawner/home.h"

namespace cloudlet::runtime::spawner {
namespace {

bool fail(std::string& why, const std::string& what) {
  why = what + ": " + std::strerror(errno);
  return false;
}

// Only adds: what the mount already forbids stays forbidden, as a user namespace demands.
bool restrict_mount(const std::string& path, std::uint64_t attributes, bool recursive) {
  mount_attr wanted{};
  wanted.attr_set = attributes;
  return syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), recursive ? AT_RECURSIVE : 0, &wanted,
                 sizeof wanted) == 0;
}

// A folder of ours without what is mounted below it: the root being built is below the programs.
bool bind_folder_readonly(const std::string& from, const std::string& to) {
  return mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
         restrict_mount(to, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false);
}

bool bind_readonly(const std::string& from, const std::string& to, std::uint64_t more = 0) {
  return mount(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0 &&
         restrict_mount(to, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | more, true);
}

bool write_text(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  const bool ok = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return ok;
}

// /bin, /lib and their like: links on a merged-usr system, folders elsewhere.
bool add_system_folder(const std::string& root, const char* name) {
  struct stat about{};
  if (lstat(name, &about) != 0) return true;
  const std::string inside = root + name;
  if (S_ISLNK(about.st_mode)) {
    char target[256] = {};
    if (readlink(name, target, sizeof target - 1) < 0) return false;
    return symlink(target, inside.c_str()) == 0;
  }
  return mkdir(inside.c_str(), 0755) == 0 && bind_readonly(name, inside, MOUNT_ATTR_NODEV);
}

// A file or folder of the host, at the same place inside, if the host has it.
bool add_if_there(const std::string& root, const std::string& path) {
  struct stat about{};
  if (stat(path.c_str(), &about) != 0) return true;
  const std::string inside = root + path;
  if (S_ISDIR(about.st_mode)) {
    if (mkdir(inside.c_str(), 0755) != 0) return false;
  } else if (!write_text(inside, "")) {
    return false;
  }
  return bind_readonly(path, inside, MOUNT_ATTR_NODEV);
}

bool add_devices(const std::string& root) {
  mkdir((root + "/dev").c_str(), 0755);
  for (const char* device :
       {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    const std::string inside = root + device;
    if (!write_text(inside, "") || mount(device, inside.c_str(), nullptr, MS_BIND, nullptr) != 0)
      return false;
  }
  symlink("/proc/self/fd", (root + "/dev/fd").c_str());
  symlink("/proc/self/fd/0", (root + "/dev/stdin").c_str());
  symlink("/proc/self/fd/1", (root + "/dev/stdout").c_str());
  symlink("/proc/self/fd/2", (root + "/dev/stderr").c_str());
  return true;
}

bool add_etc(const std::string& root) {
  mkdir((root + "/etc").c_str(), 0755);
  mkdir((root + "/etc/ssl").c_str(), 0755);
  for (const char* path :
       {"/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/alternatives", "/etc/ld.so.cache",
        "/etc/ld.so.conf", "/etc/localtime", "/etc/mime.types"})
    if (!add_if_there(root, path)) return false;
  return write_text(
             root + "/etc/passwd",
             "root:x:0:0::/:/bin/sh\nsbx_user1051:x:993:990::/home/sbx_user1051:/bin/sh\n") &&
         write_text(root + "/etc/group", "root:x:0:\nsbx_user1051:x:990:\n") &&
         write_text(root + "/etc/hosts", "127.0.0.1 localhost\n") &&
         write_text(root + "/etc/resolv.conf", "") &&
         write_text(root + "/etc/nsswitch.conf", "hosts: files dns\n");
}

bool fill_root(const std::string& root, const Hello& hello, std::string& why) {
  for (const char* folder : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"})
    if (!add_system_folder(root, folder)) return fail(why, std::string("mount ") + folder);
  if (!add_devices(root)) return fail(why, "mount of devices");
  if (!add_etc(root)) return fail(why, "mount of /etc");
  for (const char* folder : {"/proc", "/tmp", "/opt", "/var", "/home", "/.packages", "/.host"})
    mkdir((root + folder).c_str(), 0755);
  mkdir((root + task_root_inside).c_str(), 0755);
  mkdir((root + programs_inside).c_str(), 0755);
  if (mount("/proc", (root + "/proc").c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return fail(why, "mount /proc");
  if (!bind_folder_readonly(hello.programs, root + programs_inside))
    return fail(why, "mount of programs");
  if (!bind_folder_readonly(hello.packages, root + packages_inside))
    return fail(why, "mount of packages");
  return true;
}

bool switch_root(const std::string& root, std::string& why) {
  const std::string old = root + "/.host";
  if (syscall(SYS_pivot_root, root.c_str(), old.c_str()) != 0) return fail(why, "pivot_root");
  if (chdir("/") != 0 || umount2("/.host", MNT_DETACH) != 0)
    return fail(why, "umount of the host's root");
  rmdir("/.host");
  if (!restrict_mount("/", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false))
    return fail(why, "read-only root");
  return true;
}

}  // namespace

bool make_root(const Hello& hello, std::string& why) {
  if (unshare(CLONE_NEWNS) != 0) return fail(why, "mount namespace");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return fail(why, "private mounts");
  // Any folder serves as the place; this one is ours and stays empty for everybody else.
  const std::string root = hello.programs + "/root";
  mkdir(root.c_str(), 0755);
  if (mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID, "mode=0755,size=4m") != 0)
    return fail(why, "mount of a root");
  if (!fill_root(root, hello, why) || !switch_root(root, why)) return false;
  return true;
}

bool begin_view(bool mount_proc, std::string& why) {
  if (unshare(CLONE_NEWNS) != 0) return fail(why, "mount namespace");
  if (!mount_proc)
    return umount2("/proc", MNT_DETACH) == 0 || fail(why, "umount of the host's /proc");
  return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 ||
         fail(why, "mount /proc");
}

bool finish_view(const std::string& package, std::uint64_t tmp_bytes, std::string& why) {
  if (!package.empty()) {
    const std::string code = std::string(packages_inside) + "/" + package;
    if (mount(code.c_str(), task_root_inside, nullptr, MS_BIND, nullptr) != 0)
      return fail(why, "mount of the code");
    // A bind of a read-only mount starts out writable or not as its source does; said again to be
    // sure.
    if (!restrict_mount(task_root_inside, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
                        false))
      return fail(why, "read-only code");
  }
  if (umount2(packages_inside, MNT_DETACH) != 0) return fail(why, "umount of the packages");
  const std::string options = "mode=1777,nr_inodes=262144,size=" + std::to_string(tmp_bytes);
  return mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0 ||
         fail(why, "mount of /tmp");
}

}  // namespace cloudlet::runtime::spawner
