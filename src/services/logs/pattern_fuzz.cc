// Filter patterns come from anybody who may read logs: whatever they are, they are compiled or
// refused, and what was compiled matches or does not.
#include <cstddef>
#include <cstdint>

#include "services/logs/pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = input.find('\n');
  const auto pattern = cloudlet::logs::Pattern::compile(input.substr(0, middle));
  if (pattern.has_error() || middle == std::string_view::npos) return 0;
  (void)pattern->matches(input.substr(middle + 1));
  return 0;
}
