// Proves client and server together: reuse of connections, streams both ways, dead endpoints, and a
// signed call of a generated client that the verifier lets in.
#include "wire/http_client.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>

#include "gen/iam/api.h"
#include "gen/sts/api.h"
#include "wire/http_caller.h"
#include "wire/http_server.h"
#include "wire/protocol.h"
#include "wire/router.h"
#include "wire/sigv4_verify.h"

namespace cloudlet::wire {
namespace {

class Repeat : public BodySource {
 public:
  explicit Repeat(std::size_t count) : count_(count) {}
  Task<Result<std::string>> read() override {
    if (count_ == 0) co_return std::string();
    --count_;
    co_return std::string(50'000, 'r');
  }

 private:
  std::size_t count_;
};

class OneKey : public Credentials {
 public:
  std::optional<Credential> find(std::string_view access_key) const override {
    if (access_key != "AKIAONE") return std::nullopt;
    return Credential{.secret = "one",
                      .account = "111122223333",
                      .principal = {.arn = "arn:aws:iam::111122223333:user/one", .id = "AIDAONE"}};
  }
};

// Counts bytes, or streams, or answers GetCallerIdentity to whom the verifier lets in.
class Handler : public HttpHandler {
 public:
  explicit Handler(const Clock& clock)
      : authenticator_({.mode = AuthMode::enforce}, keys_, clock) {}

  Task<Response> handle(Request request) override {
    if (request.path() == "/count") {
      std::size_t total = 0;
      for (;;) {
        const auto piece = co_await request.body.read();
        if (piece.has_error() || piece->empty()) break;
        total += piece->size();
      }
      co_return Response{.body = Body(std::to_string(total))};
    }
    if (request.path() == "/stream")
      co_return Response{.body = Body(std::make_unique<Repeat>(20), std::nullopt)};
    if (request.path() == "/long")
      co_return Response{.body = Body(std::make_unique<Repeat>(20), 1'000'000)};
    if (request.path() == "/close")
      co_return Response{.headers = {{"X", "y"}}, .body = Body("bye")};
    co_return identity(request);
  }

 private:
  Response identity(Request& request) {
    Exchange exchange;
    const auto routed = router_.route(request, exchange);
    if (routed.has_error()) return encode_error(exchange, routed.error(), "id");
    const auto who =
        authenticator_.authenticate(request, {.dialect = Dialect::query, .signing_name = "sts"});
    if (who.has_error()) return encode_error(exchange, who.error(), "id");
    sts::GetCallerIdentityOutput output;
    output.user_id = who->principal.id;
    output.account = who->scope.account;
    output.arn = who->principal.arn;
    return encode_response(exchange, &output, "id");
  }

  OneKey keys_;
  Authenticator authenticator_;
  Router router_{{&sts::service}};
};

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() {
    const auto port = server_.listen("127.0.0.1", 0);
    to_ = {.host = "127.0.0.1", .port = *port};
  }

  template <class T>
  T run(Task<T> task) {
    auto result = asio::co_spawn(context_, std::move(task), asio::use_future);
    context_.restart();
    context_.run();
    return result.get();
  }
  Task<Result<std::string>> exchange(HttpEndpoint to, Request request) {
    CO_TRY(Response response, co_await client_.send(to, std::move(request)));
    CO_TRY(const std::string body, co_await response.body.read_all(1 << 24));
    co_return std::to_string(response.status) + " " + body;
  }

