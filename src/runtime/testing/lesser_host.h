// Hosts that give less than this one: a filter of system calls on the thread that starts the
// launcher, which inherits it.
#pragma once

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace cloudlet::runtime::testing {

// From now on, and in what this thread starts, each of these calls fails with its error.
struct Refused {
  int call;
  int error;
};
inline void refuse_calls(std::initializer_list<Refused> calls) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  for (const Refused& refused : calls)
    seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<std::uint32_t>(refused.error)),
                     refused.call, 0);
  seccomp_load(filter);
  seccomp_release(filter);
}

// A kernel before Landlock, or one where it is switched off.
inline void no_landlock() { refuse_calls({{SYS_landlock_create_ruleset, EOPNOTSUPP}}); }

// A container without CAP_SYS_ADMIN: no namespaces, no mounts.
inline void no_namespaces() { refuse_calls({{SYS_unshare, EPERM}, {SYS_mount, EPERM}}); }

// Not root: this thread alone, and what it starts.
inline void as_nobody() {
  constexpr long nobody = 65534;
  syscall(SYS_setgroups, 0, nullptr);
  syscall(SYS_setresgid, nobody, nobody, nobody);
  syscall(SYS_setresuid, nobody, nobody, nobody);
}

}  // namespace cloudlet::runtime::testing
