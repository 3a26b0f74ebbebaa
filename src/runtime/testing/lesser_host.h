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

}  // namespace cloudlet::runtime::testing
