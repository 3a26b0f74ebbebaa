// The child that stands by, made by the spawner and become an instance: see spawner.h.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/spawner/init.h"
#include "runtime/spawner/spawner.h"

namespace cloudlet::runtime::spawner {
namespace {

std::string reason(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

// A socket for the instance's own Runtime API, inside the functions' network.
int listen_anywhere(std::uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 16) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    close(fd);
    return -1;
  }
  port = ntohs(address.sin_port);
  return fd;
}

// Variables that name folders as they are in a root of its own, on a host without.
void say_where(const Place& place, std::vector<std::string>& environment) {
  const auto put = [](std::string& text, std::string_view from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  };
  for (std::string& variable : environment) {
    if (variable == "HOME=/tmp") variable = "HOME=" + place.tmp;
    for (const char* name : {"LD_LIBRARY_PATH=", "PYTHONPATH=", "LAMBDA_RUNTIME_DIR="}) {
      if (!variable.starts_with(name)) continue;
      put(variable, task_root_inside, place.code);
      put(variable, programs_inside, place.programs);
    }
  }
  const auto own = [](const std::string& variable) { return variable.starts_with("TMPDIR="); };
  if (std::none_of(environment.begin(), environment.end(), own))
    environment.push_back("TMPDIR=" + place.tmp);
}

void close_if_open(std::initializer_list<int> fds) {
  for (const int fd : fds)
    if (fd >= 0) close(fd);
}

}  // namespace

Spawner::Step Spawner::stand_by(std::string& why) {
  why.clear();
  Standby made;
  int channel[2] = {-1, -1}, status[2] = {-1, -1};
  std::uint16_t port = 0;
  const bool native = kind_ == SpawnKind::native;
  const auto refuse = [&](const char* what) {
    why = reason(what);
    close_if_open({channel[0], channel[1], status[0], status[1], made.api});
    return Step::go_on;
  };
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0)
    return refuse("channel to an instance");
  if (native && (made.api = listen_anywhere(port)) < 0) return refuse("Runtime API socket");
  if (native && pipe2(status, O_CLOEXEC) != 0) return refuse("pipe");
  if (pid_namespace_ >= 0 && unshare(CLONE_NEWPID) != 0) return refuse("namespace of processes");
  made.pid = fork_();
  made.channel = channel[0], made.status_pipe = status[0];
  if (made.pid == 0) {
    get_ready(made, channel[1], status[1], port);
    return Step::in_child;
  }
  const int fork_error = errno;
  if (pid_namespace_ >= 0) setns(pid_namespace_, CLONE_NEWPID);
  errno = fork_error;
  if (made.pid < 0) return refuse("fork");
  close_if_open({channel[1], status[1]});
  standby_ = made;
  return Step::go_on;
}

void Spawner::drop_standby() {
  if (!standby_) return;
  if (standby_->pid > 0) {
    kill(standby_->pid, SIGKILL);
    waitpid(standby_->pid, nullptr, 0);
  }
  close_if_open({standby_->channel, standby_->status_pipe, standby_->api});
  standby_.reset();
}

// In the child: what is the same whatever instance it becomes.
void Spawner::get_ready(const Standby& standby, int channel, int status_pipe,
                        std::uint16_t api_port) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_if_open({standby.channel, standby.status_pipe, standby.api});
  waiting_ = {.channel = channel, .status_pipe = status_pipe, .api_port = api_port};
  auto& with = waiting_.confinement;
  with.features = home_.ready.features;
  with.landlock_version = home_.ready.landlock_version;
  with.filter = &filter_;
  with.packages = hello_.packages;
  with.programs = hello_.programs;
  with.endpoint_port = static_cast<std::uint16_t>(hello_.endpoint_port);
  with.api_port = api_port;
  with.limit_network = hello_.isolate_network != 0;
  prepare(with, waiting_.why_not);
}

bool Spawner::become(Child& child) {
  Packet packet = receive_packet(waiting_.channel);
  if (packet.bytes.empty()) _exit(0);  // the spawner is gone
  Unpacker u(packet.bytes);
  u.kind();
  child.spawn = Spawn::unpack(u);
  Spawn& spawn = child.spawn;
  spawn.environment = u.texts();
  explicit_bzero(packet.bytes.data(), packet.bytes.size());
  const bool joined = join_cgroup(spawn.id);
  const int error = errno;
  take_what_was_sent(packet.fds);
  const auto fail = [](const char* what, const std::string& why) {
    return dprintf(STDERR_FILENO, "cloudlet: %s: %s\n", what, why.c_str()), false;
  };
  if (!joined) return fail("control group", std::strerror(error));
  if (!waiting_.why_not.empty()) return fail("sandbox", waiting_.why_not);
  Place place;
  std::string why;
  if (!confine(waiting_.confinement, spawn, scratch_of(spawn.id), place, why))
    return fail("sandbox", why);
  if (!home_.has(mount_namespace)) say_where(place, spawn.environment);
  spawn.environment.push_back("LAMBDA_TASK_ROOT=" + place.code);
  if (kind_ == SpawnKind::native) {
    spawn.environment.push_back("AWS_LAMBDA_RUNTIME_API=127.0.0.1:" +
                                std::to_string(waiting_.api_port));
    run_native(spawn.arguments, spawn.environment, place.code, status_descriptor);
  }
  child.environment = spawn.environment;
  child.task_root = place.code;
  return true;
}

// The control socket, the output: at the numbers they are to have, and nothing of the spawner's
// beside them.
void Spawner::take_what_was_sent(const std::vector<int>& fds) {
  int& ruleset = waiting_.confinement.landlock_ruleset;
  if (kind_ == SpawnKind::native) {
    // Out of the way of the numbers they are to have.
    if (ruleset >= 0) ruleset = fcntl(ruleset, F_DUPFD_CLOEXEC, 10);
    take_descriptors(fcntl(fds[0], F_DUPFD, 10), fcntl(fds[1], F_DUPFD, 10),
                     fcntl(waiting_.status_pipe, F_DUPFD, 10));
    close_all_but_taken(true, ruleset);
    return;
  }
  take_descriptors(fds[0], fds[1]);
  for (const int fd : {fds[0], fds[1], waiting_.channel, pid_namespace_, signals_})
    if (fd > control_descriptor) close(fd);
  for (const int folder : cgroup_folders_) close(folder);
  // The spawner's loop has these blocked.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace cloudlet::runtime::spawner
