// The router: any method, target, host and body over the real tables; what is found belongs to its
// service.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "gen/cloudformation/api.h"
#include "gen/iam/api.h"
#include "gen/iot/api.h"
#include "gen/iotdata/api.h"
#include "gen/lambda/api.h"
#include "gen/logs/api.h"
#include "gen/s3/api.h"
#include "gen/sns/api.h"
#include "gen/sts/api.h"
#include "wire/router.h"

using namespace cloudlet::wire;

namespace {

std::string take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string line(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Router router(
      {&cloudlet::cloudformation::service, &cloudlet::iam::service, &cloudlet::iot::service,
       &cloudlet::iotdata::service, &cloudlet::lambda::service, &cloudlet::logs::service,
       &cloudlet::s3::service, &cloudlet::sns::service, &cloudlet::sts::service});
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Request request{.method = take_line(text), .target = "/" + take_line(text)};
  request.headers.add("Host", take_line(text));
  const std::string scope = take_line(text);
  if (!scope.empty())
    request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/" +
                                             scope + "/aws4_request");
  if (const std::string target = take_line(text); !target.empty())
    request.headers.add("X-Amz-Target", target);
  if (const std::string type = take_line(text); !type.empty())
    request.headers.add("Content-Type", type);
  request.body = Body(std::string(text));
  Exchange exchange;
  const auto found = router.route(request, exchange);
  if (found.has_value()) {
    if (!exchange.service || !exchange.operation) std::abort();
    if (exchange.service->find(exchange.operation->name) != exchange.operation) std::abort();
  }
  (void)encode_error(exchange, found.has_value() ? cloudlet::invalid("x") : found.error(), "id");
  return 0;
}
