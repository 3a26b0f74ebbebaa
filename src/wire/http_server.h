// The HTTP/1.1 server: keep-alive, pipelining in order, streamed bodies with backpressure both
// ways, limits on everything.
//
// Connections are spread over the I/O threads and stay on theirs; a handler runs there as a
// coroutine. Its limits are HttpOptions; what breaks one gets its status (408, 413, 414, 431, 503)
// or a close, and the server goes on. An HTTP/2 preface is refused with GOAWAY. With a TLS context
// a connection whose first byte begins a handshake is served over TLS, on the same port.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "wire/http.h"
#include "wire/http_threads.h"

namespace boost::asio::ssl {
class context;
}

namespace cloudlet::wire {

// Network times are the machine's, not the Clock's: a frozen clock freezes no sockets.
struct HttpOptions {
  std::size_t head_max = 64 * 1024;    // request line and header fields, bytes; beyond: 431
  std::size_t fields_max = 200;        // header fields; beyond: 431
  std::size_t target_max = 16 * 1024;  // bytes; beyond: 414
  std::size_t small_body_max =
      64 * 1024;  // bodies up to this are received before the handler starts
  Duration head_timeout{
      10'000};  // from the first byte of a head to its last, and for a TLS handshake: 408
  Duration idle_timeout{65'000};  // between requests: close
  Duration body_stall{
      20'000};  // no byte of a body for so long: the handler's read fails, then close
  std::uint64_t body_rate_min =
      1024;  // bytes a second on average, after `body_stall`: slow senders are cut
  Duration write_stall{30'000};  // the client takes nothing for so long: close
  Duration request_timeout{
      20 * 60 * 1000};  // the handler's own time (Lambda's 15 minutes and some): cancelled, 503
  std::size_t connections_max = 10'000;     // beyond: 503 and close
  std::uint64_t requests_max = 1'000'000;   // on one connection, then close
  std::string server_name = "cloudlet";     // the Server header; a handler's own wins
  std::shared_ptr<asio::ssl::context> tls;  // none: plain only (see tls.h)
};

class HttpServer {
 public:
  // All three outlive the server.
  HttpServer(IoThreads& threads, HttpHandler& handler, const Clock& clock,
             HttpOptions options = {});
  ~HttpServer();  // stop
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and accepts; may be called for several addresses. Port 0: any free one. Returns the port.
  // The error says who has the port and what to do.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);
  // A local socket; a file left at `path` by a dead process is replaced.
  Result<void> listen_local(const std::string& path);
  // Accepts from a TCP socket that listens already, and owns it: one made in another network.
  Result<void> adopt(int listener);

  // Accepts no more, closes idle connections, lets running requests finish for up to `grace`, then
  // cancels them. Blocks; not on an I/O thread. Once; nothing happens the second time.
  void stop(Duration grace = Duration(5000));

  struct Stats {
    std::size_t connections = 0;
    std::uint64_t accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;  // by a limit or as malformed
  };
  Stats stats() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Errors that a request's body may end with; the texts are S3's, who alone streams.
namespace errors {
extern const ErrorKind incomplete_body;  // 400: the client sent less than it said, or went away
extern const ErrorKind request_timeout;  // 400: it sent nothing, or too little, for too long
extern const ErrorKind malformed_chunk;  // 400: the chunked coding is broken
}  // namespace errors

}  // namespace cloudlet::wire
