#include "base/cause.h"

#include <charconv>

namespace cloudlet {
namespace {

bool hex_digits(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace

std::string Cause::header() const {
  if (trace.size() != 32) return {};
  char parent[17];
  std::snprintf(parent, sizeof parent, "%016llx", static_cast<unsigned long long>(span));
  return "Root=1-" + trace.substr(0, 8) + "-" + trace.substr(8) + ";Parent=" + parent +
         ";Sampled=1;Lineage=" + std::to_string(hops);
}

std::optional<Cause> Cause::from_header(std::string_view value) {
  Cause cause;
  while (!value.empty()) {
    const std::size_t end = value.find(';');
    const std::string_view part = value.substr(0, end);
    value = end == std::string_view::npos ? std::string_view() : value.substr(end + 1);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = part.substr(0, equals), text = part.substr(equals + 1);
    if (name == "Root" && text.size() == 35 && text.starts_with("1-") && text[10] == '-') {
      const std::string digits = std::string(text.substr(2, 8)) + std::string(text.substr(11));
      if (hex_digits(digits)) cause.trace = digits;
    } else if (name == "Parent" && hex_digits(text)) {
      std::from_chars(text.data(), text.data() + text.size(), cause.span, 16);
    } else if (name == "Lineage") {
      int hops = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), hops);
      if (parsed.ec == std::errc() && hops >= 0) cause.hops = hops;
    }
  }
  if (cause.trace.empty()) return std::nullopt;
  return cause;
}

}  // namespace cloudlet
