// The HTTP/1.1 client: keep-alive connections reused per endpoint, bodies streamed both ways, every
// wait limited. For the command line, the SDK and in-house callers; webhooks go through libcurl
// (delivery).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "wire/http.h"

namespace cloudlet::wire {

struct HttpEndpoint {
  std::string host;  // a name or an address
  std::uint16_t port = 80;
  bool tls = false;
  std::string local;  // the path of a local socket; then host and port are only said, not looked up

  std::string authority() const;  // "localhost:4566": what Host says
  bool operator==(const HttpEndpoint&) const = default;
};

// "http://localhost:4566", "https://sns.eu-west-1.amazonaws.com". Refuses other schemes and what
// follows the port.
Result<HttpEndpoint> parse_endpoint(std::string_view url);

struct HttpClientOptions {
  Duration connect_timeout{5'000};
  Duration response_timeout{20 * 60 *
                            1000};  // from the request's last byte to the response's first
  Duration stall_timeout{60'000};   // no byte of a body, in or out
  std::size_t head_max = 64 * 1024;
  std::size_t idle_max = 16;  // connections kept for an endpoint
  std::string authorities;    // whose certificates are believed: see client_tls
};

// Not thread-safe: all on the executor's thread, tasks and the reading of response bodies too.
class HttpClient {
 public:
  explicit HttpClient(asio::any_io_executor executor, HttpClientOptions options = {});
  ~HttpClient();  // connections in use end with their bodies
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Adds Host (if missing) and the framing headers. Bodies up to 64 KiB come whole, others stream;
  // read them before the client goes. Sent once: only a kept connection that turns out dead before
  // anything was written is replaced.
  Task<Result<Response>> send(const HttpEndpoint& to, Request request);

  struct State;

 private:
  std::shared_ptr<State> state_;
};

namespace errors {
extern const ErrorKind connection_failed;  // nobody listens, or the way is closed
extern const ErrorKind
    connection_broken;  // it ended, or said nonsense, before the answer was whole
extern const ErrorKind connection_timeout;  // it said nothing for too long
}  // namespace errors

}  // namespace cloudlet::wire
