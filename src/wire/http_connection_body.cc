// Receiving request bodies: small ones before the handler starts, others as it reads.
#include <algorithm>

#include "wire/http_body.h"
#include "wire/http_connection.h"

namespace cloudlet::wire {
namespace errors {
const ErrorKind incomplete_body{.name = "IncompleteBody", .code = "IncompleteBody"};
const ErrorKind request_timeout{.name = "RequestTimeout", .code = "RequestTimeout"};
const ErrorKind malformed_chunk{.name = "InvalidRequest", .code = "InvalidRequest"};
}  // namespace errors

namespace {
constexpr std::size_t piece_max = 64 * 1024;
constexpr std::uint64_t skipped_max = 256 * 1024;
}  // namespace

Task<Result<std::string>> ConnectionBody::read() {
  if (!connection_)
    co_return Error(errors::incomplete_body,
                    "The request is over; its body cannot be read any more.");
  co_return co_await connection_->read_body();
}

// nullopt: it did not come, the connection ends.
Task<std::optional<Body>> HttpConnection::take_body() {
  if (framing_.kind == Framing::Kind::none) co_return Body();
  const bool small = framing_.kind == Framing::Kind::length && left_ <= options_.small_body_max;
  if (!small || expect_pending_) {
    auto source = std::make_unique<ConnectionBody>(*this);
    body_ = source.get();
    std::optional<std::uint64_t> size;
    if (framing_.kind == Framing::Kind::length) size = left_;
    co_return Body(std::move(source), size);
  }
  std::string bytes;
  const auto length = static_cast<std::size_t>(left_);
  const std::size_t here = std::min(in_.size(), length);
  bytes.reserve(length);
  bytes.append(in_.view().substr(0, here));
  in_.consume(here);
  if (here < length) {
    bytes.resize(length);
    body_received_ = here;
    for (std::size_t at = here; at < length; at = static_cast<std::size_t>(body_received_)) {
      if (co_await receive_into(bytes.data() + at, length - at)) continue;
      if (expired_) co_await refuse({408, "the body did not arrive in time"});
      co_return std::nullopt;
    }
  }
  body_ended_ = true;
  co_return Body(std::move(bytes));
}

// One read from the socket, within the limits for slow senders. False: closed, or too slow.
Task<bool> HttpConnection::receive_into(char* at, std::size_t size) {
  const auto earned =
      Duration(static_cast<std::int64_t>(body_received_ * 1000 / options_.body_rate_min));
  const Duration patience =
      std::min(options_.body_stall, options_.body_stall + earned - body_waited_);
  enter(Phase::receiving, std::max(patience, Duration(0)));
  const std::size_t count = co_await receive(at, size);
  const SteadyTime now = std::chrono::steady_clock::now();
  body_waited_ += std::chrono::duration_cast<Duration>(now - since_);
  body_received_ += count;
  phase_ = Phase::handling;
  since_ = now;
  limit_ = handling_until_;
  co_return count > 0;
}

Error HttpConnection::body_failure() {
  body_failed_ = closing_ = true;
  if (expired_) {
    expired_ = false;
    return {errors::request_timeout,
            "Your socket connection to the server was not read from or written to within the "
            "timeout period. Idle "
            "connections will be closed."};
  }
  return {errors::incomplete_body,
          "You did not provide the number of bytes specified by the Content-Length HTTP header."};
}

Task<Result<void>> HttpConnection::receive_body() {
  if (expect_pending_) {
    expect_pending_ = false;
    if (in_.empty() && !co_await send("HTTP/1.1 100 Continue\r\n\r\n")) co_return body_failure();
  }
  char* at = in_.prepare();
  const std::uint64_t before = body_received_;
  if (!co_await receive_into(at, in_.room())) co_return body_failure();
  in_.received(static_cast<std::size_t>(body_received_ - before));
  co_return Result<void>();
}

Task<Result<std::string>> HttpConnection::read_body() {
  if (body_failed_) co_return body_failure();
  if (body_ended_) co_return std::string();
  if (framing_.kind == Framing::Kind::chunked) co_return co_await read_chunked();
  if (in_.empty() && (expect_pending_ || left_ < InBuffer::usual))
    CO_CHECK(co_await receive_body());
  std::string piece;
  if (!in_.empty()) {
    piece = in_.view().substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>({left_, in_.size(), piece_max})));
    in_.consume(piece.size());
  } else {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece_max)));
    const std::uint64_t before = body_received_;
    if (!co_await receive_into(piece.data(), piece.size())) co_return body_failure();
    piece.resize(static_cast<std::size_t>(body_received_ - before));
  }
  left_ -= piece.size();
  body_ended_ = left_ == 0;
  co_return piece;
}

Task<Result<std::string>> HttpConnection::read_chunked() {
  std::string piece;
  for (;;) {
    if (in_.empty()) CO_CHECK(co_await receive_body());
    std::string_view rest = in_.view();
    const ChunkedDecoder::State state = chunks_.decode(rest, piece, piece_max);
    in_.consume(in_.size() - rest.size());
    if (state == ChunkedDecoder::State::bad) {
      body_failed_ = closing_ = true;
      co_return Error(errors::malformed_chunk,
                      "The chunked transfer coding of the request body is malformed.");
    }
    body_ended_ = state == ChunkedDecoder::State::done;
    if (body_ended_ || !piece.empty()) co_return piece;
  }
}

// After the response: what the handler left of the body, if it is little and certain to come.
// False: close instead.
Task<bool> HttpConnection::skip_rest_of_body() {
  if (body_done()) co_return true;
  if (body_failed_ || expect_pending_) co_return false;
  for (std::uint64_t skipped = 0; skipped <= skipped_max && !body_ended_;) {
    const Result<std::string> piece = co_await read_body();
    if (piece.has_error()) co_return false;
    skipped += piece->size();
  }
  co_return body_ended_;
}

}  // namespace cloudlet::wire