  Clock clock_{from_millis(1'598'536'072'000)};
  Handler handler_{clock_};
  IoThreads threads_{1};
  HttpServer server_{threads_, handler_, clock_};
  asio::io_context context_;
  HttpClient client_{context_.get_executor(), {.connect_timeout = Duration(2000)}};
  HttpEndpoint to_;
};

TEST_F(HttpClientTest, OneConnectionServesManyRequests) {
  for (int i = 0; i < 5; ++i) {
    Request request{.method = "PUT", .target = "/count", .body = Body(std::string(1000, 'x'))};
    EXPECT_EQ(run(exchange(to_, std::move(request))).value(), "200 1000");
  }
  EXPECT_EQ(server_.stats().accepted, 1u);
}

TEST_F(HttpClientTest, BodiesStreamBothWays) {
  Request known{
      .method = "PUT", .target = "/count", .body = Body(std::make_unique<Repeat>(40), 2'000'000)};
  EXPECT_EQ(run(exchange(to_, std::move(known))).value(), "200 2000000");
  Request unknown{.method = "PUT",
                  .target = "/count",
                  .body = Body(std::make_unique<Repeat>(40), std::nullopt)};
  EXPECT_EQ(run(exchange(to_, std::move(unknown))).value(), "200 2000000");
  for (const char* target : {"/stream", "/long"}) {
    Request request{.method = "GET", .target = target};
    EXPECT_EQ(run(exchange(to_, std::move(request))).value().size(), 1'000'004u);
  }
  EXPECT_EQ(server_.stats().accepted, 1u);
}

TEST_F(HttpClientTest, AConnectionThatTheServerClosedIsReplaced) {
  Request first{.method = "GET", .target = "/close"};
  EXPECT_EQ(run(exchange(to_, std::move(first))).value(), "200 bye");
  server_.stop();
  HttpServer other(threads_, handler_, clock_);
  ASSERT_TRUE(other.listen("127.0.0.1", to_.port).has_value());
  Request second{.method = "GET", .target = "/close"};
  EXPECT_EQ(run(exchange(to_, std::move(second))).value(), "200 bye");
}

TEST_F(HttpClientTest, NobodyThereIsATypedError) {
  server_.stop();
  Request request{.method = "GET", .target = "/"};
  const auto answer = run(exchange(to_, std::move(request)));
  ASSERT_TRUE(answer.has_error());
  EXPECT_TRUE(answer.error().is(errors::connection_failed));
  EXPECT_NE(answer.error().message().find(to_.authority()), std::string::npos);
}

TEST_F(HttpClientTest, LocalSocketsWork) {
  const std::string path = testing::TempDir() + "http_client_test.sock";
  ASSERT_TRUE(server_.listen_local(path).has_value());
  Request request{.method = "PUT", .target = "/count", .body = Body("abc")};
  EXPECT_EQ(run(exchange({.host = "localhost", .local = path}, std::move(request))).value(),
            "200 3");
  std::filesystem::remove(path);
}

TEST_F(HttpClientTest, GeneratedClientSignsAndIsLetIn) {
  HttpCaller caller(
      client_, clock_,
      {.endpoints = {.all = to_}, .keys = {.access_key = "AKIAONE", .secret = "one"}});
  sts::Client sts(caller);
  const sts::GetCallerIdentityInput input;
  const auto who = run(sts.get_caller_identity(input));
  ASSERT_TRUE(who.has_value()) << who.error().message();
  EXPECT_EQ(who->arn, "arn:aws:iam::111122223333:user/one");
  EXPECT_EQ(who->account, "111122223333");
}

TEST_F(HttpClientTest, GeneratedClientGetsTheServicesError) {
  HttpCaller caller(
      client_, clock_,
      {.endpoints = {.all = to_}, .keys = {.access_key = "AKIAONE", .secret = "wrong"}});
  sts::Client sts(caller);
  const sts::GetCallerIdentityInput input;
  const auto who = run(sts.get_caller_identity(input));
  ASSERT_TRUE(who.has_error());
  EXPECT_NE(who.error().message().find("signature we calculated does not match"),
            std::string::npos);
}

TEST(Endpoint, ParsesAndRefuses) {
  EXPECT_EQ(parse_endpoint("http://localhost:4566/")->authority(), "localhost:4566");
  EXPECT_EQ(parse_endpoint("http://[::1]:4566")->authority(), "[::1]:4566");
  EXPECT_EQ(parse_endpoint("http://host")->port, 80);
  EXPECT_TRUE(*parse_endpoint("https://host") ==
              (HttpEndpoint{.host = "host", .port = 443, .tls = true}));
  EXPECT_EQ(parse_endpoint("https://host:443")->authority(), "host");
  for (const char* bad : {"", "localhost:4566", "ftp://x", "http://", "http://x:0",
                          "http://x:99999", "http://x:1/y", "http://[::1"})
    EXPECT_TRUE(parse_endpoint(bad).has_error()) << bad;
}

TEST(Endpoint, TheVariableOfAServiceGoesBeforeTheOneOfAll) {
  const char* const environment[] = {"AWS_ENDPOINT_URL=http://all:1",
                                     "AWS_ENDPOINT_URL_STS=http://sts:2",
                                     "AWS_ENDPOINT_URL_IOT_DATA_PLANE=",
                                     "AWS_ENDPOINT_URLS=no",
                                     "PATH",
                                     nullptr};
  const auto endpoints = read_endpoints(environment);
  ASSERT_TRUE(endpoints.has_value()) << endpoints.error().message();
  EXPECT_EQ(endpoints->of(sts::service)->authority(), "sts:2");
  EXPECT_EQ(endpoints->of(iam::service)->authority(), "all:1");
  EXPECT_EQ(endpoints->of_service.size(), 1U);

  const char* const ignored[] = {environment[0], environment[1],
                                 "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", nullptr};
  EXPECT_EQ(read_endpoints(ignored)->of(sts::service), nullptr);

  const char* const wrong[] = {environment[0], "AWS_ENDPOINT_URL_S3=localhost:4566", nullptr};
  ASSERT_TRUE(read_endpoints(wrong).has_error());
  EXPECT_TRUE(read_endpoints(wrong).error().message().starts_with("AWS_ENDPOINT_URL_S3: "));
}

TEST(Endpoint, AServiceOfManyWordsHasUnderscoresInItsVariable) {
  const char* const environment[] = {"AWS_ENDPOINT_URL_IOT_DATA_PLANE=http://data:3", nullptr};
  const auto endpoints = read_endpoints(environment);
  EXPECT_EQ(endpoints->of(Service{.id = "IoT Data Plane"})->authority(), "data:3");
  EXPECT_EQ(endpoints->of(sts::service), nullptr);
}

TEST(Endpoint, OfThePublicCloud) {
  EXPECT_EQ(public_endpoint(sts::service, "eu-west-1").authority(), "sts.eu-west-1.amazonaws.com");
  EXPECT_EQ(public_endpoint(sts::service, "cn-north-1").authority(),
            "sts.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(public_endpoint(iam::service, "eu-west-1").authority(), "iam.amazonaws.com");
}

}  // namespace
}  // namespace cloudlet::wire
