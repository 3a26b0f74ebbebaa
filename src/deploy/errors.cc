#include "deploy/errors.h"

namespace cloudlet::deploy {

const ErrorKind validation_error{.name = "ValidationError", .code = "ValidationError"};

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string all;
  for (const auto& part : parts) all.append(all.empty() ? "" : separator).append(part);
  return all;
}

}  // namespace cloudlet::deploy
