// The name of a blob: random, 32 hex digits; also its file name.
#pragma once

#include <compare>
#include <string>

namespace cloudlet::store {

struct BlobId {
  std::string name;
  auto operator<=>(const BlobId&) const = default;
};

}  // namespace cloudlet::store
