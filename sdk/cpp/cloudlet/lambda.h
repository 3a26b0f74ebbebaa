// A function in C++: hand `run` a handler and it serves invocations until the instance ends.
//
//   #include <cloudlet/lambda.h>
//   int main() {
//     return cloudlet::lambda::run([](const cloudlet::lambda::Event& event, const
//     cloudlet::lambda::Context& context) {
//       return cloudlet::lambda::Response::success("{\"seen\":" + event.payload + "}");
//     });
//   }
//
// On cloudlet it speaks frames over an inherited socket; elsewhere (AWS Lambda) the Runtime API
// over HTTP. The same binary runs on both. This header needs nothing but the standard library.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace cloudlet::lambda {

// What the function was invoked with: JSON, as the caller sent it.
struct Event {
  std::string payload;
};

struct Context {
  std::string request_id;
  std::string invoked_function_arn;
  std::string trace_id;        // X-Amzn-Trace-Id; also in the environment as _X_AMZN_TRACE_ID
  std::string client_context;  // JSON or empty
  std::string identity;        // Cognito identity as JSON, or empty
  std::chrono::system_clock::time_point deadline;

  // From the environment of the instance.
  std::string function_name;
  std::string function_version;
  std::string memory_limit_in_mb;
  std::string log_group_name;
  std::string log_stream_name;

  std::chrono::milliseconds remaining_time() const;
};

// What the handler answers: JSON, or an error with a type and a message.
class Response {
 public:
  static Response success(std::string payload);
  static Response failure(std::string type, std::string message);

  bool ok() const { return ok_; }
  const std::string& payload() const { return payload_; }  // for failures the error document
  const std::string& error_type() const { return error_type_; }

 private:
  Response(bool ok, std::string payload, std::string type)
      : ok_(ok), payload_(std::move(payload)), error_type_(std::move(type)) {}
  bool ok_;
  std::string payload_;
  std::string error_type_;
};

using Handler = std::function<Response(const Event&, const Context&)>;

// Serves until the instance ends; the exit code of main. What the handler throws (std::exception)
// is answered as an error of the exception's type.
int run(const Handler& handler);

}  // namespace cloudlet::lambda
