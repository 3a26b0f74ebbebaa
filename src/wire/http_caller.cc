#include "wire/http_caller.h"

#include "wire/protocol.h"

namespace cloudlet::wire {

Task<Result<void>> HttpCaller::call(const Service& service, const Operation& operation, void* input,
                                    void* output) {
  Exchange exchange{
      .service = &service, .operation = &operation, .protocol = service.protocols.front()};
  if (!service.json_version.empty()) exchange.json_version = service.json_version;
  CO_TRY(Request request, encode_request(exchange, input));
  request.headers.set("Host", settings_.endpoint.authority());
  request.headers.set("User-Agent", "cloudlet/0.1");
  if (!settings_.trace_header.empty())
    request.headers.set("X-Amzn-Trace-Id", settings_.trace_header);
  if (!settings_.keys.access_key.empty()) {
    const SigningScope scope{.region = settings_.region,
                             .service = std::string(service.signing_name)};
    sign(request, settings_.keys, scope, clock_.now());
  }
  CO_TRY(Response response, co_await client_.send(settings_.endpoint, std::move(request)));
  std::string body;
  const bool whole = !streams_output(operation) || response.status >= 300;
  if (whole) {
    CO_TRY(body, co_await response.body.read_all(settings_.response_max));
  }
  co_return decode_response(exchange, response, body, output);
}

}  // namespace cloudlet::wire
