#include "wire/http_caller.h"

#include "wire/protocol.h"

namespace cloudlet::wire {

namespace {

// Served once for all regions and signed for this one.
// https://docs.aws.amazon.com/general/latest/gr/iam-service.html
constexpr std::string_view global_region = "us-east-1";
bool is_global(const Service& service) { return service.endpoint_prefix == "iam"; }

}  // namespace

HttpEndpoint public_endpoint(const Service& service, const std::string& region) {
  std::string host(service.endpoint_prefix);
  if (!is_global(service)) host += "." + region;
  host += region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  return {.host = std::move(host), .port = 443, .tls = true};
}

Task<Result<void>> HttpCaller::call(const Service& service, const Operation& operation, void* input,
                                    void* output) {
  Exchange exchange{
      .service = &service, .operation = &operation, .protocol = service.protocols.front()};
  if (!service.json_version.empty()) exchange.json_version = service.json_version;
  CO_TRY(Request request, encode_request(exchange, input));
  const HttpEndpoint endpoint =
      settings_.endpoint ? *settings_.endpoint : public_endpoint(service, settings_.region);
  request.headers.set("Host", endpoint.authority());
  request.headers.set("User-Agent", "cloudlet/0.1");
  if (!settings_.trace_header.empty())
    request.headers.set("X-Amzn-Trace-Id", settings_.trace_header);
  if (!settings_.keys.access_key.empty()) {
    const bool global = !settings_.endpoint && is_global(service);
    const SigningScope scope{.region = global ? std::string(global_region) : settings_.region,
                             .service = std::string(service.signing_name)};
    sign(request, settings_.keys, scope, clock_.now());
  }
  CO_TRY(Response response, co_await client_.send(endpoint, std::move(request)));
  std::string body;
  const bool whole = !streams_output(operation) || response.status >= 300;
  if (whole) {
    CO_TRY(body, co_await response.body.read_all(settings_.response_max));
  }
  co_return decode_response(exchange, response, body, output);
}

}  // namespace cloudlet::wire
