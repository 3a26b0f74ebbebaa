#include "deploy/names.h"

#include <algorithm>
#include <cctype>

#include "base/digest.h"

namespace cloudlet::deploy {

std::string physical_name(const std::string& stack, const std::string& logical_id,
                          const std::string& unique, const NameStyle& style) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  constexpr std::size_t tail_length = 12;
  const std::string hash = sha256(unique);
  std::string tail;
  for (std::size_t i = 0; i < tail_length; ++i)
    tail += alphabet[static_cast<unsigned char>(hash[i]) % alphabet.size()];
  // What does not fit is cut from the stack's name and the logical id, half each, as the service
  // does.
  const std::size_t room = style.length_max - tail_length - 2 * style.separator.size();
  std::string head = stack, middle = logical_id;
  if (style.separator.empty()) std::erase(head, '-');
  if (head.size() + middle.size() > room) {
    const std::size_t half = room / 2;
    if (head.size() > half) head.resize(std::max(half, room - std::min(middle.size(), half)));
    if (head.size() + middle.size() > room) middle.resize(room - head.size());
  }
  std::string name =
      head + std::string(style.separator) + middle + std::string(style.separator) + tail;
  if (style.lower_case)
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
  if (style.separator == "_") std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace cloudlet::deploy
