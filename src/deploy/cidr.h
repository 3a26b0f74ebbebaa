// Fn::Cidr: an address block cut into equal parts.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace cloudlet::deploy {

// As the template writes them.
struct CidrWish {
  std::string block;      // "10.0.0.0/16", "2001:db8::/56"
  std::string count;      // 1 to 256
  std::string host_bits;  // of each part's addresses: 8 gives /24 in IPv4. Empty: 8, in IPv6 64
};

// The first `count` parts. Errors: ValidationError, also if the block has not that many.
Result<std::vector<std::string>> cidr_blocks(const CidrWish& wish);

}  // namespace cloudlet::deploy
