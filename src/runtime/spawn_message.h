// What the server and a spawner (the launcher, the Python zygote) say to each other over a
// SOCK_SEQPACKET pair: one message a packet, file descriptors beside it. Header only and free of
// libraries: the spawners stay small.
//
//   server -> spawner: hello, filter, spawn, kill        spawner -> server: ready, started, failed,
//   exited
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace cloudlet::runtime {

enum class MessageKind : std::uint8_t {
  hello = 1,
  ready,
  filter,
  spawn,
  started,
  failed,
  kill,
  exited
};

inline constexpr std::size_t message_bytes_max = 160 * 1024;
inline constexpr std::size_t message_fds_max = 4;

// Texts and numbers, one after the other.
class Packer {
 public:
  explicit Packer(MessageKind kind) { bytes_.push_back(static_cast<char>(kind)); }
  Packer& number(std::uint64_t value) {
    std::array<char, 8> raw{};
    std::memcpy(raw.data(), &value, 8);
    bytes_.append(raw.data(), 8);
    return *this;
  }
  Packer& text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
    return *this;
  }
  Packer& texts(const std::vector<std::string>& values) {
    number(values.size());
    for (const std::string& value : values) text(value);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads what a Packer wrote. Short or lying bytes make it not `ok`, and all that follows empty.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  MessageKind kind() {
    if (rest_.empty()) return fail(), MessageKind{};
    const auto kind = static_cast<MessageKind>(rest_.front());
    rest_.remove_prefix(1);
    return kind;
  }
  std::uint64_t number() {
    if (rest_.size() < 8) return fail(), 0;
    std::uint64_t value = 0;
    std::memcpy(&value, rest_.data(), 8);
    rest_.remove_prefix(8);
    return value;
  }
  std::string text() {
    const std::uint64_t size = number();
    if (rest_.size() < size) return fail(), std::string();
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> values;
    for (std::uint64_t left = number(); left > 0 && ok_; --left) values.push_back(text());
    return values;
  }
  bool ok() const { return ok_; }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

// How a spawner is to work. Descriptors: the directories of the memory and the process-count
// control group, if any.
struct Hello {
  std::string packages;             // folder of unpacked packages, one folder each
  std::string programs;             // folder of the launcher, the bootstraps: /var/runtime inside
  std::string scratch;              // folder of instances' /tmp where they see the host's files
  std::uint64_t endpoint_port = 0;  // where functions reach cloudlet on 127.0.0.1; 0: nowhere
  std::uint64_t isolate_network = 1;
  std::uint64_t cgroups = 0;  // 0 none, 1 version 1 (memory, pids), 2 version 2 (one directory)
  std::uint64_t inherited =
      0;  // the home (namespaces, root) is already there: a zygote started by the launcher
  std::uint64_t features = 0;  // bits of `Feature`, for an inherited home

  Packer pack() const {
    Packer p(MessageKind::hello);
    p.text(packages)
        .text(programs)
        .text(scratch)
        .number(endpoint_port)
        .number(isolate_network)
        .number(cgroups);
    p.number(inherited).number(features);
    return p;
  }
  static Hello unpack(Unpacker& u) {
    Hello h;
    h.packages = u.text(), h.programs = u.text(), h.scratch = u.text();
    h.endpoint_port = u.number(), h.isolate_network = u.number();
    h.cgroups = u.number(), h.inherited = u.number(), h.features = u.number();
    return h;
  }
};

// What the host turned out to give.
enum Feature : std::uint64_t {
  user_namespace = 1,   // entered one of our own (not root)
  mount_namespace = 2,  // a root of our own: nothing else of the file system is there
  pid_namespace = 4,
  network_namespace = 8,
  proc_mounted = 16,
  landlock = 32,
  landlock_network = 64,
  landlock_scope = 128,
  switch_user = 256,  // a user id of its own for each instance
};

// Descriptor: the socket listening on 127.0.0.1:endpoint_port inside the functions' network, if it
// is their own.
struct Ready {
  std::uint64_t features = 0;
  std::uint64_t landlock_version = 0;
  std::vector<std::string> missing;  // a sentence for each thing that the host refused

  Packer pack() const {
    Packer p(MessageKind::ready);
    p.number(features).number(landlock_version).texts(missing);
    return p;
  }
  static Ready unpack(Unpacker& u) {
    Ready r;
    r.features = u.number(), r.landlock_version = u.number(), r.missing = u.texts();
    return r;
  }
};

enum class SpawnKind : std::uint64_t {
  native = 0,  // executes the package's bootstrap; gets a Runtime API socket
  python = 1,  // the zygote forks
  zygote = 2,  // the launcher starts a spawner of its own kind: unconfined, trusted, no package
};

// One instance. Descriptors: its control socket, the write end of its output pipe.
struct Spawn {
  std::uint64_t id = 0;
  SpawnKind kind = SpawnKind::native;
  std::string package;  // folder name under Hello::packages
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::uint64_t user = 0;  // user and group id to become; 0: stay
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_by_rlimit = 0;
  std::uint64_t tmp_bytes = 0;
  std::uint64_t processes_max = 0;

  Packer pack() const {
    Packer p(MessageKind::spawn);
    p.number(id).number(static_cast<std::uint64_t>(kind)).text(package).texts(arguments);
    p.number(user)
        .number(memory_bytes)
        .number(memory_by_rlimit)
        .number(tmp_bytes)
        .number(processes_max)
        .texts(environment);
    return p;
  }
  // All but the environment, which comes last: it holds a function's keys, and only the process
  // that becomes its instance may read them (`texts`). What a spawner once had in its memory, every
  // later instance would find in its own.
  static Spawn unpack(Unpacker& u) {
    Spawn s;
    s.id = u.number(), s.kind = static_cast<SpawnKind>(u.number()), s.package = u.text(),
    s.arguments = u.texts();
    s.user = u.number(), s.memory_bytes = u.number(), s.memory_by_rlimit = u.number();
    s.tmp_bytes = u.number(), s.processes_max = u.number();
    return s;
  }
};

// started: id, process id; descriptor: the listening Runtime API socket of a native instance.
// failed: id, why. kill: id. exited: id, wait status, bytes of memory at most (0: unknown), killed
// for memory (0, 1). filter: a seccomp program, as bytes of `struct sock_filter`.

}  // namespace cloudlet::runtime
