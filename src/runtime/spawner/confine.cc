#include "runtime/spawner/confine.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/spawner/home.h"
#include "runtime/spawner/landlock.h"
#include "runtime/spawner/mounts.h"

namespace cloudlet::runtime::spawner {
namespace {

bool fail(std::string& why, const char* what) {
  why = std::string(what) + ": " + std::strerror(errno);
  return false;
}

bool limit(int resource, std::uint64_t value) {
  const rlimit bound{.rlim_cur = value, .rlim_max = value};
  return setrlimit(static_cast<__rlimit_resource>(resource), &bound) == 0;
}

bool set_limits(const Spawn& spawn, std::string& why) {
  // AWS gives an execution environment 1,024 descriptors and 1,024 processes and threads.
  if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_NOFILE, 1024)) return fail(why, "limits");
  if (spawn.processes_max > 0 && !limit(RLIMIT_NPROC, spawn.processes_max))
    return fail(why, "limit of processes");
  if (spawn.memory_by_rlimit != 0 && !limit(RLIMIT_DATA, spawn.memory_bytes))
    return fail(why, "limit of memory");
  return true;
}

bool drop_privileges(const Spawn& spawn, std::uint64_t features, std::string& why) {
  if ((features & switch_user) != 0 && spawn.user != 0) {
    const auto id = static_cast<uid_t>(spawn.user);
    // The output pipe goes with it: /dev/stderr is opened anew by whoever writes to it by name.
    if (fchown(STDOUT_FILENO, id, id) != 0 || setgroups(0, nullptr) != 0 ||
        setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0)
      return fail(why, "user id");
  }
  // A function may look at itself, in /proc/self. Not at its init: a copy of the launcher.
  prctl(PR_SET_DUMPABLE, spawn.kind == SpawnKind::python ? 1 : 0);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &head, none) != 0) return fail(why, "capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(why, "no_new_privs");
  // Changing the user id forgot it.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return fail(why, "parent death signal");
  return true;
}

bool install_filter(const std::string& program, std::string& why) {
  if (program.empty()) return true;
  sock_fprog filter{};
  filter.len = static_cast<unsigned short>(program.size() / sizeof(sock_filter));
  filter.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(program.data()));
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) return fail(why, "seccomp");
  return true;
}

bool make_wall(Confinement& with, std::string& why) {
  if ((with.features & landlock) == 0) return true;
  LandlockRules rules;
  rules.readable = {"/usr",
                    "/bin",
                    "/sbin",
                    "/lib",
                    "/lib32",
                    "/lib64",
                    "/opt",
                    "/proc",
                    "/etc/ssl/certs",
                    "/etc/ssl/openssl.cnf",
                    "/etc/alternatives",
                    "/etc/ld.so.cache",
                    "/etc/localtime",
                    "/etc/hosts",
                    "/etc/resolv.conf",
                    "/etc/nsswitch.conf",
                    "/etc/passwd",
                    "/etc/group",
                    "/etc/mime.types",
                    "/dev"};
  rules.devices = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
  rules.limit_connect = with.limit_network;
  for (const std::uint16_t port : {with.endpoint_port, with.api_port})
    if (port != 0) rules.connect_ports.push_back(port);
  with.landlock_ruleset = make_landlock(rules, with.landlock_version, why);
  return with.landlock_ruleset >= 0;
}

bool wall_off(const Confinement& with, const Place& place, std::string& why) {
  if ((with.features & landlock) == 0) return true;
  LandlockRules own;
  own.readable = {place.code, place.programs};
  own.writable = {place.tmp};
  return enter_landlock(with.landlock_ruleset, own, with.landlock_version, why);
}

}  // namespace

bool prepare(Confinement& with, std::string& why) {
  umask(0022);
  const bool proc = (with.features & pid_namespace) != 0 && (with.features & proc_mounted) != 0;
  if ((with.features & mount_namespace) != 0 && !begin_view(proc, why)) return false;
  // The bounding set: a changed user may not touch it any more.
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
    prctl(PR_CAPBSET_DROP, capability);
  return make_wall(with, why);
}

bool confine(const Confinement& with, const Spawn& spawn, const std::string& scratch, Place& place,
             std::string& why) {
  if ((with.features & mount_namespace) != 0) {
    if (!finish_view(spawn.package, spawn.tmp_bytes, why)) return false;
    place = {.code = task_root_inside, .programs = programs_inside, .tmp = "/tmp"};
  } else {
    place = {
        .code = with.packages + "/" + spawn.package, .programs = with.programs, .tmp = scratch};
  }
  if (!set_limits(spawn, why) || !drop_privileges(spawn, with.features, why)) return false;
  if (chdir(place.code.c_str()) != 0) return fail(why, "code folder");
  return wall_off(with, place, why) && install_filter(*with.filter, why);
}

}  // namespace cloudlet::runtime::spawner
