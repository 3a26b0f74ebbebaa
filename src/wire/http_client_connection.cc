#include "wire/http_client_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace cloudlet::wire {
namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_max = 64 * 1024;
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

Error broken(const std::string& why) { return {errors::connection_broken, why}; }

}  // namespace

ClientConnection::ClientConnection(asio::any_io_executor executor, HttpEndpoint to,
                                   const HttpClientOptions& options,
                                   std::shared_ptr<asio::ssl::context> tls)
    : executor_(executor),
      to_(std::move(to)),
      options_(options),
      tls_(std::move(tls)),
      socket_(executor),
      timer_(executor) {}

void ClientConnection::limit(Duration time) {
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto connection = weak.lock();
    if (error || !connection) return;
    connection->timed_out_ = true;
    boost::system::error_code ignored;
    connection->socket_.cancel(ignored);
  });
}

void ClientConnection::unlimit() { timer_.cancel(); }

Error ClientConnection::failure(boost::system::error_code error) const {
  if (timed_out_) return {errors::connection_timeout, to_.authority() + " did not answer in time"};
  return broken("the connection to " + to_.authority() + " ended: " + error.message());
}

Task<Result<void>> ClientConnection::connect() {
  CO_CHECK(co_await connect_plain());
  if (to_.tls) CO_CHECK(co_await shake_hands());
  co_return Result<void>();
}

Task<Result<void>> ClientConnection::shake_hands() {
  secure_.emplace(socket_, *tls_);
  boost::system::error_code no_address;
  asio::ip::make_address(to_.host, no_address);
  // Addresses are not said: RFC 6066, section 3.
  if (no_address) SSL_set_tlsext_host_name(secure_->native_handle(), to_.host.c_str());
  secure_->set_verify_callback(asio::ssl::host_name_verification(to_.host));
  limit(options_.connect_timeout);
  const auto [error] = co_await secure_->async_handshake(asio::ssl::stream_base::client, as_values);
  unlimit();
  if (!error) co_return Result<void>();
  const std::string why = timed_out_ ? std::string("no answer in time") : error.message();
  co_return Error(errors::connection_failed,
                  "no secure connection to " + to_.authority() + ": " + why);
}

Task<Result<void>> ClientConnection::connect_plain() {
  const auto failed = [this](const boost::system::error_code& error) {
    const std::string why = timed_out_ ? std::string("no answer in time") : error.message();
    return Error(errors::connection_failed, "cannot connect to " + to_.authority() + ": " + why);
  };
  if (!to_.local.empty()) {
    Local::socket socket(executor_);
    const Local::endpoint endpoint(to_.local);
    const auto [error] = co_await socket.async_connect(endpoint, as_values);
    if (error) co_return failed(error);
    socket_ = Socket(std::move(socket));
    co_return Result<void>();
  }
  Tcp::resolver resolver(executor_);
  const std::string port = std::to_string(to_.port);
  const auto [lookup_error, found] = co_await resolver.async_resolve(to_.host, port, as_values);
  if (lookup_error) co_return failed(lookup_error);
  boost::system::error_code error = asio::error::host_not_found;
  for (const auto& entry : found) {
    // Shared: the timer's handler may already be queued when the connection stands.
    const auto socket = std::make_shared<Tcp::socket>(executor_);
    asio::steady_timer timer(executor_, options_.connect_timeout);
    timer.async_wait([socket, self = shared_from_this()](boost::system::error_code cancelled) {
      if (cancelled) return;
      self->timed_out_ = true;
      boost::system::error_code ignored;
      socket->cancel(ignored);
    });
    const Tcp::endpoint endpoint = entry.endpoint();
    std::tie(error) = co_await socket->async_connect(endpoint, as_values);
    timer.cancel();
    if (error) continue;
    timed_out_ = false;
    boost::system::error_code ignored;
    socket->set_option(Tcp::no_delay(true), ignored);
    socket_ = Socket(std::move(*socket));
    co_return Result<void>();
  }
  co_return failed(error);
}

bool ClientConnection::stale() {
  char byte;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || errno != EAGAIN || !in_.empty();
}

Task<Result<void>> ClientConnection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    limit(options_.stall_timeout);
    const asio::const_buffer rest(bytes.data(), bytes.size());
    const auto [error, count] = secure_ ? co_await secure_->async_write_some(rest, as_values)
                                        : co_await socket_.async_write_some(rest, as_values);
    unlimit();
    if (error) co_return failure(error);
    bytes.remove_prefix(count);
  }
  co_return Result<void>();
}

