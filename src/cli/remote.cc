#include "cli/remote.h"

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "wire/http_caller.h"

namespace cloudlet::cli {
namespace {

const ErrorKind wrong_endpoint{.name = "Unreachable", .code = "Unreachable"};
const ErrorKind refused{.name = "Refused", .code = "Refused"};
constexpr std::size_t answer_max = 64u << 20;

std::string text_of(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::int64_t number_of(const boost::json::object& object, const char* name,
                       std::int64_t otherwise) {
  const auto* value = object.if_contains(name);
  return value && value->is_int64() ? value->as_int64() : otherwise;
}

}  // namespace

struct Remote::State {
  explicit State(RemoteOptions o)
      : options(std::move(o)), tasks(io.get_executor()), client(io.get_executor()) {
    auto parsed = wire::parse_endpoint(options.endpoint);
    if (parsed.has_error())
      problem = parsed.error().message();
    else
      endpoint = *parsed;
    if (options.ahead != Duration(0)) clock.advance(options.ahead);
    caller = std::make_unique<wire::HttpCaller>(
        client, clock,
        wire::CallerSettings{
            .endpoints = {.all = endpoint}, .region = options.region, .keys = options.keys});
  }

  RemoteOptions options;
  std::string problem;
  Clock clock;
  asio::io_context io{1};
  TaskGroup tasks;
  wire::HttpClient client;
  wire::HttpEndpoint endpoint;
  std::unique_ptr<wire::HttpCaller> caller;
};

Remote::Remote(RemoteOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Remote::~Remote() = default;

wire::Caller& Remote::caller() { return *state_->caller; }

void Remote::spawn(Task<> task) { state_->tasks.spawn("command", std::move(task)); }

void Remote::run_until(const bool& done) {
  state_->io.restart();
  while (!done && state_->io.run_one() > 0) {}
  assert_that(done, "a command's task ended without an answer");
}

Result<boost::json::value> Remote::get(const std::string& path) { return fetch("GET", path, {}); }

Result<boost::json::value> Remote::post(const std::string& path, const boost::json::value& body) {
  return fetch("POST", path, body.is_null() ? std::string() : boost::json::serialize(body));
}

Result<boost::json::value> Remote::fetch(std::string method, const std::string& path,
                                         std::string body) {
  if (!state_->problem.empty()) return Error(wrong_endpoint, state_->problem);
  const auto ask = [](State& state, std::string verb, std::string target,
                      std::string text) -> Task<Result<boost::json::value>> {
    wire::Request request{.method = std::move(verb), .target = std::move(target)};
    request.headers.add("Accept", "application/json");
    if (!text.empty()) request.headers.add("Content-Type", "application/json");
    request.body = wire::Body(std::move(text));
    request.headers.add("Host", state.endpoint.authority());
    if (!state.options.keys.access_key.empty())
      wire::sign(request, state.options.keys,
                 {.region = state.options.region, .service = "cloudlet"}, state.clock.now());
    CO_TRY(wire::Response response, co_await state.client.send(state.endpoint, std::move(request)));
    CO_TRY(const std::string answer, co_await response.body.read_all(answer_max));
    boost::system::error_code failed;
    boost::json::value value = boost::json::parse(answer, failed);
    if (failed) value = boost::json::value(answer);
    if (response.status >= 400) {
      const auto* object = value.if_object();
      const auto* message = object ? object->if_contains("message") : nullptr;
      co_return Error(refused, message && message->is_string()
                                   ? std::string(message->as_string())
                                   : "the server answered " + std::to_string(response.status));
    }
    co_return value;
  };
  return wait(ask(*state_, std::move(method), path, std::move(body)));
}

Result<ServerFacts> Remote::facts() {
  const auto answer = get("/_cloudlet/ready");
  if (answer.has_error() && unreachable(answer.error())) return answer.error();
  const auto* object = answer.has_error() ? nullptr : answer->if_object();
  if (!object || !object->contains("mqttPort"))
    return Error(wrong_endpoint, state_->options.endpoint + " is no cloudlet server");
  const std::int64_t here = to_millis(Clock().now());
  return ServerFacts{.verifies = text_of(*object, "auth") == "enforce",
                     .account = text_of(*object, "account"),
                     .region = text_of(*object, "region"),
                     .data = text_of(*object, "data"),
                     .mqtt_port = static_cast<int>(number_of(*object, "mqttPort", 1883)),
                     .mqtts_port = static_cast<int>(number_of(*object, "mqttsPort", 8883)),
                     .ahead = Duration(number_of(*object, "nowMs", here) - here)};
}

bool Remote::unreachable(const Error& error) {
  for (const ErrorKind* kind :
       {&wrong_endpoint, &wire::errors::connection_failed, &wire::errors::connection_broken,
        &wire::errors::connection_timeout})
    if (error.is(*kind)) return true;
  return false;
}

}  // namespace cloudlet::cli
