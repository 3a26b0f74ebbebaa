// Memory that only the start of the process needed.
#pragma once

namespace cloudlet {

// Gives back what can be had again: freed heap, and the pages of the program and its libraries that
// nobody writes to. Those stay in the kernel's page cache; whoever needs one again pays a minor
// fault. For once, after the start, which touches much that is never touched again.
void give_back_unused_memory();

}  // namespace cloudlet
