// The loop of a spawner: takes requests from the server, forks instances into their sandboxes,
// tells how they end. Ends, and ends all of them, when the server is gone. Single-threaded: a fork
// here copies little.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

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
  // `fork` is fork(2), or what an interpreter must do around it. `ground`: of one that makes a
  // home.
  Spawner(int socket, std::function<pid_t()> fork, Ground ground = {})
      : socket_(socket), fork_(std::move(fork)), ground_(std::move(ground)) {}

  // In the spawner: returns false when the server is gone. In a child that is to run in this
  // process image (python): returns true, confined, with `child` filled. Native children never
  // return.
  bool serve(Child& child);

 private:
  struct Running {
    pid_t pid = 0;
    int status_pipe = -1;  // where the init of a native instance writes how it ended
  };
  enum class Step { go_on, server_gone, in_child };

  Step handle(Packet packet, Child& child);
  void greet(const Hello& hello, std::vector<int> fds);
  Step spawn(Spawn spawn, Unpacker& environment, std::vector<int> fds, Child& child);
  void start_zygote(const Spawn& spawn, Unpacker& environment, const std::vector<int>& fds);
  bool become(Spawn spawn, int control, int output, int api_port, int status_pipe, Child& child);
  void reap();
  void end_all();
  std::string scratch_of(std::uint64_t id) const;  // the instance's /tmp on the host
  void make_scratch();
  bool make_cgroup(const Spawn& spawn, std::string& why);
  bool join_cgroup(std::uint64_t id);
  bool drop_cgroup(std::uint64_t id);  // true: something in it was killed for memory

  int socket_;
  std::function<pid_t()> fork_;
  Ground ground_;
  Hello hello_;
  Home home_;
  std::string filter_;
  std::vector<int> cgroup_folders_;
  int pid_namespace_ = -1, signals_ = -1;
  std::map<std::uint64_t, Running> running_;
};

}  // namespace cloudlet::runtime::spawner
