// Proves the server over real sockets: framing, pipelining, 100-continue, limits, disconnects,
// stopping.
#include "wire/http_server.h"

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <future>
#include <optional>

#include "wire/http_test_client.h"

namespace cloudlet::wire {
namespace {

Response text(std::string body, int status = 200) {
  return {.status = status, .body = Body(std::move(body))};
}

// `count` pieces of `size` bytes, of a length told or not.
class Pieces : public BodySource {
 public:
  Pieces(std::size_t count, std::size_t size) : count_(count), size_(size) {}
  Task<Result<std::string>> read() override {
    if (count_ == 0) co_return std::string();
    --count_;
    co_return std::string(size_, 'p');
  }

 private:
  std::size_t count_, size_;
};

class Handler : public HttpHandler {
 public:
  Task<Response> handle(Request request) override {
    const std::string path(request.path());
    if (path == "/echo") {
      Result<std::string> all = co_await request.body.read_all(1 << 24);
      if (all.has_error()) {
        failed.set_value(std::string(all.error().kind().name));
        co_return text(std::string(all.error().kind().name), 400);
      }
      co_return text(request.method + " " + request.target + " " + *all);
    }
    if (path == "/stream-back") {
      Response response;
      const auto size = request.body.size();
      response.body = Body(std::make_unique<Relay>(std::move(request.body)), size);
      co_return response;
    }
    if (path == "/refuse") co_return text("no", 403);
    if (path == "/known")
      co_return Response{.body = Body(std::make_unique<Pieces>(100, 10'000), 1'000'000)};
    if (path == "/unknown")
      co_return Response{.body = Body(std::make_unique<Pieces>(3, 5), std::nullopt)};
    if (path == "/short") co_return Response{.body = Body(std::make_unique<Pieces>(1, 5), 10)};
    if (path == "/throw") throw std::runtime_error("a bug");
    if (path == "/none") co_return Response{.status = 204};
    if (path == "/length")
      co_return Response{
          .headers = {{"Content-Length", "77"}, {"X-Split", "a\r\nb"}, {"ETag", "x"}}};
    if (path == "/wait") co_return co_await wait();
    co_return text("ok");
  }

  std::promise<void> entered;
  std::promise<bool> ended;  // true: by cancellation
  std::promise<std::string> failed;

 private:
  class Relay : public BodySource {
   public:
    explicit Relay(Body body) : body_(std::move(body)) {}
    Task<Result<std::string>> read() override { co_return co_await body_.read(); }

   private:
    Body body_;
  };

  Task<Response> wait() {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::seconds(60));
    entered.set_value();
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    ended.set_value(error == asio::error::operation_aborted);
    co_return text("waited");
  }
};

class HttpServerTest : public testing::Test {
 protected:
  void start(HttpOptions options = {}) {
    server_.emplace(threads_, handler_, clock_, std::move(options));
    const auto port = server_->listen("127.0.0.1", 0);
    ASSERT_TRUE(port.has_value()) << port.error().message();
    port_ = *port;
  }
  static bool soon(const std::function<bool()>& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) ::poll(nullptr, 0, 5);
    return condition();
  }

  Clock clock_{from_millis(1'598'536'072'000)};
  Handler handler_;
  IoThreads threads_{2};
  std::optional<HttpServer> server_;
  std::uint16_t port_ = 0;
};

TEST_F(HttpServerTest, AnswersWithDateServerAndLength) {
  start();
  RawClient client(port_);
  client.say("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response(),
            "HTTP/1.1 200 OK\r\nDate: Thu, 27 Aug 2020 13:47:52 GMT\r\nServer: "
            "cloudlet\r\nContent-Length: 2\r\n\r\nok");
}

TEST_F(HttpServerTest, KeepsAliveAndAnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(port_);
  std::string many;
  for (int i = 0; i < 50; ++i)
    many +=
        "PUT /echo?" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
  client.say(many);
  for (int i = 0; i < 50; ++i)
    EXPECT_TRUE(client.response().ends_with("PUT /echo?" + std::to_string(i) + " body")) << i;
  EXPECT_EQ(server_->stats().connections, 1u);
  EXPECT_EQ(server_->stats().requests, 50u);
}

TEST_F(HttpServerTest, BytesMayComeOneByOne) {
  start();
  RawClient client(port_);
  for (const char c : std::string("PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                                  "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
    client.say({&c, 1});
  EXPECT_TRUE(client.response().ends_with("PUT /echo abc"));
}

TEST_F(HttpServerTest, LargeBodiesStreamBothWays) {
  start();
  RawClient client(port_);
  const std::string body(3'000'000, 'z');
  auto sending = std::async(std::launch::async, [&] {
    return client.say("PUT /stream-back HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" +
                      body);
  });
  const std::string response = client.response();
  EXPECT_TRUE(sending.get());
  EXPECT_EQ(response.size() - response.find("\r\n\r\n") - 4, body.size());
  client.say("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.response().ends_with("ok"));
}

TEST_F(HttpServerTest, StreamsWithLengthOrChunked) {
  start();
  RawClient client(port_);
  client.say("GET /known HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string known = client.response();
  EXPECT_EQ(known.size() - known.find("\r\n\r\n") - 4, 1'000'000u);
  client.say("GET /unknown HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string unknown = client.until("0\r\n\r\n");
  EXPECT_NE(unknown.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_TRUE(unknown.ends_with("\r\n\r\n5\r\nppppp\r\n5\r\nppppp\r\n5\r\nppppp\r\n0\r\n\r\n"));
  client.say("GET /unknown HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client.rest().ends_with("\r\n\r\nppppppppppppppp"));
}

TEST_F(HttpServerTest, ABodyShorterThanItsLengthClosesTheConnection) {
  start();
  RawClient client(port_);
  client.say("GET /short HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.rest().ends_with("\r\n\r\nppppp"));
}

TEST_F(HttpServerTest, HeadAnd204HaveNoBody) {
  start();
  RawClient client(port_);
  client.say(
      "HEAD /length HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\n\r\nGET /x "
      "HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = client.response(true);
  EXPECT_NE(head.find("Content-Length: 77\r\n"), std::string::npos);
  EXPECT_NE(head.find("X-Split: a  b\r\nETag: x\r\n"), std::string::npos);
  const std::string none = client.response();
  EXPECT_TRUE(none.starts_with("HTTP/1.1 204 No Content\r\n"));
  EXPECT_EQ(none.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(client.response().ends_with("ok"));
}

TEST_F(HttpServerTest, ContinueIsSaidOnlyToABodyThatIsWanted) {
  start();
  RawClient client(port_);
  client.say("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.say("abc");
  EXPECT_TRUE(client.response().ends_with("PUT /echo abc"));
  client.say(
      "PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n");
  const std::string refused = client.rest();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 403 Forbidden\r\n")) << refused;
  EXPECT_NE(refused.find("Connection: close\r\n"), std::string::npos);
}

TEST_F(HttpServerTest, AnUnreadSmallBodyIsSkippedAndALargeOneCloses) {
  start({.small_body_max = 10});
  RawClient client(port_);
  client.say("PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" +
             std::string(5000, 'x'));
  EXPECT_TRUE(client.response().ends_with("no"));
  client.say("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.response().ends_with("ok"));
  client.say("PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n" +
             std::string(100'000, 'x'));
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpServerTest, ABugInAHandlerIsA500AndTheConnectionGoesOn) {
  start();
  RawClient client(port_);
  client.say("GET /throw HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(client.response().ends_with("ok"));
}

TEST_F(HttpServerTest, MalformedRequestsGetTheirStatusAndAClose) {
  start({.head_max = 2000});
  const std::pair<std::string, std::string> cases[] = {
      {"nonsense\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\nHost: h\n\n", "HTTP/1.1 400 "},
      {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505 "},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(3000, 'x'), "HTTP/1.1 431 "},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "HTTP/1.1 400 "},
      {std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n", 12), "HTTP/1.1 400 "},
  };
  for (const auto& [bytes, status] : cases) {
    RawClient client(port_);
    client.say(bytes);
    const std::string got = client.rest();
    EXPECT_TRUE(got.starts_with(status)) << bytes.substr(0, 40) << " -> " << got;
    EXPECT_NE(got.find("Connection: close\r\n"), std::string::npos);
  }
  EXPECT_EQ(server_->stats().refused, std::size(cases));
}

TEST_F(HttpServerTest, Http2IsRefusedInItsOwnWords) {
  start();
  RawClient client(port_);
  client.say(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33));
  const std::string got = client.rest();
  ASSERT_EQ(got.size(), 26u);
  EXPECT_EQ(got[9 + 3], 7);       // GOAWAY
  EXPECT_EQ(got.back(), '\x0d');  // HTTP_1_1_REQUIRED
}

TEST_F(HttpServerTest, ALyingLengthIsAnErrorForTheHandler) {
  start({.small_body_max = 10});
  RawClient client(port_);
  client.say("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nshort");
  client.half_close();
  EXPECT_EQ(handler_.failed.get_future().get(), "IncompleteBody");
}

TEST_F(HttpServerTest, BrokenChunksAreAnErrorForTheHandler) {
  start();
  RawClient client(port_);
  client.say("PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  EXPECT_TRUE(client.rest().ends_with("InvalidRequest"));
  EXPECT_EQ(handler_.failed.get_future().get(), "InvalidRequest");
}

TEST_F(HttpServerTest, SlowHeadsAndIdleConnectionsEnd) {
  start({.head_timeout = Duration(100), .idle_timeout = Duration(200)});
  RawClient slow(port_), idle(port_);
  slow.say("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(slow.rest().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(idle.closed());
}

TEST_F(HttpServerTest, SlowBodiesEnd) {
  start({.small_body_max = 10, .body_stall = Duration(100)});
  RawClient stalled(port_);
  stalled.say("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nx");
  EXPECT_EQ(handler_.failed.get_future().get(), "RequestTimeout");
  EXPECT_TRUE(stalled.rest().starts_with("HTTP/1.1 400 "));
  RawClient small(port_);
  small.say("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx");
  EXPECT_TRUE(small.rest().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, DribblingBodiesAreCutByTheirRate) {
  start({.small_body_max = 10, .body_stall = Duration(300), .body_rate_min = 1'000'000});
  RawClient client(port_);
  client.say("PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  auto dribble = std::async(std::launch::async, [&] {
    for (int i = 0; i < 1000 && client.say("x"); ++i) ::poll(nullptr, 0, 20);
  });
  EXPECT_EQ(handler_.failed.get_future().get(), "RequestTimeout");
  EXPECT_TRUE(client.rest().starts_with("HTTP/1.1 400 "));
  client.half_close();
  dribble.get();
}

TEST_F(HttpServerTest, AClientThatTakesNothingIsCut) {
  start({.write_stall = Duration(100)});
  RawClient client(port_);
  const int small = 4096;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  std::string many;
  for (int i = 0; i < 40; ++i) many += "GET /known HTTP/1.1\r\nHost: h\r\n\r\n";
  client.say(many);
  EXPECT_TRUE(soon([&] { return server_->stats().connections == 0; }));
}

TEST_F(HttpServerTest, ADisconnectCancelsTheHandler) {
  start();
  RawClient client(port_);
  client.say("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  handler_.entered.get_future().get();
  client.close();
  EXPECT_TRUE(handler_.ended.get_future().get());
  EXPECT_TRUE(soon([&] { return server_->stats().connections == 0; }));
}

TEST_F(HttpServerTest, AHandlerThatTakesTooLongIsCancelledAndAnswered) {
  start({.request_timeout = Duration(100)});
  RawClient client(port_);
  client.say("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.rest().starts_with("HTTP/1.1 "));
  EXPECT_TRUE(handler_.ended.get_future().get());
}

TEST_F(HttpServerTest, TooManyConnectionsAndRequestsAreRefused) {
  start({.connections_max = 1, .requests_max = 2});
  RawClient first(port_);
  first.say("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(first.response().ends_with("ok"));
  RawClient second(port_);
  EXPECT_TRUE(second.rest().starts_with("HTTP/1.1 503 "));
  first.say("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(first.rest().find("Connection: close\r\n"), std::string::npos);
}

TEST_F(HttpServerTest, StopClosesIdleAndCancelsWhatDoesNotEnd) {
  start();
  RawClient idle(port_), busy(port_);
  idle.say("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(idle.response().ends_with("ok"));
  busy.say("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  handler_.entered.get_future().get();
  server_->stop(Duration(100));
  EXPECT_TRUE(idle.closed());
  EXPECT_TRUE(handler_.ended.get_future().get());
  EXPECT_EQ(server_->stats().connections, 0u);
  EXPECT_FALSE(RawClient(port_).connected());
}

TEST_F(HttpServerTest, APortInUseIsSaidPlainly) {
  start();
  HttpServer second(threads_, handler_, clock_);
  const auto port = second.listen("127.0.0.1", port_);
  ASSERT_TRUE(port.has_error());
  EXPECT_NE(port.error().message().find("is in use by another process"), std::string::npos);
  EXPECT_TRUE(second.listen("nowhere", 1).has_error());
}

}  // namespace
}  // namespace cloudlet::wire
