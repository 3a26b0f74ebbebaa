#include "cloudlet/clients.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "wire/http_caller.h"

namespace cloudlet::lambda {
namespace {

std::string variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

wire::CallerSettings settings() {
  wire::CallerSettings settings;
  auto endpoint = wire::parse_endpoint(variable("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"));
  if (endpoint.has_value()) settings.endpoint = *endpoint;
  settings.region = variable("AWS_REGION", "us-east-1");
  settings.keys = {.access_key = variable("AWS_ACCESS_KEY_ID"),
                   .secret = variable("AWS_SECRET_ACCESS_KEY"),
                   .session_token = variable("AWS_SESSION_TOKEN")};
  settings.trace_header = variable("_X_AMZN_TRACE_ID");
  return settings;
}

}  // namespace

struct Cloud::State {
  Clock clock;
  asio::io_context io{1};
  TaskGroup tasks{io.get_executor()};
  wire::HttpClient client{io.get_executor()};
  std::unique_ptr<wire::HttpCaller> caller =
      std::make_unique<wire::HttpCaller>(client, clock, settings());
};

Cloud::Cloud() : state_(std::make_unique<State>()) {}
Cloud::~Cloud() = default;

wire::Caller& Cloud::caller() { return *state_->caller; }

void Cloud::trace(const std::string& trace_id) { state_->caller->trace(trace_id); }

void Cloud::run(Task<> task) {
  bool done = false;
  const auto note = [](Task<> inner, bool& over) -> Task<> {
    co_await std::move(inner);
    over = true;
  };
  state_->io.restart();
  state_->tasks.spawn("call", note(std::move(task), done));
  while (!done && state_->io.run_one() > 0) {}
}

}  // namespace cloudlet::lambda
