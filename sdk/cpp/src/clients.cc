#include "cloudlet/clients.h"

#include <unistd.h>

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

// Every call answers why none can be made.
class Refusal : public wire::Caller {
 public:
  explicit Refusal(Error why) : why_(std::move(why)) {}
  Task<Result<void>> call(const wire::Service&, const wire::Operation&, void*, void*) override {
    co_return why_;
  }

 private:
  Error why_;
};

Result<wire::CallerSettings> settings() {
  wire::CallerSettings settings;
  TRY(settings.endpoints, wire::read_endpoints(environ));
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
  std::optional<wire::HttpCaller> caller;
  std::optional<Refusal> refusal;
};

Cloud::Cloud() : state_(std::make_unique<State>()) {
  auto found = settings();
  if (found.has_value())
    state_->caller.emplace(state_->client, state_->clock, std::move(*found));
  else
    state_->refusal.emplace(found.error());
}
Cloud::~Cloud() = default;

wire::Caller& Cloud::caller() {
  if (state_->refusal) return *state_->refusal;
  return *state_->caller;
}

void Cloud::trace(const std::string& trace_id) {
  if (state_->caller) state_->caller->trace(trace_id);
}

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
