#include "runtime/syscall_filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace cloudlet::runtime {
namespace {

// Names unknown to the library on this machine are passed over: the kernel's ABI has none of them
// there.
constexpr const char* refused[] = {
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    "pidfd_open", "move_pages", "migrate_pages",
    // the file system's shape
    "mount", "umount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick",
    "open_tree", "move_mount", "mount_setattr", "swapon", "swapoff", "quotactl", "quotactl_fd",
    "name_to_handle_at", "open_by_handle_at", "fanotify_init", "mknod", "mknodat",
    // the kernel
    "init_module", "finit_module", "delete_module", "create_module", "query_module",
    "get_kernel_syms", "kexec_load", "kexec_file_load", "bpf", "perf_event_open", "userfaultfd",
    "syslog", "reboot", "acct", "lookup_dcookie", "uselib", "ustat", "sysfs", "_sysctl",
    "nfsservctl", "vm86", "vm86old", "modify_ldt", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "add_key", "keyctl", "request_key",
    // the machine
    "settimeofday", "stime", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64",
    "adjtimex", "sethostname", "setdomainname", "iopl", "ioperm", "vhangup",
    // other namespaces
    "unshare", "setns",
    // memory shared by well-known keys, which other instances could guess
    "shmget", "shmat", "shmctl", "semget", "semop", "semctl", "semtimedop", "msgget", "msgsnd",
    "msgrcv", "msgctl", "mq_open", "mq_unlink"};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

bool refuse_all(scmp_filter_ctx filter) {
  for (const char* name : refused) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR || call < 0) continue;
    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) != 0) return false;
  }
  return true;
}

// The kernel takes these arguments as ints: what stands in the upper half of the register counts
// for the filter only, and would carry a refused value past it.
constexpr scmp_datum_t int_bits = 0xffffffff;

bool refuse_namespaces(scmp_filter_ctx filter) {
  constexpr unsigned long flags[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                     CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
  for (const unsigned long flag : flags)
    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)) != 0)
      return false;
  // Its flags lie in memory, where a filter cannot look; libraries fall back to clone.
  return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

// What a terminal would take as typed: TIOCSTI, and the console's paste (TIOCLINUX).
bool refuse_typing(scmp_filter_ctx filter) {
  for (const scmp_datum_t request : {TIOCSTI, TIOCLINUX})
    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                         SCMP_A1(SCMP_CMP_MASKED_EQ, int_bits, request)) != 0)
      return false;
  return true;
}

bool limit_sockets(scmp_filter_ctx filter, Datagrams datagrams) {
  const auto refuse = [&](auto... comparisons) {
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket),
                            sizeof...(comparisons), comparisons...) == 0;
  };
  // Families but local, internet and netlink (which libraries ask for the list of interfaces).
  for (int family = 0; family < AF_MAX + 16; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK)
      continue;
    if (!refuse(SCMP_A0(SCMP_CMP_MASKED_EQ, int_bits, static_cast<scmp_datum_t>(family))))
      return false;
  }
  constexpr scmp_datum_t type_bits = 0xf;
  for (const int family : {AF_INET, AF_INET6}) {
    const auto is_family = SCMP_A0(SCMP_CMP_MASKED_EQ, int_bits, static_cast<scmp_datum_t>(family));
    if (!refuse(is_family, SCMP_A1(SCMP_CMP_MASKED_EQ, type_bits, SOCK_RAW))) return false;
    if (datagrams == Datagrams::refused &&
        !refuse(is_family, SCMP_A1(SCMP_CMP_MASKED_EQ, type_bits, SOCK_DGRAM)))
      return false;
  }
  // Netlink for routes (protocol 0) only.
  const auto is_netlink = SCMP_A0(SCMP_CMP_MASKED_EQ, int_bits, AF_NETLINK);
  for (scmp_datum_t bit = 1; bit <= int_bits; bit <<= 1)
    if (!refuse(is_netlink, SCMP_A2(SCMP_CMP_MASKED_EQ, bit, bit))) return false;
  return true;
}

Result<std::string> exported(scmp_filter_ctx filter) {
  const int fd = static_cast<int>(::memfd_create("filter", MFD_CLOEXEC));
  if (fd < 0 || seccomp_export_bpf(filter, fd) != 0) {
    if (fd >= 0) ::close(fd);
    return invalid("seccomp: the filter cannot be written");
  }
  std::string program(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
  const ssize_t got = ::pread(fd, program.data(), program.size(), 0);
  ::close(fd);
  if (got != static_cast<ssize_t>(program.size()))
    return invalid("seccomp: the filter cannot be read");
  return program;
}

}  // namespace

Result<std::string> syscall_filter(Datagrams datagrams) {
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return invalid("seccomp: not available");
  seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  // A tree, not a list: each call costs a few comparisons.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (!refuse_all(filter.get()) || !refuse_namespaces(filter.get()) ||
      !limit_sockets(filter.get(), datagrams) || !refuse_typing(filter.get()))
    return invalid("seccomp: a rule was refused");
  return exported(filter.get());
}

}  // namespace cloudlet::runtime
