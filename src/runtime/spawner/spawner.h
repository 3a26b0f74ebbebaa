// The loop of a spawner: takes requests from the server, forks instances into their sandboxes,
// tells how they end. Ends, and ends all of them, when the server is gone. Single-threaded: a fork
// here copies little.
//
// One child stands by: forked and half way into its sandbox before anybody asks for it. The next
// instance is that one, and another is made when there is nothing else to do.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/spawner/confine.h"
#include "runtime/spawner/home.h"
#include "runtime/spawner/packet.h"

namespace cloudlet::runtime::spawner {

// What a child of `serve` is to become.
struct Child {
  Spawn spawn;
  std::string task_root;
  std::vector<std::string> environment;  // the spawn's, and what only the sandbox knows
};

class Spawner {
 public:
  // Its instances are of this kind. `fork` is fork(2), or what an interpreter must do around it.
  // `ground`: of one that makes a home.
  Spawner(int socket, SpawnKind kind, std::function<pid_t()> fork, Ground ground = {})
      : socket_(socket), kind_(kind), fork_(std::move(fork)), ground_(std::move(ground)) {}

  // In the spawner: returns false when the server is gone. In a child that stands by: true, and it
  // is to call `become`.
  bool serve();

  // Waits to be asked for. Then, of a kind that runs in this process image (python): returns true,
  // confined, with `child` filled. Native ones never return. False: the sandbox could not be
  // built, which has been said.
  bool become(Child& child);

 private:
  struct Running {
    pid_t pid = 0;
    int status_pipe = -1;  // where the init of a native instance writes how it ended
  };
  // As the spawner sees it.
  struct Standby {
    pid_t pid = 0;
    int channel = -1;  // takes the spawn message
    int status_pipe = -1;
    int api = -1;  // listens; native
  };
  // As it sees itself.
  struct Waiting {
    int channel = -1, status_pipe = -1;
    std::uint16_t api_port = 0;
    Confinement confinement;
    std::string why_not;  // a wall that could not be built
  };
  enum class Step { go_on, server_gone, in_child };

  Step handle(Packet packet);
  void greet(const Hello& hello, std::vector<int> fds);
  Step spawn(const Spawn& spawn, const Packet& packet);
  void start_zygote(const Spawn& spawn, Unpacker& environment, const std::vector<int>& fds);
  void reap();
  void end_all();
  std::string scratch_of(std::uint64_t id) const;  // the instance's /tmp on the host
  void make_scratch();

  // standby.cc
  Step stand_by(std::string& why);  // go_on and no `why`: there is one
  void get_ready(const Standby& standby, int channel, int status_pipe, std::uint16_t api_port);
  void drop_standby();
  void take_what_was_sent(const std::vector<int>& fds);

  // cgroup.cc
  bool make_cgroup(const Spawn& spawn, std::string& why);
  bool join_cgroup(std::uint64_t id);
  bool drop_cgroup(std::uint64_t id);  // true: something in it was killed for memory

  int socket_;
  const SpawnKind kind_;
  std::function<pid_t()> fork_;
  Ground ground_;
  Hello hello_;
  Home home_;
  std::string filter_;
  std::vector<int> cgroup_folders_;
  int pid_namespace_ = -1, signals_ = -1;
  std::map<std::uint64_t, Running> running_;
  std::optional<Standby> standby_;
  bool wants_standby_ = false;  // since the last of what all instances have was said
  Waiting waiting_;
};

}  // namespace cloudlet::runtime::spawner
