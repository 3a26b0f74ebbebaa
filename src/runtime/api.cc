#include "runtime/api.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <vector>

namespace cloudlet::runtime {
namespace {

namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::string_view api_root = "/2018-06-01/runtime/";
constexpr std::size_t request_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t connections_max = 64;  // of one instance
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

Response reply(http::status status, std::string body, const Request& request) {
  Response response(status, 11);
  response.set(http::field::content_type, "application/json");
  response.keep_alive(request.keep_alive());
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

Response refuse(http::status status, std::string_view type, std::string_view message,
                const Request& request) {
  return reply(status,
               R"({"errorMessage":")" + std::string(message) + R"(","errorType":")" +
                   std::string(type) + "\"}",
               request);
}

Response accepted(const Request& request) {
  return reply(http::status::accepted, R"({"status":"OK"})", request);
}

// Waits until the pool hands this instance an event; nothing if the client leaves meanwhile.
Task<std::optional<Instance::Next>> next_event(std::shared_ptr<Instance> instance,
                                               std::shared_ptr<tcp::socket> socket) {
  const auto start = [instance, socket](auto handler) {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto executor = instance->executor();
    const std::uint64_t ticket =
        instance->api_next([waiting, executor](std::optional<Instance::Next> next) {
          asio::post(executor, [waiting, next = std::move(next)]() mutable {
            std::move (*waiting)(std::move(next));
          });
        });
    socket->async_wait(tcp::socket::wait_read, [instance, socket, ticket](auto failed) {
      char next_byte = 0;
      if (!failed && ::recv(socket->native_handle(), &next_byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
        instance->api_left(ticket);
    });
  };
  using Signature = void(std::optional<Instance::Next>);
  auto next = co_await asio::async_initiate<decltype(asio::use_awaitable), Signature>(
      start, asio::use_awaitable);
  boost::system::error_code ignored;
  socket->cancel(ignored);
  co_return next;
}

Response event_response(const Instance::Next& next, const Instance& instance,
                        const Request& request) {
  Response response = reply(http::status::ok, next.invocation->payload, request);
  response.set("Lambda-Runtime-Aws-Request-Id", next.invocation->request_id);
  response.set("Lambda-Runtime-Deadline-Ms", std::to_string(next.deadline_ms));
  response.set("Lambda-Runtime-Invoked-Function-Arn", instance.function().arn);
  const std::string trace = next.invocation->cause.header();
  if (!trace.empty()) response.set("Lambda-Runtime-Trace-Id", trace);
  if (!next.invocation->client_context.empty())
    response.set("Lambda-Runtime-Client-Context", next.invocation->client_context);
  if (!next.invocation->identity.empty())
    response.set("Lambda-Runtime-Cognito-Identity", next.invocation->identity);
  return response;
}

// What the function's runtime reports: /invocation/<id>/response, /invocation/<id>/error,
// /init/error.
Response take_report(Instance& instance, std::string_view path, Request& request) {
  const std::string type(request["Lambda-Runtime-Function-Error-Type"]);
  if (path == "init/error") {
    instance.api_init_error(std::move(request.body()), type);
    return accepted(request);
  }
  constexpr std::string_view head = "invocation/";
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with(head) || slash < head.size())
    return refuse(http::status::not_found, "NotFound", "no such path", request);
  const std::string_view id = path.substr(head.size(), slash - head.size()),
                         what = path.substr(slash + 1);
  if (request.body().size() > response_bytes_max) {
    instance.api_response_too_large();
    return refuse(http::status::payload_too_large, "RequestEntityTooLarge",
                  "Exceeded maximum allowed payload size (6291556 bytes).", request);
  }
  bool known = false;
  if (what == "response")
    known = instance.api_response(id, std::move(request.body()));
  else if (what == "error")
    known = instance.api_error(id, std::move(request.body()), type);
  else
    return refuse(http::status::not_found, "NotFound", "no such path", request);
  if (!known)
    return refuse(http::status::bad_request, "InvalidRequestID", "Invalid request ID", request);
  return accepted(request);
}

Task<> serve_connection(std::shared_ptr<Instance> instance, std::shared_ptr<tcp::socket> socket) {
  boost::beast::flat_buffer buffer;
  for (;;) {
    http::request_parser<http::string_body> parser;
    // What is too large is read all the same, so that the function hears of it; but not for ever.
    parser.body_limit(request_bytes_max);
    parser.header_limit(64 * 1024);
    const auto [failed, size] = co_await http::async_read(*socket, buffer, parser, as_values);
    if (failed == http::error::body_limit) instance->api_response_too_large();
    if (failed) co_return;
    Request request = parser.release();
    std::string_view path(request.target().data(), request.target().size());
    std::optional<Response> response;
    if (!path.starts_with(api_root)) {
      response = refuse(http::status::not_found, "NotFound", "no such path", request);
    } else if (path.remove_prefix(api_root.size());
               path == "invocation/next" && request.method() == http::verb::get) {
      const std::optional<Instance::Next> next = co_await next_event(instance, socket);
      if (!next) co_return;
      response = event_response(*next, *instance, request);
    } else if (request.method() == http::verb::post) {
      response = take_report(*instance, path, request);
    } else {
      response =
          refuse(http::status::method_not_allowed, "MethodNotAllowed", "no such method", request);
    }
    const auto [broken, written] = co_await http::async_write(*socket, *response, as_values);
    if (broken || !request.keep_alive()) co_return;
  }
}

}  // namespace

Task<> serve_runtime_api(std::shared_ptr<Instance> instance, Fd listener, ApiPeers peers,
                         TaskGroup& tasks) {
  const auto acceptor =
      std::make_shared<tcp::acceptor>(instance->executor(), tcp::v4(), listener.release());
  instance->when_api_closes([acceptor] { acceptor->close(); });
  std::vector<std::weak_ptr<tcp::socket>> open;
  for (;;) {
    auto [failed, accepted] = co_await acceptor->async_accept(as_values);
    if (failed) co_return;
    std::erase_if(open, [](const auto& socket) { return socket.expired(); });
    if (open.size() >= connections_max || !peers.admits(accepted)) continue;
    boost::system::error_code ignored;
    accepted.set_option(tcp::no_delay(true), ignored);
    const auto socket = std::make_shared<tcp::socket>(std::move(accepted));
    open.push_back(socket);
    tasks.spawn(instance->executor(), "runtime api", serve_connection(instance, socket));
  }
}

}  // namespace cloudlet::runtime
