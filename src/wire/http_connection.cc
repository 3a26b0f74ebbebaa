#include "wire/http_connection.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "base/log.h"
#include "wire/http_body.h"

namespace cloudlet::wire {
namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\n";

// SETTINGS (empty), then GOAWAY with HTTP_1_1_REQUIRED (RFC 9113, 6.8 and 7): a client that insists
// on HTTP/2 learns why.
constexpr std::string_view http2_refusal(
    "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    "\x00\x00\x08\x07\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x0d",
    26);

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpLane> lane, Socket socket, std::string peer)
    : lane_(std::move(lane)),
      shared_(lane_->shared()),
      options_(shared_.options),
      socket_(std::move(socket)),
      peer_(std::move(peer)) {}

HttpConnection::~HttpConnection() {
  if (body_) body_->detach();
}

void HttpConnection::enter(Phase phase, Duration limit) {
  phase_ = phase;
  since_ = std::chrono::steady_clock::now();
  limit_ = since_ + limit;
}

bool HttpConnection::needs_attention(SteadyTime now) const {
  return now >= limit_ ||
         (phase_ == Phase::handling && now - since_ >= std::chrono::milliseconds(100));
}

void HttpConnection::attend(SteadyTime now) {
  if (now >= limit_) {
    expired_ = true;
    if (phase_ == Phase::handling) return cancel();
    boost::system::error_code ignored;
    socket_.cancel(ignored);
    limit_ =
        now + std::chrono::seconds(1);  // once more, should the wait have begun only after this
    return;
  }
  // The client closed its side while a handler works for it: the answer has nowhere to go.
  char byte;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) cancel();
}

