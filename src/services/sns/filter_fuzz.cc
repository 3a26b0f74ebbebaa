// Any text as a filter policy, asked about any message: refused or answered, never worse.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "services/sns/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cloudlet::sns;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t split = text.find('\n');
  const std::string_view policy = text.substr(0, split);
  const std::string_view message = split == text.npos ? std::string_view() : text.substr(split + 1);
  const MessageAttributes attributes{
      {"a", {.data_type = "String", .string_value = std::string(message)}},
      {"b", {.data_type = "Number", .string_value = std::string(message)}},
      {"c", {.data_type = "String.Array", .string_value = std::string(message)}}};
  for (const FilterScope scope : {FilterScope::attributes, FilterScope::body})
    if (const auto filter = Filter::compile(policy, scope); filter.has_value())
      filter->match({message, attributes});
  return 0;
}
