#include "runtime/launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/log.h"
#include "runtime/programs.h"
#include "runtime/syscall_filter.h"

namespace cloudlet::runtime {
namespace {

// Ids of zygotes, apart from those of instances.
constexpr std::uint64_t zygote_ids = std::uint64_t{1} << 62;

struct Wall {
  Feature feature;
  const char* name;
  bool required;
  const char* there;
};
constexpr Wall walls[] = {
    {mount_namespace, "file system of its own", true,
     "system folders read-only, its code at /var/task, a /tmp in memory"},
    {pid_namespace, "processes of its own", true,
     "an instance neither sees nor signals other processes"},
    {network_namespace, "network of its own", true, "functions reach cloudlet and nothing else"},
    {landlock, "Landlock", true, "paths are allowed one by one"},
    {landlock_network, "Landlock for TCP", false, "connections to cloudlet's port only"},
    {switch_user, "user id of its own", false, "each instance runs as a user id of its own"},
};

// What stands in for a wall that the host does not give, and what does not.
std::string without(Feature wall, std::uint64_t features) {
  const auto has = [&](Feature feature) { return (features & feature) != 0; };
  switch (wall) {
    case mount_namespace:
      return has(landlock)
                 ? "functions see the host's paths, and open what Landlock lets them: system "
                   "folders, their code, a folder on the disk as TMPDIR, which has no limit"
                 : "functions open whatever the user of cloudlet can, cloudlet's own data and keys "
                   "too; TMPDIR is a folder on the disk, without a limit";
    case pid_namespace:
      return std::string("functions see the host's processes") +
             (has(landlock_scope) ? "" : " and may signal those of cloudlet's user") +
             "; what they leave running is not ended";
    case network_namespace:
      return has(landlock_network)
                 ? "functions share the host's network: TCP to the number of cloudlet's port, on "
                   "any machine; no UDP"
                 : "functions reach over TCP whatever this machine reaches; no UDP";
    case landlock:
      return has(mount_namespace) ? "no second wall for paths" : "no wall for paths at all";
    case landlock_network:
      if (!has(network_namespace)) return "TCP ports are not limited";
      return has(switch_user)
                 ? "functions reach ports that other functions listen on, but for their Runtime API"
                 : "functions reach ports that other functions listen on, also their Runtime API "
                   "if they use it: Python and the C++ SDK do not";
    default:
      return "instances run as the user of cloudlet, without any capability; started as root, "
             "cloudlet gives each one its own";
  }
}

// What would give more, on a host that refuses namespaces.
std::string advice(std::uint64_t features) {
  if ((features & mount_namespace) != 0) return {};
  return geteuid() == 0
             ? "this root lacks CAP_SYS_ADMIN: a container needs it, and a seccomp and AppArmor "
               "profile that let it mount"
             : "let this user make namespaces (kernel.unprivileged_userns_clone=1, on Ubuntu "
               "kernel.apparmor_restrict_unprivileged_userns=0), or start cloudlet as root";
}

std::string scratch_folder(const Options& options) {
  return (options.programs.parent_path() / "scratch").string();
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
  return all;
}

}  // namespace

Launcher::Launcher(const Options& options, asio::any_io_executor executor)
    : options_(options), executor_(std::move(executor)), groups_(ControlGroups::find()) {}

Launcher::~Launcher() { stop(); }

Result<void> Launcher::start() {
  std::scoped_lock lock(mutex_);
  return start_locked();
}

Result<void> Launcher::start_locked() {
  reap();
  TRY(Fd socket, execute());
  Hello hello{.packages = options_.packages.string(),
              .programs = options_.programs.string(),
              .scratch = scratch_folder(options_),
              .endpoint_port = options_.endpoint_port,
              .isolate_network = options_.network == Network::isolated ? 1U : 0U,
              .cgroups = static_cast<std::uint64_t>(groups_.version())};
  TRY(SpawnerLink::Greeting greeting,
      SpawnerLink::greet(socket.get(), hello, groups_.descriptors()));
  ready_ = greeting.ready;
  const bool shares_network = (ready_.features & network_namespace) == 0;
  const bool limit_datagrams = shares_network && options_.network == Network::isolated;
  const Result<std::string> filter =
      syscall_filter(limit_datagrams ? Datagrams::refused : Datagrams::allowed);
  filter_ = filter.has_value() ? *filter : std::string();
  list_capabilities(filter);
  launcher_ = std::make_shared<SpawnerLink>(executor_, std::move(socket), [] {
    log::error("runtime",
               "the launcher ended: all instances with it; the next invocation starts it again");
  });
  launcher_->start();
  CHECK(launcher_->send(Packer(MessageKind::filter).text(filter_)));
  zygote_.reset();
  if (greeting.endpoint_listener && options_.endpoint)
    options_.endpoint(greeting.endpoint_listener.release());
  return {};
}

Result<Fd> Launcher::execute() {
  TRY(FdPair pair, socket_pair(SOCK_SEQPACKET));
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, pair.theirs.get(), 3);
  posix_spawn_file_actions_addclosefrom_np(&files, 4);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const std::string program = (options_.programs / launcher_program).string();
  char name[] = "cloudlet-launcher";
  char* arguments[] = {name, nullptr};
  char* nothing[] = {nullptr};
  const int failed = posix_spawn(&pid_, program.c_str(), &files, &attributes, arguments, nothing);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    pid_ = 0;
    return Error(errors::service_unavailable,
                 "cannot start " + program + ": " + std::strerror(failed));
  }
  return std::move(pair.ours);
}

