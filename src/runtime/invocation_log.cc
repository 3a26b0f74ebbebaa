#include "runtime/invocation_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cloudlet::runtime {
namespace {

// The tail of an invocation, kept within twice its limit so that trimming is rare.
void add_tail(std::string& tail, std::string_view message) {
  if (message.size() > log_tail_bytes) message = message.substr(message.size() - log_tail_bytes);
  tail.append(message);
  if (tail.empty() || tail.back() != '\n') tail.push_back('\n');
  if (tail.size() > 2 * log_tail_bytes) tail.erase(0, tail.size() - log_tail_bytes);
}

// Where to cut: not inside a UTF-8 sequence.
std::size_t cut_at(std::string_view text, std::size_t limit) {
  std::size_t at = limit;
  while (at > limit - 4 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

std::string decimal(std::chrono::microseconds time) {
  return fmt::format("{:.2f}", static_cast<double>(time.count()) / 1000.0);
}

}  // namespace

void InvocationLog::event(std::string message) {
  add_tail(tail_, message);
  if (!stream_) return;
  const Time now = clock_.now();
  while (message.size() > log_event_bytes_max) {
    const std::size_t at = cut_at(message, log_event_bytes_max);
    stream_->append(now, message.substr(0, at));
    message.erase(0, at);
  }
  if (!message.empty()) stream_->append(now, std::move(message));
}

void InvocationLog::output(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) {
      if (line_.size() >= log_event_bytes_max) end_line();
      return;
    }
    line_.push_back('\n');
    event(std::exchange(line_, {}));
    bytes.remove_prefix(end + 1);
  }
}

void InvocationLog::end_line() {
  if (!line_.empty()) event(std::exchange(line_, {}));
}

void InvocationLog::start(const std::string& request_id, const std::string& version) {
  event("START RequestId: " + request_id + " Version: " + version + "\n");
}

void InvocationLog::report(const std::string& request_id, const Report& report) {
  const auto mebibytes = std::max<std::uint64_t>(1, (report.peak_bytes + (1 << 20) - 1) >> 20);
  const auto billed = (report.took.count() + report.init.count() + 999) / 1000;
  std::string line = fmt::format(
      "REPORT RequestId: {}\tDuration: {} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax "
      "Memory Used: {} MB\t",
      request_id, decimal(report.took), billed, report.memory_mb, mebibytes);
  if (report.init.count() > 0) line += "Init Duration: " + decimal(report.init) + " ms\t";
  if (!report.status.empty()) line += fmt::format("Status: {}\t", report.status);
  if (!report.error_type.empty()) line += fmt::format("Error Type: {}\t", report.error_type);
  event("END RequestId: " + request_id + "\n");
  event(line + "\n");
}

std::string InvocationLog::take_tail() {
  if (tail_.size() > log_tail_bytes) tail_.erase(0, tail_.size() - log_tail_bytes);
  return std::exchange(tail_, {});
}

}  // namespace cloudlet::runtime
