// The environment variables that an instance starts with.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/function.h"

namespace cloudlet::runtime {

struct EnvironmentInput {
  const Function& function;
  std::string log_stream;
  std::optional<Credentials> credentials;
  std::uint16_t endpoint_port = 0;
};

// As "NAME=value". The function's own variables win over defaults (TZ, PATH, AWS_ENDPOINT_URL),
// reserved ones over both.
std::vector<std::string> environment(const EnvironmentInput& input);

}  // namespace cloudlet::runtime
