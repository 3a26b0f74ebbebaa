#include "wire/http_client.h"

#include <charconv>
#include <deque>
#include <utility>

#include "wire/http_client_connection.h"
#include "wire/tls.h"

namespace cloudlet::wire {
namespace errors {
const ErrorKind connection_failed{
    .name = "ConnectionFailed", .code = "ConnectionFailed", .status = 503, .fault = Fault::server};
const ErrorKind connection_broken{
    .name = "ConnectionBroken", .code = "ConnectionBroken", .status = 502, .fault = Fault::server};
const ErrorKind connection_timeout{.name = "ConnectionTimeout",
                                   .code = "ConnectionTimeout",
                                   .status = 504,
                                   .fault = Fault::server};
}  // namespace errors

namespace {

constexpr std::uint64_t whole_max = 64 * 1024;

bool bodiless(const Request& request, int status) {
  return request.method == "HEAD" || status == 204 || status == 304;
}

}  // namespace

struct HttpClient::State {
  asio::any_io_executor executor;
  HttpClientOptions options;
  std::deque<std::shared_ptr<ClientConnection>> idle;
  std::shared_ptr<asio::ssl::context> tls;  // made for the first https://

  std::shared_ptr<ClientConnection> take(const HttpEndpoint& to);
  void give_back(std::shared_ptr<ClientConnection> connection);
};

namespace {

// A response's body that streams; its connection goes back when it has ended.
class ClientBody : public BodySource {
 public:
  ClientBody(std::shared_ptr<ClientConnection> connection, std::weak_ptr<HttpClient::State> state)
      : connection_(std::move(connection)), state_(std::move(state)) {}

  Task<Result<std::string>> read() override {
    if (!connection_) co_return std::string();
    Result<std::string> piece = co_await connection_->read_body();
    if (piece.has_error()) {
      connection_.reset();
    } else if (connection_->body_done()) {
      if (const auto state = state_.lock()) state->give_back(std::move(connection_));
      connection_.reset();
    }
    co_return piece;
  }

 private:
  std::shared_ptr<ClientConnection> connection_;
  std::weak_ptr<HttpClient::State> state_;
};

}  // namespace

std::string HttpEndpoint::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

Result<HttpEndpoint> parse_endpoint(std::string_view url) {
  const auto refuse = [&](std::string_view why) {
    return invalid("'" + std::string(url) + "' is not an endpoint: " + std::string(why));
  };
  HttpEndpoint to;
  to.tls = url.starts_with("https://");
  if (to.tls) to.port = 443;
  if (!to.tls && !url.starts_with("http://"))
    return refuse("it must begin with http:// or https://");
  std::string_view rest = url.substr(to.tls ? 8 : 7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != std::string_view::npos)
    return refuse("only host and port may follow");
  std::size_t colon = rest.rfind(':');
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return refuse("an address lacks its ']'");
    to.host = rest.substr(1, end - 1);
    colon = end + 1 < rest.size() ? end + 1 : std::string_view::npos;
  } else {
    to.host = rest.substr(0, colon);
  }
  if (to.host.empty()) return refuse("it names no host");
  if (colon != std::string_view::npos) {
    const std::string_view digits = rest.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), to.port);
    if (error != std::errc() || end != digits.data() + digits.size() || to.port == 0)
      return refuse("its port is not a number from 1 to 65535");
  }
  return to;
}

std::shared_ptr<ClientConnection> HttpClient::State::take(const HttpEndpoint& to) {
  for (auto at = idle.begin(); at != idle.end();) {
    if (!((*at)->endpoint() == to)) {
      ++at;
      continue;
    }
    auto connection = std::move(*at);
    at = idle.erase(at);
    if (!connection->stale()) return connection;
  }
  return nullptr;
}

void HttpClient::State::give_back(std::shared_ptr<ClientConnection> connection) {
  if (!connection->reusable()) return;
  idle.push_front(std::move(connection));
  if (idle.size() > options.idle_max) idle.pop_back();
}

HttpClient::HttpClient(asio::any_io_executor executor, HttpClientOptions options)
    : state_(std::make_shared<State>(State{.executor = std::move(executor), .options = options})) {}

HttpClient::~HttpClient() = default;

Task<Result<Response>> HttpClient::send(const HttpEndpoint& to, Request request) {
  const std::shared_ptr<State> state = state_;
  std::shared_ptr<ClientConnection> connection = state->take(to);
  if (!connection) {
    if (to.tls && !state->tls) {
      CO_TRY(state->tls, client_tls(state->options.authorities));
    }
    connection =
        std::make_shared<ClientConnection>(state->executor, to, state->options, state->tls);
    CO_CHECK(co_await connection->connect());
  }
  // A server that refuses early answers while the body is still going out: its answer counts more
  // than the broken pipe.
  const Result<void> sent = co_await connection->send(request);
  Result<ResponseHead> head = co_await connection->receive_head();
  if (head.has_error()) co_return sent.has_error() ? sent.error() : head.error();
  const bool without = bodiless(request, head->status);
  connection->expect_body(*head, without);
  Response response{.status = head->status};
  if (connection->body_done()) {
    if (sent.has_value()) state->give_back(std::move(connection));
  } else if (head->framing.kind == Framing::Kind::length && head->framing.length <= whole_max) {
    std::string bytes;
    bytes.reserve(static_cast<std::size_t>(head->framing.length));
    while (!connection->body_done()) {
      CO_TRY(const std::string piece, co_await connection->read_body());
      bytes += piece;
    }
    if (sent.has_value()) state->give_back(std::move(connection));
    response.body = Body(std::move(bytes));
  } else {
    std::optional<std::uint64_t> size;
    if (head->framing.kind == Framing::Kind::length) size = head->framing.length;
    response.body = Body(std::make_unique<ClientBody>(std::move(connection), state), size);
  }
  response.headers = std::move(head->headers);
  co_return response;
}

}  // namespace cloudlet::wire
