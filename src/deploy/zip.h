// Zip archives whose bytes depend on their content alone: no times, no owners, entries in the order
// of their names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace cloudlet::deploy {

struct ZipEntry {
  std::string name;  // with '/', relative
  std::string bytes;
  std::uint32_t mode = 0644;  // permission bits
};

Result<std::string> make_zip(std::vector<ZipEntry> entries);

// Every regular file below `folder` (links are followed to files inside it), or the one file that
// `path` is. Refuses more than 250 MB, the limit of an unpacked function.
Result<std::vector<ZipEntry>> read_folder(const std::filesystem::path& path);

}  // namespace cloudlet::deploy
