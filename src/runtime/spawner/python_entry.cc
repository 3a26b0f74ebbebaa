// The spawner inside the Python zygote: loaded with ctypes.PyDLL, so that the interpreter's lock is
// held and its own duties around a fork can be done. runtimes/python/zygote.py calls these.
#include <dlfcn.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "runtime/spawner/spawner.h"

namespace {

using namespace cloudlet::runtime::spawner;

void call(const char* name) {
  if (void* symbol = dlsym(RTLD_DEFAULT, name)) reinterpret_cast<void (*)()>(symbol)();
}

pid_t fork_interpreter() {
  call("PyOS_BeforeFork");
  const pid_t pid = fork();
  call(pid == 0 ? "PyOS_AfterFork_Child" : "PyOS_AfterFork_Parent");
  return pid;
}

std::optional<Spawner> spawner;
std::string joined;

}  // namespace

// False: in the zygote, when the server is gone. True: in a child that stands by; it calls
// `cloudlet_zygote_become`. `socket` is the zygote's control socket.
extern "C" int cloudlet_zygote_serve(int socket) {
  spawner.emplace(socket, cloudlet::runtime::SpawnKind::python, fork_interpreter);
  return spawner->serve() ? 1 : 0;
}

// Waits until it is asked for. Then it is an instance: its task root and environment, each text
// ended by a zero byte, an empty one at the end. Null: its sandbox could not be built.
extern "C" const void* cloudlet_zygote_become() {
  Child child;
  if (!spawner->become(child)) return nullptr;
  joined = child.task_root + '\0';
  for (const std::string& variable : child.environment) joined += variable + '\0';
  joined += '\0';
  return joined.data();
}

extern "C" std::size_t cloudlet_zygote_answer_size() { return joined.size(); }
