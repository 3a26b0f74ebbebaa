// Which system calls an instance may make: what ordinary programs need stays, what reaches for the
// kernel, for other processes or for raw networks answers "operation not permitted".
#pragma once

#include <string>

#include "base/result.h"

namespace cloudlet::runtime {

// `no_datagrams`: also no UDP; for functions that share the host's network, where Landlock limits
// TCP only.
enum class Datagrams { allowed, refused };

// The program as bytes of `struct sock_filter`; unsupported here: an error with the reason.
Result<std::string> syscall_filter(Datagrams datagrams);

}  // namespace cloudlet::runtime
