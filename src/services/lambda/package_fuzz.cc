// Packages come from strangers: whatever the bytes are, nothing is written outside the folder and
// no half of one is left.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "services/lambda/package.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace fs = std::filesystem;
  static const fs::path folder = [] {
    char name[] = "/tmp/cloudlet-package-fuzz-XXXXXX";
    return fs::path(::mkdtemp(name));
  }();
  std::ofstream(folder / "p.zip", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto done = cloudlet::lambda::unpack(folder / "p.zip", folder / "out",
                                             {.bytes = 1 << 20, .entries = 100});
  const auto entries = std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  if (entries != (done.has_value() ? 2 : 1)) std::abort();
  fs::remove_all(folder / "out");
  return 0;
}
