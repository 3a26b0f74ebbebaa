// The launcher: a small program beside the server that makes the functions' home and forks their
// instances into it. Started by the server with its socket as descriptor 3; ends with it.
#include <unistd.h>

#include "runtime/spawner/home.h"
#include "runtime/spawner/init.h"
#include "runtime/spawner/spawner.h"

int main() {
  using namespace cloudlet::runtime::spawner;
  using cloudlet::runtime::SpawnKind;
  // Away from the server's terminal. Once for all: a session for each instance would be a
  // scheduling group for each.
  setsid();
  Spawner spawner(control_descriptor, SpawnKind::native, [] { return fork(); }, settle());
  if (!spawner.serve()) return 0;
  Child child;
  spawner.become(child);
  return 127;
}
