// JSON bodies into the structures of CloudWatch Logs (JSON 1.1), IoT and Lambda (REST-JSON).
#include "gen/iot/api.h"
#include "gen/lambda/api.h"
#include "gen/logs/api.h"
#include "wire/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cloudlet;
  if (size == 0) return 0;
  const wire::Service* services[] = {&logs::service, &iot::service, &lambda::service};
  wire::fuzz_request(*services[data[0] % 3], data + 1, size - 1);
  return 0;
}
