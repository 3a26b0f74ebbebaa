#include "runtime/spawner/init.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/frame.h"

namespace cloudlet::runtime::spawner {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// The bootstrap could not be executed: said as the runtime itself would say it, on the control
// socket.
void report_invalid_entrypoint(const std::string& program, int error) {
  std::string body = "{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"";
  if (error == ENOENT && access(program.c_str(), F_OK) != 0)
    body += "Couldn't find valid bootstrap(s): [" + program + " /opt/bootstrap]";
  else
    body += "fork/exec " + program + ": " +
            (error == ENOEXEC ? "exec format error" : std::strerror(error));
  body += "\"}";
  const std::string frame = frame_head(FrameKind::init_error, body.size()) + body;
  [[maybe_unused]] const ssize_t written = write(control_descriptor, frame.data(), frame.size());
}

}  // namespace

void take_descriptors(int control, int output, int status) {
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(output, 1);
  dup2(output, 2);
  dup2(control, control_descriptor);
  if (status >= 0) dup2(status, status_descriptor);
  if (nothing > status_descriptor) close(nothing);
}

void close_all_but_taken(bool with_status, int also) {
  auto from = static_cast<unsigned>((with_status ? status_descriptor : control_descriptor) + 1);
  if (also >= static_cast<int>(from)) {
    const auto kept = static_cast<unsigned>(also);
    if (kept > from) syscall(SYS_close_range, from, kept - 1, 0);
    from = kept + 1;
  }
  syscall(SYS_close_range, from, ~0U, 0);
}

void keep_capabilities() {
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &head, data) != 0) return;
  for (auto& part : data) part.inheritable = part.permitted;
  if (syscall(SYS_capset, &head, data) != 0) return;
  for (int capability = 0; capability <= CAP_LAST_CAP; ++capability)
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
}

void execute(const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> argv = pointers(arguments), envp = pointers(environment);
  execve(argv[0], argv.data(), envp.data());
}

void run_native(std::vector<std::string> arguments, const std::vector<std::string>& environment,
                const std::string& code, int status_pipe) {
  const std::string program = code + "/bootstrap";
  arguments.insert(arguments.begin(), program);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(status_pipe);
    execute(arguments, environment);
    report_invalid_entrypoint(program, errno);
    _exit(1);
  }
  close(control_descriptor);
  close(1);
  close(2);
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(-1, &status, 0);
    if (ended == child || (ended < 0 && errno != EINTR)) break;
  }
  [[maybe_unused]] const ssize_t written = write(status_pipe, &status, sizeof status);
  _exit(0);
}

}  // namespace cloudlet::runtime::spawner
