#include "wire/http_caller.h"

#include <cctype>

#include "wire/protocol.h"

namespace cloudlet::wire {

namespace {

// Served once for all regions and signed for this one.
// https://docs.aws.amazon.com/general/latest/gr/iam-service.html
constexpr std::string_view global_region = "us-east-1";
bool is_global(const Service& service) { return service.endpoint_prefix == "iam"; }

// "IoT Data Plane": IOT_DATA_PLANE.
std::string variable_part(std::string_view id) {
  std::string part(id);
  for (char& c : part)
    c = c == ' ' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return part;
}

}  // namespace

const HttpEndpoint* Endpoints::of(const Service& service) const {
  const auto found =
      of_service.empty() ? of_service.end() : of_service.find(variable_part(service.id));
  if (found != of_service.end()) return &found->second;
  return all ? &*all : nullptr;
}

Result<Endpoints> read_endpoints(const char* const* environment) {
  constexpr std::string_view name_of_all = "AWS_ENDPOINT_URL";
  Endpoints endpoints;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry(*environment);
    const auto name = entry.substr(0, entry.find('='));
    const auto value = entry.substr(std::min(name.size() + 1, entry.size()));
    if (name == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" && equal_ignoring_case(value, "true"))
      return Endpoints{};
    if (!name.starts_with(name_of_all) || value.empty()) continue;
    const auto rest = name.substr(name_of_all.size());
    if (!rest.empty() && !rest.starts_with('_')) continue;
    auto parsed = parse_endpoint(value);
    if (parsed.has_error())
      return Error(parsed.error().kind(), std::string(name) + ": " + parsed.error().message());
    if (rest.empty())
      endpoints.all = std::move(*parsed);
    else
      endpoints.of_service.insert_or_assign(std::string(rest.substr(1)), std::move(*parsed));
  }
  return endpoints;
}

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
  const HttpEndpoint* configured = settings_.endpoints.of(service);
  const HttpEndpoint endpoint =
      configured ? *configured : public_endpoint(service, settings_.region);
  request.headers.set("Host", endpoint.authority());
  request.headers.set("User-Agent", "cloudlet/0.1");
  if (!settings_.trace_header.empty())
    request.headers.set("X-Amzn-Trace-Id", settings_.trace_header);
  if (!settings_.keys.access_key.empty()) {
    const bool global = !configured && is_global(service);
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
