// What an instance's log shows of an invocation: START, the function's own lines, END and REPORT,
// as AWS prints them.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "runtime/function.h"

namespace cloudlet::runtime {

inline constexpr std::size_t log_tail_bytes = 4096;  // LogType Tail
inline constexpr std::size_t log_event_bytes_max =
    262'118;  // CloudWatch Logs: 256 KiB less 26 bytes of overhead

class InvocationLog {
 public:
  InvocationLog(Clock& clock, std::shared_ptr<LogStream> stream)
      : clock_(clock), stream_(std::move(stream)) {}

  void event(std::string message);      // one event, split only if it is too long
  void output(std::string_view bytes);  // raw output: an event a line
  void end_line();                      // what was written without a newline is an event now

  void start(const std::string& request_id, const std::string& version);
  struct Report {
    std::chrono::microseconds took{0};
    std::chrono::microseconds init{0};  // 0: not a cold start
    int memory_mb = 0;
    std::uint64_t peak_bytes = 0;
    std::string_view status;  // "timeout", "error" or empty
    std::string_view error_type;
  };
  void report(const std::string& request_id, const Report& report);
  std::string take_tail();

  bool congested() const { return stream_ && stream_->congested(); }
  LogStream* stream() const { return stream_.get(); }

 private:
  Clock& clock_;
  std::shared_ptr<LogStream> stream_;
  std::string line_;
  std::string tail_;
};

}  // namespace cloudlet::runtime
