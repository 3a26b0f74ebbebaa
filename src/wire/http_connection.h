// One connection: reads a head, hands the request to the handler, writes the response, and again.
// Internal to the server.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string>

#include "wire/http_buffer.h"
#include "wire/http_chunked.h"
#include "wire/http_head.h"
#include "wire/http_lane.h"

namespace cloudlet::wire {

class ConnectionBody;

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Socket = asio::generic::stream_protocol::socket;

  HttpConnection(std::shared_ptr<HttpLane> lane, Socket socket, std::string peer);
  ~HttpConnection();

  Task<> serve();

  // Called by the lane, on its thread.
  asio::cancellation_signal& signal() { return signal_; }
  bool needs_attention(
      SteadyTime now) const;  // a limit has passed, or a handler may be working for nobody
  void attend(SteadyTime now);
  void finish();  // closes when the present request is answered; at once if there is none
  void cancel();  // ends whatever runs
  void close();

  // For ConnectionBody.
  Task<Result<std::string>> read_body();
  void body_gone() { body_ = nullptr; }

 private:
  enum class Phase { idle, receiving, handling, sending };
  enum class HeadRead { complete, closed, bad, too_large, timed_out };

  void enter(Phase phase, Duration limit);
  Task<bool> begin_tls();
  Task<bool> next_request();
  Task<HeadRead> read_head();
  Task<bool> answer(Request request);
  Task<std::optional<Body>> take_body();
  Task<Result<std::string>> read_chunked();
  Task<Result<void>> receive_body();  // at least one more byte into in_
  Task<bool> receive_into(char* at, std::size_t size);
  Task<> refuse(HeadFault fault);
  Task<> refuse_http2();

  Task<bool> respond(Response response, bool head_only);
  void put_head(const Response& response, bool sends_body, bool chunked);
  Task<bool> stream(Response response);
  Task<bool> send(std::string_view first, std::string_view second = {});
  Task<std::size_t> receive(char* at, std::size_t room);  // 0: closed, failed or timed out
  Task<bool> skip_rest_of_body();
  Task<> linger();

  bool keep_open() const;
  bool body_done() const { return framing_.kind == Framing::Kind::none || body_ended_; }
  Error body_failure();

  std::shared_ptr<HttpLane> lane_;
  HttpShared& shared_;
  const HttpOptions& options_;
  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  asio::cancellation_signal signal_;
  const std::string peer_;

  Phase phase_ = Phase::idle;
  SteadyTime since_{};      // when the phase began
  SteadyTime limit_{};      // when it must have ended
  bool expired_ = false;    // it had not
  bool cancelled_ = false;  // the task was told to end
  bool closing_ = false;    // after this response
  bool unread_ = false;     // the client may still be sending what nobody wants
  bool wants_keep_alive_ = true;
  bool minor_zero_ = false;
  std::uint64_t served_ = 0;

  InBuffer in_;
  std::string out_;
  std::size_t head_size_ = 0;

  // The present request's body.
  Framing framing_;
  std::uint64_t left_ = 0;           // of a body with a length
  std::uint64_t body_received_ = 0;  // bytes off the socket
  Duration body_waited_{0};
  bool body_ended_ = false;
  bool body_failed_ = false;
  bool expect_pending_ = false;  // 100 Continue is owed if somebody reads
  SteadyTime handling_until_{};
  ChunkedDecoder chunks_;
  ConnectionBody* body_ = nullptr;  // the source in the handler's hands, while it lives
};

}  // namespace cloudlet::wire
