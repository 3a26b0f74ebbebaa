// Forms into the structures of SNS and CloudFormation (query).
#include "gen/cloudformation/api.h"
#include "gen/sns/api.h"
#include "wire/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cloudlet;
  if (size == 0) return 0;
  wire::fuzz_request(data[0] % 2 == 0 ? sns::service : cloudformation::service, data + 1, size - 1);
  return 0;
}
