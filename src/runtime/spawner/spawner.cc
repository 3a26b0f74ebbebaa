#include "runtime/spawner/spawner.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/spawner/confine.h"
#include "runtime/spawner/init.h"
#include "runtime/spawner/remove_tree.h"

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

// A function may have left a large tree: not in the loop's time.
void remove_in_background(const std::string& folder) {
  if (fork() != 0) return;
  remove_tree(AT_FDCWD, folder.c_str());
  _exit(0);
}

void close_all(const std::vector<int>& fds) {
  for (const int fd : fds) close(fd);
}

}  // namespace

bool Spawner::serve(Child& child) {
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, nullptr);
  signals_ = signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
  pollfd waiting[2] = {{.fd = socket_, .events = POLLIN}, {.fd = signals_, .events = POLLIN}};
  for (;;) {
    if (poll(waiting, 2, -1) < 0 && errno != EINTR) break;
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof info) > 0) {}
    reap();
    if ((waiting[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    Packet packet = receive_packet(socket_);
    if (packet.bytes.empty()) break;
    const Step step = handle(std::move(packet), child);
    if (step == Step::in_child) return true;
    if (step == Step::server_gone) break;
  }
  end_all();
  return false;
}

Spawner::Step Spawner::handle(Packet packet, Child& child) {
  Unpacker u(packet.bytes);
  switch (u.kind()) {
    case MessageKind::hello: greet(Hello::unpack(u), std::move(packet.fds)); return Step::go_on;
    case MessageKind::filter: filter_ = u.text(); return Step::go_on;
    case MessageKind::spawn: {
      Spawn wanted = Spawn::unpack(u);
      const Step step = spawn(std::move(wanted), u, std::move(packet.fds), child);
      explicit_bzero(packet.bytes.data(), packet.bytes.size());
      return step;
    }
    case MessageKind::kill: {
      const auto found = running_.find(u.number());
      if (found != running_.end()) kill(found->second.pid, SIGKILL);
      return Step::go_on;
    }
    default: close_all(packet.fds); return Step::server_gone;
  }
}

void Spawner::greet(const Hello& hello, std::vector<int> fds) {
  hello_ = hello;
  cgroup_folders_ = std::move(fds);
  if (hello.inherited != 0) {
    home_.ready.features = hello.features & 0xffff;
    home_.ready.landlock_version = hello.features >> 16;
  } else {
    home_ = make_home(hello, ground_);
    if (!home_.has(mount_namespace)) make_scratch();
  }
  if (home_.has(pid_namespace)) pid_namespace_ = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  std::vector<int> listener;
  if (home_.endpoint_listener >= 0) listener.push_back(home_.endpoint_listener);
  send_packet(socket_, home_.ready.pack().bytes(), listener);
  close_all(listener);
  home_.endpoint_listener = -1;
}

std::string Spawner::scratch_of(std::uint64_t id) const {
  return hello_.scratch + "/i" + std::to_string(id);
}

// What an earlier launcher that was killed has left is in the way of nobody's ids, and is removed.
void Spawner::make_scratch() {
  const std::string old = hello_.scratch + ".old";
  if (rename(hello_.scratch.c_str(), old.c_str()) == 0 || errno != ENOENT)
    remove_in_background(old);
  mkdir(hello_.scratch.c_str(), 0700);
}

Spawner::Step Spawner::spawn(Spawn spawn, Unpacker& environment, std::vector<int> fds,
                             Child& child) {
  const std::uint64_t id = spawn.id;
  const auto refuse = [&](const std::string& why) {
    close_all(fds);
    send_packet(socket_, Packer(MessageKind::failed).number(id).text(why).bytes());
    return Step::go_on;
  };
  if (spawn.kind == SpawnKind::zygote)
    return start_zygote(spawn, environment, fds), close_all(fds), Step::go_on;
  if (fds.size() != 2) return refuse("two descriptors are needed");
  std::string why;
  if (!make_cgroup(spawn, why)) return refuse(why);
  if (!home_.has(mount_namespace) && mkdir(scratch_of(id).c_str(), 0700) != 0)
    return refuse(reason("folder for /tmp"));
  std::uint16_t port = 0;
  int api = -1, status_pipe[2] = {-1, -1};
  const bool native = spawn.kind == SpawnKind::native;
  if (native && (api = listen_anywhere(port)) < 0) return refuse(reason("Runtime API socket"));
  if (native && pipe2(status_pipe, O_CLOEXEC) != 0) return refuse(reason("pipe"));
  if (pid_namespace_ >= 0 && unshare(CLONE_NEWPID) != 0)
    return refuse(reason("namespace of processes"));
  const pid_t pid = fork_();
  if (pid == 0) {
    spawn.environment = environment.texts();
    if (become(std::move(spawn), fds[0], fds[1], port, status_pipe[1], child))
      return Step::in_child;
    _exit(127);
  }
  const int fork_error = errno;
  if (pid_namespace_ >= 0) setns(pid_namespace_, CLONE_NEWPID);
  if (native) close(status_pipe[1]);
  errno = fork_error;
  if (pid < 0) return refuse(reason("fork"));
  close_all(fds);
  running_[id] = {.pid = pid, .status_pipe = status_pipe[0]};
  std::vector<int> passed;
  if (api >= 0) passed.push_back(api);
  send_packet(
      socket_,
      Packer(MessageKind::started).number(id).number(static_cast<std::uint64_t>(pid)).bytes(),
      passed);
  close_all(passed);
  return Step::go_on;
}

// Trusted code of ours, with the launcher's own rights: it will build sandboxes itself.
void Spawner::start_zygote(const Spawn& spawn, Unpacker& environment, const std::vector<int>& fds) {
  const pid_t pid = fork();
  if (pid != 0) {
    running_[spawn.id] = {.pid = pid};
    send_packet(socket_, Packer(MessageKind::started)
                             .number(spawn.id)
                             .number(static_cast<std::uint64_t>(pid))
                             .bytes());
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (fds.size() != 2) _exit(127);
  take_descriptors(fds[0], fds[1]);
  close_all_but_taken(false);
  if (home_.has(user_namespace)) keep_capabilities();
  execute(spawn.arguments, environment.texts());
  _exit(127);
}

// In the child: everything that makes it an instance. True: go on in this process image.
bool Spawner::become(Spawn spawn, int control, int output, int api_port, int status_pipe,
                     Child& child) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!join_cgroup(spawn.id))
    return dprintf(output, "cloudlet: control group: %s\n", std::strerror(errno)), false;
  if (spawn.kind == SpawnKind::native) {
    // Out of the way of the numbers they are to have.
    take_descriptors(fcntl(control, F_DUPFD, 10), fcntl(output, F_DUPFD, 10),
                     fcntl(status_pipe, F_DUPFD, 10));
    close_all_but_taken(true);
  } else {
    take_descriptors(control, output);
    for (const int fd : {control, output, pid_namespace_, signals_})
      if (fd > control_descriptor) close(fd);
    close_all(cgroup_folders_);
    // The spawner's loop has these blocked.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
  }
  Confinement with{.spawn = &spawn,
                   .features = home_.ready.features,
                   .landlock_version = home_.ready.landlock_version,
                   .filter = &filter_,
                   .packages = hello_.packages,
                   .programs = hello_.programs};
  with.endpoint_port = static_cast<std::uint16_t>(hello_.endpoint_port);
  with.api_port = static_cast<std::uint16_t>(api_port);
  with.limit_network = hello_.isolate_network != 0;
  with.scratch = scratch_of(spawn.id);
  Place place;
  std::string why;
  if (!confine(with, place, why)) return dprintf(2, "cloudlet: sandbox: %s\n", why.c_str()), false;
  if (!home_.has(mount_namespace)) say_where(place, spawn.environment);
  spawn.environment.push_back("LAMBDA_TASK_ROOT=" + place.code);
  if (spawn.kind == SpawnKind::native) {
    spawn.environment.push_back("AWS_LAMBDA_RUNTIME_API=127.0.0.1:" + std::to_string(api_port));
    run_native(spawn.arguments, spawn.environment, place.code, status_descriptor);
  }
  child.environment = spawn.environment;
  child.task_root = place.code;
  child.spawn = std::move(spawn);
  return true;
}

