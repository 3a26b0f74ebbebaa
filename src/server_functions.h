// Where functions run, put together: the runtime, its logs in CloudWatch Logs, its keys from STS.
#pragma once

#include <filesystem>
#include <memory>

#include "runtime/runtime.h"
#include "services/host/host.h"
#include "services/logs/logs.h"

namespace cloudlet {

struct FunctionParts {
  const services::Host& host;  // knows STS when the first function starts
  logs::Service& logs;
  Clock& clock;
  Random& random;
  asio::any_io_executor executor;
  std::filesystem::path folder;  // of programs and unpacked packages
  std::uint16_t endpoint_port = 0;
  std::function<void(int listener)> endpoint;
  bool enforce = false;
};

Result<std::unique_ptr<runtime::Runtime>> start_functions(const FunctionParts& parts);
// Options::packages of the runtime, which services/lambda fills.
std::filesystem::path packages_folder(const std::filesystem::path& folder);

}  // namespace cloudlet
