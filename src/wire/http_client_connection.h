// One connection of the client. Internal.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wire/http_buffer.h"
#include "wire/http_chunked.h"
#include "wire/http_client.h"
#include "wire/http_head.h"

namespace cloudlet::wire {

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  // `tls`: for an endpoint that wants it.
  ClientConnection(asio::any_io_executor executor, HttpEndpoint to,
                   const HttpClientOptions& options, std::shared_ptr<asio::ssl::context> tls);

  const HttpEndpoint& endpoint() const { return to_; }
  Task<Result<void>> connect();
  // Whether the other side has closed a kept connection, or said what nobody asked.
  bool stale();
  Task<Result<void>> send(Request& request);
  Task<Result<ResponseHead>> receive_head();
  // After the head. Empty at the end.
  void expect_body(const ResponseHead& head, bool bodiless);
  Task<Result<std::string>> read_body();
  bool body_done() const { return done_; }
  bool reusable() const { return done_ && keep_alive_; }

 private:
  Task<Result<void>> connect_plain();
  Task<Result<void>> shake_hands();
  Task<Result<void>> write(std::string_view bytes);
  Task<Result<std::size_t>> fill();  // 0: the other side closed
  void limit(Duration time);
  void unlimit();
  Error failure(boost::system::error_code error) const;

  asio::any_io_executor executor_;
  HttpEndpoint to_;
  const HttpClientOptions options_;
  std::shared_ptr<asio::ssl::context> tls_;
  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> secure_;  // over socket_, once hands are shaken
  asio::steady_timer timer_;
  bool timed_out_ = false;
  InBuffer in_;
  Framing framing_;
  std::uint64_t left_ = 0;
  bool until_close_ = false;
  bool keep_alive_ = false;
  bool done_ = true;
  ChunkedDecoder chunks_;
};

}  // namespace cloudlet::wire