void Spawner::reap() {
  for (;;) {
    int status = 0;
    rusage used{};
    const pid_t pid = wait4(-1, &status, WNOHANG, &used);
    if (pid <= 0) return;
    for (auto i = running_.begin(); i != running_.end(); ++i) {
      if (i->second.pid != pid) continue;
      // The init tells how the function's own process ended; if it was killed itself, that is the
      // answer.
      int inner = 0;
      if (i->second.status_pipe >= 0) {
        if (read(i->second.status_pipe, &inner, sizeof inner) == sizeof inner) status = inner;
        close(i->second.status_pipe);
      }
      const bool for_memory = drop_cgroup(i->first);
      if (!home_.has(mount_namespace)) remove_in_background(scratch_of(i->first));
      Packer packer(MessageKind::exited);
      packer.number(i->first).number(static_cast<std::uint64_t>(status));
      packer.number(static_cast<std::uint64_t>(used.ru_maxrss) * 1024).number(for_memory ? 1 : 0);
      send_packet(socket_, packer.bytes());
      running_.erase(i);
      break;
    }
  }
}

void Spawner::end_all() {
  for (const auto& [id, running] : running_) kill(running.pid, SIGKILL);
  for (const auto& [id, running] : running_) {
    waitpid(running.pid, nullptr, 0);
    drop_cgroup(id);
  }
  if (!running_.empty() && !home_.has(mount_namespace))
    for (const auto& [id, running] : running_) remove_in_background(scratch_of(id));
  running_.clear();
}

}  // namespace cloudlet::runtime::spawner
