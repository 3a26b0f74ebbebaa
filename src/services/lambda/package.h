// Deployment packages: a zip that a stranger made becomes a folder that functions may read, and
// nothing else.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace cloudlet::lambda {

struct PackageLimits {
  std::uint64_t bytes = 262'144'000;  // unpacked, all files together
  std::uint64_t entries = 100'000;
};

// Checks every entry before it writes the first: names that leave the folder or come twice, links
// that point outside, devices, encrypted or damaged entries, sizes beyond the limits (declared and
// real). `folder` must not exist; it appears whole or not at all. Errors are
// InvalidParameterValueException.
Result<void> unpack(const std::filesystem::path& zip, const std::filesystem::path& folder,
                    const PackageLimits& limits = {});

}  // namespace cloudlet::lambda
