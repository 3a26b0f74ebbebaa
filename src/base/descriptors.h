// Open files: one limit for the whole process, and the shares of it that network clients may take,
// so that many idle ones of one kind cannot keep the others, or the store, from working.
#pragma once

#include <cstddef>

namespace cloudlet {

// Raises the soft limit of open files to the hard one, as far as the system lets. Answers the limit
// in force.
std::size_t raise_descriptor_limit();

// Most connections at a time. What is left over is for the store's files (256 at most), functions
// and outgoing connections.
struct DescriptorShares {
  std::size_t mqtt = 0;
  std::size_t http = 0;
};
DescriptorShares descriptor_shares(std::size_t limit);

}  // namespace cloudlet