Task<Result<void>> ClientConnection::send(Request& request) {
  const std::optional<std::uint64_t> size = request.body.size();
  const std::string* whole = request.body.whole();
  std::string out = request.method + " " + request.target + " HTTP/1.1\r\n";
  if (!request.headers.has("Host")) out += "Host: " + to_.authority() + "\r\n";
  for (const auto [name, value] : request.headers) {
    if (equal_ignoring_case(name, "Content-Length") ||
        equal_ignoring_case(name, "Transfer-Encoding"))
      continue;
    out.append(name).append(": ").append(value).append("\r\n");
  }
  const bool may_be_empty =
      request.method == "GET" || request.method == "HEAD" || request.method == "DELETE";
  if (!size)
    out += "Transfer-Encoding: chunked\r\n";
  else if (*size > 0 || !may_be_empty)
    out += "Content-Length: " + std::to_string(*size) + "\r\n";
  out += "\r\n";
  if (whole && whole->size() <= piece_max) out += *whole;
  CO_CHECK(co_await write(out));
  if (whole) {
    if (whole->size() > piece_max) CO_CHECK(co_await write(*whole));
    co_return Result<void>();
  }
  for (std::uint64_t sent = 0;;) {
    CO_TRY(const std::string piece, co_await request.body.read());
    sent += piece.size();
    if (size && (sent > *size || (piece.empty() && sent != *size)))
      co_return broken("the request's body is not of the size it was said to be");
    char line[24];
    const int digits = std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
    std::string bytes =
        size ? piece : std::string(line, static_cast<std::size_t>(digits)) + piece + "\r\n";
    CO_CHECK(co_await write(bytes));
    if (piece.empty() || (size && sent == *size)) co_return Result<void>();
  }
}

Task<Result<std::size_t>> ClientConnection::fill() {
  char* at = in_.prepare();
  const asio::mutable_buffer space(at, in_.room());
  const auto [error, count] = secure_ ? co_await secure_->async_read_some(space, as_values)
                                      : co_await socket_.async_read_some(space, as_values);
  unlimit();
  if (error == asio::error::eof) co_return std::size_t{0};
  if (error) co_return failure(error);
  in_.received(count);
  co_return count;
}

Task<Result<ResponseHead>> ClientConnection::receive_head() {
  for (;;) {
    HeadScanner scanner;
    while (in_.empty() || scanner.scan(in_.view()) == HeadScanner::State::incomplete) {
      if (in_.size() > options_.head_max) co_return broken("the response's head is too large");
      limit(options_.response_timeout);
      CO_TRY(const std::size_t count, co_await fill());
      if (count == 0)
        co_return broken(to_.authority() + " closed the connection without an answer");
    }
    ResponseHead head;
    const HeadFault fault = parse_response_head(in_.view().substr(0, scanner.size()), {}, head);
    in_.consume(scanner.size());
    if (fault) co_return broken("the response cannot be read: " + std::string(fault.why));
    if (head.status >= 200 || head.status == 101) co_return head;
  }
}

void ClientConnection::expect_body(const ResponseHead& head, bool bodiless) {
  framing_ = bodiless ? Framing{} : head.framing;
  left_ = framing_.length;
  until_close_ = !bodiless && head.until_close;
  keep_alive_ = head.keep_alive && !until_close_;
  done_ = framing_.kind == Framing::Kind::none && !until_close_;
  chunks_ = {};
}

Task<Result<std::string>> ClientConnection::read_body() {
  std::string piece;
  while (piece.empty() && !done_) {
    if (in_.empty()) {
      limit(options_.stall_timeout);
      CO_TRY(const std::size_t count, co_await fill());
      if (count == 0 && !until_close_) co_return broken("the response's body ended early");
      if (count == 0) done_ = true;
    }
    std::string_view rest = in_.view();
    if (framing_.kind == Framing::Kind::chunked) {
      const ChunkedDecoder::State state = chunks_.decode(rest, piece, piece_max);
      in_.consume(in_.size() - rest.size());
      if (state == ChunkedDecoder::State::bad)
        co_return broken("the response's chunks are malformed");
      done_ = state == ChunkedDecoder::State::done;
      continue;
    }
    const std::size_t most = std::min(rest.size(), piece_max);
    piece = rest.substr(
        0, until_close_ ? most : static_cast<std::size_t>(std::min<std::uint64_t>(left_, most)));
    in_.consume(piece.size());
    if (until_close_) continue;
    left_ -= piece.size();
    done_ = left_ == 0;
  }
  co_return piece;
}

}  // namespace cloudlet::wire