Result<std::shared_ptr<SpawnerLink>> Launcher::link(Language language) {
  std::scoped_lock lock(mutex_);
  if (!launcher_ || launcher_->gone()) CHECK(start_locked());
  if (language == Language::native) return launcher_;
  if (!zygote_ || zygote_->gone()) {
    TRY(zygote_, start_zygote());
  }
  return zygote_;
}

Result<std::shared_ptr<SpawnerLink>> Launcher::start_zygote() {
  const bool own_root = (ready_.features & mount_namespace) != 0;
  const std::string folder = own_root ? "/var/runtime" : options_.programs.string();
  TRY(FdPair pair, socket_pair(SOCK_SEQPACKET));
  Spawn spawn{.id = zygote_ids + ++zygotes_, .kind = SpawnKind::zygote};
  // -I would leave out the folder of the script; -B: nothing is written; -E: no variables of the
  // host's.
  spawn.arguments = {"/usr/bin/python3", "-B", "-E", "-s", folder + "/zygote.py"};
  spawn.environment = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/tmp",
                       "AWS_EC2_METADATA_DISABLED=true"};
  Fd complaints(::fcntl(2, F_DUPFD_CLOEXEC, 10));
  CHECK(launcher_->spawn(spawn, std::move(pair.theirs), std::move(complaints), {}));
  auto link = std::make_shared<SpawnerLink>(
      executor_, std::move(pair.ours), [] { log::error("runtime", "the Python zygote ended"); });
  link->start();
  Hello hello{.packages = options_.packages.string(),
              .programs = options_.programs.string(),
              .scratch = scratch_folder(options_)};
  hello.endpoint_port = options_.endpoint_port;
  hello.isolate_network = options_.network == Network::isolated ? 1 : 0;
  hello.cgroups = static_cast<std::uint64_t>(groups_.version());
  hello.inherited = 1;
  hello.features = ready_.features | ready_.landlock_version << 16;
  CHECK(link->send(hello.pack(), groups_.descriptors()));
  CHECK(link->send(Packer(MessageKind::filter).text(filter_)));
  return link;
}

void Launcher::kill(Language language, std::uint64_t id) {
  std::shared_ptr<SpawnerLink> link;
  {
    std::scoped_lock lock(mutex_);
    link = language == Language::native ? launcher_ : zygote_;
  }
  if (link) link->kill(id);
}

ApiPeers Launcher::api_peers(std::uint64_t user) {
  constexpr std::uint64_t kernel_limits = network_namespace | landlock_network;
  if (!switches_user() || (ready_.features & kernel_limits) == kernel_limits) return {};
  std::scoped_lock lock(mutex_);
  return {"/proc/" + std::to_string(pid_) + "/net", user};
}

void Launcher::list_capabilities(const Result<std::string>& filter) {
  capabilities_.clear();
  for (const Wall& wall : walls) {
    const bool present = (ready_.features & wall.feature) != 0;
    const bool wanted = wall.feature != network_namespace || options_.network == Network::isolated;
    Capability capability{
        .name = wall.name, .present = present, .required = wall.required && wanted};
    capability.detail = present ? wall.there : "missing: " + without(wall.feature, ready_.features);
    if (!wanted) capability.detail = "functions share the host's network, as asked for";
    capabilities_.push_back(std::move(capability));
  }
  capabilities_.push_back(
      {.name = "system call filter",
       .present = filter.has_value(),
       .required = true,
       .detail = filter.has_value() ? "seccomp" : "missing: " + filter.error().message()});
  const bool groups = groups_.version() != ControlGroups::Version::none;
  capabilities_.push_back(
      {.name = "memory limit",
       .present = groups,
       .required = false,
       .detail = groups ? groups_.detail() + ": an instance beyond its limit is killed"
                        : "missing: each process of an instance has its limit (RLIMIT_DATA, 96 MB "
                          "more than configured), all of them together and /tmp have none (" +
                              groups_.detail() + ")"});
  if (const std::string more = advice(ready_.features); !more.empty())
    ready_.missing.push_back(more);
  if (!ready_.missing.empty())
    capabilities_.push_back({.name = "host", .present = false, .detail = joined(ready_.missing)});
}

void Launcher::reap() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void Launcher::stop() {
  std::scoped_lock lock(mutex_);
  if (zygote_) zygote_->close();
  if (launcher_) launcher_->close();
  // It kills and reaps its instances when it sees the end of its socket, then ends.
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

}  // namespace cloudlet::runtime
