// Typed clients inside a function: the generated `Client` of each service, over HTTP, with the
// function's own keys.
//
//   #include <cloudlet/clients.h>
//   #include <gen/sns/api.h>
//   cloudlet::lambda::Cloud cloud;
//   cloudlet::sns::Client topics(cloud.caller());
//   auto sent = cloud.wait(topics.publish({.message = "dry", .topic_arn = arn}));
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/task.h"
#include "wire/caller.h"

namespace cloudlet::lambda {

// Reads AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. cloudlet sets the second; without it (AWS Lambda)
// each service is called at its public endpoint over https, checked against the system's
// certificate authorities. Keeps its connections: make one, outside of the handler. Not
// thread-safe.
class Cloud {
 public:
  Cloud();
  ~Cloud();

  wire::Caller& caller();
  // So that what the next calls set off stays one chain with the event: Context::trace_id.
  void trace(const std::string& trace_id);

  // Runs a call to its end.
  template <class T>
  T wait(Task<T> call) {
    std::optional<T> answer;
    run(keep(std::move(call), answer));
    return std::move(*answer);
  }

 private:
  struct State;
  void run(Task<> task);
  template <class T>
  static Task<> keep(Task<T> call, std::optional<T>& answer) {
    answer.emplace(co_await std::move(call));
  }
  std::unique_ptr<State> state_;
};

}  // namespace cloudlet::lambda
