// XML bodies, paths and query strings into the structures of S3 (REST-XML), and answers into our
// own client.
#include "gen/s3/api.h"
#include "gen/sns/api.h"
#include "wire/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cloudlet;
  if (size < 3) return 0;
  if (data[0] % 2 == 0) {
    wire::fuzz_request(s3::service, data + 1, size - 1);
    return 0;
  }
  const wire::Service& service = data[0] % 4 == 1 ? s3::service : sns::service;
  const wire::Operation& operation = service.operations[data[1] % service.operations.size()];
  wire::Object output(*operation.output);
  wire::Response response;
  response.status = data[2] % 2 == 0 ? 200 : 400;
  const std::string_view body(reinterpret_cast<const char*>(data) + 3, size - 3);
  const wire::Exchange exchange{&service, &operation, service.protocols[0], "1.1"};
  (void)wire::decode_response(exchange, response, body, output.data());
  return 0;
}
