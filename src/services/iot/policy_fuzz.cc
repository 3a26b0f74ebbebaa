// Any bytes as a policy document: parsed or refused, and then decided by.
#include <cstddef>
#include <cstdint>

#include "services/iot/policy_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cloudlet::iot;
  const auto parsed = PolicyDocument::parse({reinterpret_cast<const char*>(data), size});
  if (parsed.has_error()) return 0;
  PolicyContext context;
  context.set("iot:ClientId", "soil1");
  context.set("aws:SourceIp", "127.0.0.1");
  (void)parsed->decide("iot:Publish", "arn:aws:iot:eu-west-1:123456789012:topic/device/soil1/x",
                       context);
  return 0;
}
