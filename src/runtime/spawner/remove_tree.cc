#include "runtime/spawner/remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cloudlet::runtime::spawner {

void remove_tree(int parent, const char* name) {
  if (unlinkat(parent, name, 0) == 0 || errno != EISDIR) return;
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  fchmodat(parent, name, 0700, 0);
  const int folder = openat(parent, name, flags);
  DIR* entries = folder < 0 ? nullptr : fdopendir(folder);
  if (entries == nullptr) {
    if (folder >= 0) close(folder);
    return;
  }
  while (const dirent* entry = readdir(entries))
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      remove_tree(folder, entry->d_name);
  closedir(entries);
  unlinkat(parent, name, AT_REMOVEDIR);
}

}  // namespace cloudlet::runtime::spawner
