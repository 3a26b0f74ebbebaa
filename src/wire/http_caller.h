// Generated clients over HTTP: encodes, signs, sends, decodes. What the command line and sdk/cpp
// call services with.
//
//   wire::HttpCaller caller(client, {.endpoint = *wire::parse_endpoint("http://localhost:4566"),
//   .region = "us-east-1", ...}); sns::Client topics(caller); auto sent = co_await
//   topics.publish(input);
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "wire/caller.h"
#include "wire/http_client.h"
#include "wire/signer.h"

namespace cloudlet::wire {

// Where services are called, as the environment of every AWS SDK says it: AWS_ENDPOINT_URL for all,
// AWS_ENDPOINT_URL_SNS, AWS_ENDPOINT_URL_IOT_DATA_PLANE, ... for one, which then counts;
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true: neither.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
struct Endpoints {
  std::optional<HttpEndpoint> all;
  std::map<std::string, HttpEndpoint> of_service;  // by "IOT_DATA_PLANE"

  // None: the service's public endpoint.
  const HttpEndpoint* of(const Service& service) const;
};

// `environment` is a list of "NAME=value" that ends with a null pointer. An error names the
// variable whose value is no address.
Result<Endpoints> read_endpoints(const char* const* environment);

struct CallerSettings {
  Endpoints endpoints;
  std::string region = "us-east-1";
  SigningKeys keys;          // no access key: requests go unsigned
  std::string trace_header;  // X-Amzn-Trace-Id, so that a chain stays one; empty: none
  std::size_t response_max = 64 * 1024 * 1024;  // of an answer that does not stream
};

// Where the public cloud serves it: "https://sns.eu-west-1.amazonaws.com". Global services have one
// endpoint, whatever the region.
HttpEndpoint public_endpoint(const Service& service, const std::string& region);

class HttpCaller : public Caller {
 public:
  // Client and clock outlive the caller.
  HttpCaller(HttpClient& client, const Clock& clock, CallerSettings settings)
      : client_(client), clock_(clock), settings_(std::move(settings)) {}

  // What later calls say they come from.
  void trace(std::string header) { settings_.trace_header = std::move(header); }

  Task<Result<void>> call(const Service& service, const Operation& operation, void* input,
                          void* output) override;

 private:
  HttpClient& client_;
  const Clock& clock_;
  CallerSettings settings_;
};

}  // namespace cloudlet::wire
