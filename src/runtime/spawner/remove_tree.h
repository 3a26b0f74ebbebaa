// A folder with all that a function left in it, also what it made unreadable. Follows no link.
#pragma once

namespace cloudlet::runtime::spawner {

void remove_tree(int parent, const char* name);

}  // namespace cloudlet::runtime::spawner
