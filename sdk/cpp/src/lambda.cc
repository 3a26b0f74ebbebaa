#include "cloudlet/lambda.h"

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

#include "channel.h"

namespace cloudlet::lambda {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string type_name(const std::exception& error) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : typeid(error).name();
}

Response call(const Handler& handler, const Work& work) {
  try {
    return handler(work.event, work.context);
  } catch (const std::exception& error) {
    return Response::failure(type_name(error), error.what());
  }
}

std::unique_ptr<Channel> find_channel() {
  const std::string descriptor = variable("CLOUDLET_CONTROL_FD");
  if (!descriptor.empty()) return frame_channel(std::atoi(descriptor.c_str()));
  const std::string address = variable("AWS_LAMBDA_RUNTIME_API");
  if (!address.empty()) return http_channel(address);
  return nullptr;
}

}  // namespace

Response Response::success(std::string payload) { return {true, std::move(payload), {}}; }

Response Response::failure(std::string type, std::string message) {
  std::string body = "{\"errorMessage\":" + json_text(message) +
                     ",\"errorType\":" + json_text(type) + ",\"stackTrace\":[]}";
  return {false, std::move(body), std::move(type)};
}

std::chrono::milliseconds Context::remaining_time() const {
  return std::max(std::chrono::milliseconds(0),
                  std::chrono::duration_cast<std::chrono::milliseconds>(
                      deadline - std::chrono::system_clock::now()));
}

int run(const Handler& handler) {
  const std::unique_ptr<Channel> channel = find_channel();
  if (!channel) {
    std::fputs(
        "neither CLOUDLET_CONTROL_FD nor AWS_LAMBDA_RUNTIME_API is set: this is a function for AWS "
        "Lambda's API\n",
        stderr);
    return 2;
  }
  // Lines leave when they are written: a crash loses none.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  Work work;
  work.context.function_name = variable("AWS_LAMBDA_FUNCTION_NAME");
  work.context.function_version = variable("AWS_LAMBDA_FUNCTION_VERSION");
  work.context.memory_limit_in_mb = variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
  work.context.log_group_name = variable("AWS_LAMBDA_LOG_GROUP_NAME");
  work.context.log_stream_name = variable("AWS_LAMBDA_LOG_STREAM_NAME");
  while (channel->next(work)) {
    if (work.context.trace_id.empty())
      ::unsetenv("_X_AMZN_TRACE_ID");
    else
      ::setenv("_X_AMZN_TRACE_ID", work.context.trace_id.c_str(), 1);
    const Response response = call(handler, work);
    std::fflush(stdout);
    if (!channel->answer(work.context.request_id, response)) return 1;
  }
  return 0;
}

}  // namespace cloudlet::lambda
