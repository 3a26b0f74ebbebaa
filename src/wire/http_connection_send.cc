// Sending responses: the head, and a body that is here or streams.
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "wire/http_connection.h"

namespace cloudlet::wire {
namespace {

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
// Bodies up to this are copied behind the head: one buffer, one system call.
constexpr std::size_t copied_max = 16 * 1024;
constexpr std::size_t read_ahead_max = 256 * 1024;

// A field with a line break in it would end the head early: breaks become spaces.
void append_safely(std::string& out, std::string_view text) {
  const std::size_t at = out.size();
  out.append(text);
  for (std::size_t i = at; i < out.size(); ++i)
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') [[unlikely]]
      out[i] = ' ';
}

bool bodiless(int status) { return status == 204 || status == 304 || status < 200; }

}  // namespace

// `sends_body`: its length is the server's to say. Otherwise (HEAD, 304) the handler's
// Content-Length stands.
void HttpConnection::put_head(const Response& response, bool sends_body, bool chunked) {
  out_.clear();
  out_.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out_.append(reason_phrase(response.status)).append("\r\n");
  bool has_server = false, has_date = false;
  for (const auto [name, value] : response.headers) {
    const bool framing =
        (name.size() == 14 && sends_body && equal_ignoring_case(name, "Content-Length")) ||
        (name.size() == 17 && equal_ignoring_case(name, "Transfer-Encoding")) ||
        (name.size() == 10 && equal_ignoring_case(name, "Connection"));
    if (framing) continue;
    has_server = has_server || (name.size() == 6 && equal_ignoring_case(name, "Server"));
    has_date = has_date || (name.size() == 4 && equal_ignoring_case(name, "Date"));
    append_safely(out_, name);
    out_.append(": ");
    append_safely(out_, value);
    out_.append("\r\n");
  }
  if (!has_date) out_.append("Date: ").append(lane_->date()).append("\r\n");
  if (!has_server && !options_.server_name.empty())
    out_.append("Server: ").append(options_.server_name).append("\r\n");
  if (chunked)
    out_.append("Transfer-Encoding: chunked\r\n");
  else if (sends_body && response.body.size())
    out_.append("Content-Length: ").append(std::to_string(*response.body.size())).append("\r\n");
  if (!keep_open())
    out_.append("Connection: close\r\n");
  else if (minor_zero_)
    out_.append("Connection: keep-alive\r\n");
  out_.append("\r\n");
}

Task<bool> HttpConnection::respond(Response response, bool head_only) {
  const bool sends_body = !head_only && !bodiless(response.status);
  // A body that may still be on its way, and too long to skip, ends the connection: say so.
  if (expect_pending_ || body_failed_ || (!body_done() && !body_ && left_ > read_ahead_max))
    closing_ = true;
  const bool until_close = sends_body && !response.body.size() && minor_zero_;
  if (until_close) closing_ = true;
  const std::string* whole = sends_body ? response.body.whole() : nullptr;
  if (sends_body && !whole) co_return co_await stream(std::move(response));
  put_head(response, sends_body, false);
  if (!whole || whole->empty()) co_return co_await send(out_);
  if (whole->size() > copied_max) co_return co_await send(out_, *whole);
  out_.append(*whole);
  co_return co_await send(out_);
}

// Sends piece by piece; the next is read when the last is on its way. A source that fails ends the
// connection, for the length or the chunks promised cannot be kept.
Task<bool> HttpConnection::stream(Response response) {
  const std::optional<std::uint64_t> size = response.body.size();
  const bool chunked = !size && !minor_zero_;
  put_head(response, true, chunked);
  if (!size && !co_await send(out_)) co_return false;
  bool head_sent = !size;
  for (std::uint64_t sent = 0;;) {
    enter(Phase::handling, options_.request_timeout);
    Result<std::string> piece = co_await response.body.read();
    if (piece.has_error() && !head_sent) {
      log::warning("wire", "a response body failed before its first byte: {}",
                   piece.error().message());
      Response failed{.status = 500};
      put_head(failed, true, false);
      co_return co_await send(out_);
    }
    if (piece.has_error()) co_return false;
    const bool last = piece->empty();
    if (last && size && sent != *size) co_return false;
    sent += piece->size();
    if (size && sent > *size) co_return false;
    std::string_view head = head_sent ? std::string_view() : std::string_view(out_);
    if (chunked) {
      char line[24];
      head = std::string_view(line, static_cast<std::size_t>(std::snprintf(
                                        line, sizeof line, "%zx\r\n", piece->size())));
      if (last) {
        co_return co_await send("0\r\n\r\n");
      }
      out_.assign(head).append(*piece).append("\r\n");
      if (!co_await send(out_)) co_return false;
      continue;
    }
    if ((!head.empty() || !last) && !co_await send(head, *piece)) co_return false;
    head_sent = true;
    if (last || (size && sent == *size)) co_return true;
  }
}

Task<bool> HttpConnection::send(std::string_view first, std::string_view second) {
  enter(Phase::sending, options_.write_stall);
  // What fits the socket's buffer goes at once, without a trip through the reactor.
  if (!tls_) {
    std::array<iovec, 2> parts{{{const_cast<char*>(first.data()), first.size()},
                                {const_cast<char*>(second.data()), second.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = second.empty() ? 1 : 2;
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) co_return false;
    const std::size_t done = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    const std::size_t of_first = std::min(done, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(done - of_first);
  }
  while (!first.empty() || !second.empty()) {
    const std::array<asio::const_buffer, 2> rest{asio::const_buffer(first.data(), first.size()),
                                                 asio::const_buffer(second.data(), second.size())};
    boost::system::error_code error;
    std::size_t count = 0;
    if (tls_) {
      std::tie(error, count) = co_await tls_->async_write_some(rest, as_values);
    } else {
      std::tie(error, count) = co_await socket_.async_write_some(rest, as_values);
    }
    if (error) co_return false;
    const std::size_t of_first = std::min(count, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(count - of_first);
    limit_ = std::chrono::steady_clock::now() + options_.write_stall;
  }
  co_return true;
}

}  // namespace cloudlet::wire
