// From a confined child to the function's own program: descriptors, environment, the first process
// of its namespace.
#pragma once

#include <string>
#include <vector>

namespace cloudlet::runtime::spawner {

inline constexpr int control_descriptor = 3;
inline constexpr int status_descriptor = 4;

// 0 /dev/null, 1 and 2 the output, 3 the control socket, 4 the status pipe if there is one.
void take_descriptors(int control, int output, int status = -1);
// Nothing but those, and `also`, stays open. Not for an interpreter, whose libraries hold
// descriptors of their own.
void close_all_but_taken(bool with_status, int also = -1);

// Keeps the capabilities of a user namespace across exec.
void keep_capabilities();

// execve, or returns with errno.
void execute(const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment);

// Becomes the init of the instance: runs the bootstrap of the package, reaps what it leaves behind,
// writes its wait status to the status pipe and ends, which ends everything in the namespace of
// processes.
[[noreturn]] void run_native(std::vector<std::string> arguments,
                             const std::vector<std::string>& environment, const std::string& code,
                             int status_pipe);

}  // namespace cloudlet::runtime::spawner
