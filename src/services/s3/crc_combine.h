// The CRC of two texts one behind the other, from the CRCs of each: nothing is read again.
#pragma once

#include <cstdint>
#include <string>

#include "base/digest.h"

namespace cloudlet::s3 {

// `first` and `second` as `Hasher` gives them, for one of the three CRC algorithms; `second_size`
// is the length in bytes of what `second` was computed over.
std::string combine_crcs(Algorithm algorithm, const std::string& first, const std::string& second,
                         std::uint64_t second_size);

}  // namespace cloudlet::s3
