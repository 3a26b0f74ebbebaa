// Says how long after "sentMicros" in its event (microseconds since the epoch) it was entered: in its
// log, and as its answer.
#include <cloudlet/lambda.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace lambda = cloudlet::lambda;

int main() {
  return lambda::run([](const lambda::Event& event, const lambda::Context&) {
    const auto entered = std::chrono::duration_cast<std::chrono::microseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
    constexpr std::string_view name = "\"sentMicros\":";
    const auto at = event.payload.find(name);
    if (at == std::string::npos) return lambda::Response::success("{}");
    const long long sent = std::strtoll(event.payload.c_str() + at + name.size(), nullptr, 10);
    const std::string after = std::to_string(entered - sent);
    std::printf("entered after %s us\n", after.c_str());
    std::fflush(stdout);
    return lambda::Response::success("{\"afterMicros\":" + after + "}");
  });
}
