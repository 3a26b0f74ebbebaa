#include "base/arn.h"

namespace cloudlet {

std::string Arn::str() const {
  return "arn:" + partition + ":" + service + ":" + region + ":" + account + ":" + resource;
}

std::optional<Arn> Arn::parse(std::string_view text) {
  std::string_view parts[5];
  for (auto& part : parts) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[1].empty() || parts[2].empty() || text.empty())
    return std::nullopt;
  return Arn{.partition = std::string(parts[1]),
             .service = std::string(parts[2]),
             .region = std::string(parts[3]),
             .account = std::string(parts[4]),
             .resource = std::string(text)};
}

std::string make_arn(std::string_view service, const Scope& scope, std::string_view resource) {
  return Arn{.service = std::string(service),
             .region = scope.region,
             .account = scope.account,
             .resource = std::string(resource)}
      .str();
}

}  // namespace cloudlet
