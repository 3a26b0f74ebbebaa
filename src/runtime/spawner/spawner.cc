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

constexpr int calm_ms = 20;  // nothing was asked for so long: time to make the next standby

std::string reason(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

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

bool Spawner::serve() {
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_ended, nullptr);
  signals_ = signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
  pollfd waiting[2] = {{.fd = socket_, .events = POLLIN}, {.fd = signals_, .events = POLLIN}};
  for (;;) {
    const int happened = poll(waiting, 2, wants_standby_ && !standby_ ? calm_ms : -1);
    if (happened < 0 && errno != EINTR) break;
    if (happened == 0) {
      std::string why;
      if (stand_by(why) == Step::in_child) return true;
      wants_standby_ = why.empty();  // else: not again before the next spawn
      continue;
    }
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof info) > 0) {}
    reap();
    if ((waiting[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    Packet packet = receive_packet(socket_);
    if (packet.bytes.empty()) break;
    const Step step = handle(std::move(packet));
    if (step == Step::in_child) return true;
    if (step == Step::server_gone) break;
  }
  end_all();
  return false;
}

Spawner::Step Spawner::handle(Packet packet) {
  Unpacker u(packet.bytes);
  switch (u.kind()) {
    case MessageKind::hello: greet(Hello::unpack(u), std::move(packet.fds)); return Step::go_on;
    case MessageKind::filter:
      filter_ = u.text();
      wants_standby_ = true;
      return Step::go_on;
    case MessageKind::spawn: {
      const Spawn wanted = Spawn::unpack(u);
      const Step step = wanted.kind == SpawnKind::zygote
                            ? (start_zygote(wanted, u, packet.fds), Step::go_on)
                            : spawn(wanted, packet);
      explicit_bzero(packet.bytes.data(), packet.bytes.size());
      close_all(packet.fds);
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

Spawner::Step Spawner::spawn(const Spawn& spawn, const Packet& packet) {
  const auto refuse = [&](const std::string& why) {
    send_packet(socket_, Packer(MessageKind::failed).number(spawn.id).text(why).bytes());
    return Step::go_on;
  };
  if (spawn.kind != kind_) return refuse("this spawner starts no such instances");
  if (packet.fds.size() != 2) return refuse("two descriptors are needed");
  std::string why;
  if (!make_cgroup(spawn, why)) return refuse(why);
  if (!home_.has(mount_namespace) && mkdir(scratch_of(spawn.id).c_str(), 0700) != 0)
    return refuse(reason("folder for /tmp"));
  const auto hand_over = [&] {
    return standby_ && send_packet(standby_->channel, packet.bytes, packet.fds);
  };
  if (!hand_over()) {
    drop_standby();  // there was none, or it is dead
    if (stand_by(why) == Step::in_child) return Step::in_child;
    if (!why.empty()) return refuse(why);
    if (!hand_over()) return refuse(reason("message to the instance"));
  }
  running_[spawn.id] = {.pid = standby_->pid, .status_pipe = standby_->status_pipe};
  std::vector<int> passed;
  if (standby_->api >= 0) passed.push_back(standby_->api);
  send_packet(socket_,
              Packer(MessageKind::started)
                  .number(spawn.id)
                  .number(static_cast<std::uint64_t>(standby_->pid))
                  .bytes(),
              passed);
  close_all(passed);
  close(standby_->channel);
  standby_.reset();
  wants_standby_ = true;
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

void Spawner::reap() {
  for (;;) {
    int status = 0;
    rusage used{};
    const pid_t pid = wait4(-1, &status, WNOHANG, &used);
    if (pid <= 0) return;
    if (standby_ && standby_->pid == pid) {
      standby_->pid = 0;  // nobody's any more
      drop_standby();
      continue;
    }
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
  drop_standby();
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