void HttpConnection::finish() {
  closing_ = true;
  if (phase_ != Phase::idle) return;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void HttpConnection::cancel() {
  cancelled_ = closing_ = true;
  signal_.emit(asio::cancellation_type::terminal);
}

void HttpConnection::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

bool HttpConnection::keep_open() const {
  return wants_keep_alive_ && !closing_ && served_ < options_.requests_max;
}

Task<> HttpConnection::serve() {
  enter(Phase::idle, options_.idle_timeout);
  if (options_.tls && !co_await begin_tls()) co_return;
  while (co_await next_request()) {}
  if (unread_) co_await linger();
}

// A TLS handshake begins with the byte 22 (RFC 8446, 5.1), which no HTTP message does.
Task<bool> HttpConnection::begin_tls() {
  const auto [wait_error] = co_await socket_.async_wait(Socket::wait_read, as_values);
  char first = 0;
  if (wait_error || ::recv(socket_.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
    co_return false;
  if (first != 22) co_return true;
  enter(Phase::receiving, options_.head_timeout);
  tls_.emplace(socket_, *options_.tls);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_values);
  if (!error) co_return true;
  shared_.refused.fetch_add(1, std::memory_order_relaxed);
  log::debug("wire", "TLS handshake with {} failed: {}", peer_, error.message());
  co_return false;
}

Task<bool> HttpConnection::next_request() {
  in_.shrink();
  enter(Phase::idle, options_.idle_timeout);
  if (closing_) co_return false;
  const HeadRead got = co_await read_head();
  if (got == HeadRead::closed) co_return false;
  RequestHead head;
  HeadFault fault;
  if (got == HeadRead::too_large) {
    fault = {431, "the head is larger than this server takes"};
  } else if (got == HeadRead::timed_out) {
    fault = {408, "the head did not arrive in time"};
  } else if (got == HeadRead::bad) {
    fault = {400, "a line of the head does not end with CRLF"};
  } else {
    const HeadLimits limits{.fields_max = options_.fields_max, .target_max = options_.target_max};
    const std::string_view bytes = in_.view().substr(0, head_size_);
    if (bytes == http2_preface) {
      co_await refuse_http2();
      co_return false;
    }
    fault = parse_request_head(bytes, limits, head);
  }
  if (fault) {
    co_await refuse(fault);
    co_return false;
  }
  in_.consume(head_size_);
  ++served_;
  shared_.requests.fetch_add(1, std::memory_order_relaxed);

  wants_keep_alive_ = head.keep_alive;
  minor_zero_ = head.minor == 0;
  framing_ = head.framing;
  left_ = framing_.length;
  body_received_ = 0;
  body_waited_ = Duration(0);
  body_ended_ = body_failed_ = false;
  expect_pending_ = head.expect_continue;
  chunks_ = {};
  std::optional<Body> body = co_await take_body();
  if (!body) co_return false;
  Request request{.method = std::move(head.method),
                  .target = std::move(head.target),
                  .headers = std::move(head.headers),
                  .peer = peer_,
                  .secure = tls_.has_value(),
                  .body = std::move(*body)};
  co_return co_await answer(std::move(request));
}

Task<HttpConnection::HeadRead> HttpConnection::read_head() {
  HeadScanner scanner;
  bool begun = false;
  for (;;) {
    // An empty line before a request is skipped (RFC 9112, 2.2).
    while (!begun && in_.view().starts_with("\r\n")) in_.consume(2);
    if (!in_.empty()) {
      if (!begun) enter(Phase::receiving, options_.head_timeout);
      begun = true;
      const HeadScanner::State state = scanner.scan(in_.view());
      head_size_ = scanner.size();
      if (head_size_ > options_.head_max) co_return HeadRead::too_large;
      if (state == HeadScanner::State::complete) co_return HeadRead::complete;
      if (state == HeadScanner::State::bad) co_return HeadRead::bad;
    }
    char* at = in_.prepare();
    const std::size_t count = co_await receive(at, in_.room());
    if (count == 0) co_return begun&& expired_ ? HeadRead::timed_out : HeadRead::closed;
    in_.received(count);
  }
}

// Runs the handler and sends what it says. False: the connection ends.
Task<bool> HttpConnection::answer(Request request) {
  const bool head_only = request.method == "HEAD";
  enter(Phase::handling, options_.request_timeout);
  handling_until_ = limit_;
  std::optional<Response> response;
  try {
    response = co_await shared_.handler.handle(std::move(request));
  } catch (const std::exception& error) {
    if (!cancelled_) log::error("wire", "a handler ended by {}", error.what());
  }
  if (cancelled_ && !expired_) co_return false;
  if (!response) {
    response.emplace();
    response->status = cancelled_ ? 503 : 500;
  }
  if (cancelled_) co_await asio::this_coro::reset_cancellation_state();
  cancelled_ = false;
  unread_ = !body_done();
  const bool sent = co_await respond(std::move(*response), head_only);
  const bool rest_gone = sent && keep_open() && co_await skip_rest_of_body();
  if (body_) std::exchange(body_, nullptr)->detach();
  unread_ = sent && !body_done();
  co_return rest_gone;
}

// Answers a request that never reached the handler.
Task<> HttpConnection::refuse(HeadFault fault) {
  shared_.refused.fetch_add(1, std::memory_order_relaxed);
  closing_ = true;
  expired_ = false;
  unread_ = true;
  Response response{.status = fault.status, .body = Body(std::string(fault.why) + "\n")};
  response.headers.add("Content-Type", "text/plain");
  co_await respond(std::move(response), false);
}

Task<> HttpConnection::refuse_http2() {
  shared_.refused.fetch_add(1, std::memory_order_relaxed);
  enter(Phase::sending, options_.write_stall);
  unread_ = true;
  co_await send(http2_refusal);
}

Task<std::size_t> HttpConnection::receive(char* at, std::size_t room) {
  const asio::mutable_buffer space(at, room);
  if (tls_) {
    const auto [error, count] = co_await tls_->async_read_some(space, as_values);
    co_return error ? 0 : count;
  }
  const auto [error, count] = co_await socket_.async_read_some(space, as_values);
  co_return error ? 0 : count;
}

// Lets the client read the answer before its unread bytes make the kernel reset the connection (RFC
// 9112, 9.6).
Task<> HttpConnection::linger() {
  constexpr std::size_t bytes_max = 1024 * 1024;
  enter(Phase::receiving, Duration(2000));
  expired_ = false;
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  for (std::size_t total = 0; total < bytes_max && !expired_;) {
    in_.consume(in_.size());
    char* at = in_.prepare();
    const asio::mutable_buffer space(at, in_.room());
    const auto [error, count] = co_await socket_.async_read_some(space, as_values);
    if (error) co_return;
    total += count;
  }
}

}  // namespace cloudlet::wire
