#include "services/logs/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gen/logs/errors.h"

namespace cloudlet::logs {
namespace {

constexpr std::size_t batch_bytes_max = 1'048'576;
constexpr std::size_t event_overhead_bytes = 26;
constexpr std::size_t event_bytes_max = 1'048'576;
constexpr std::size_t tags_max = 50;
constexpr std::array retention_days{1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                    365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

}  // namespace

Error no_such_group() {
  return errors::resource_not_found("The specified log group does not exist.");
}
Error no_such_stream() {
  return errors::resource_not_found("The specified log stream does not exist.");
}

Result<std::string> group_of_arn(const Scope& scope, const std::string& text) {
  const auto arn = Arn::parse(text);
  constexpr std::string_view head = "log-group:";
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(head))
    return errors::invalid_parameter("Invalid resource ARN: " + text);
  if (arn->account != scope.account || arn->region != scope.region)
    return errors::resource_not_found("The specified resource does not exist.");
  std::string name = arn->resource.substr(head.size());
  if (name.ends_with(":*")) name.resize(name.size() - 2);
  return name;
}

Result<std::string> group_name(const Scope& scope, const std::optional<std::string>& name,
                               const std::optional<std::string>& identifier) {
  if (name.has_value() == identifier.has_value())
    return errors::invalid_parameter(
        name ? "LogGroupName and LogGroupIdentifier cannot be specified together"
             : "Exactly one of LogGroupName or LogGroupIdentifier must be specified");
  if (name) return *name;
  if (identifier->starts_with("arn:")) return group_of_arn(scope, *identifier);
  return *identifier;
}

Result<void> check_stream_name(const std::string& name) {
  if (name.find_first_of(":*") != std::string::npos)
    return errors::invalid_parameter("1 validation error detected: Value '" + name +
                                     "' at 'logStreamName' failed to satisfy constraint: Member "
                                     "must satisfy regular expression pattern: [^:*]*");
  return {};
}

Result<void> check_retention(int days) {
  if (std::find(retention_days.begin(), retention_days.end(), days) != retention_days.end())
    return {};
  return errors::invalid_parameter(
      fmt::format("1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy "
                  "constraint: Member must "
                  "satisfy enum value set: [{}]",
                  days, fmt::join(retention_days, ", ")));
}

Result<void> check_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() > tags_max)
    return errors::too_many_tags("A resource can have no more than 50 tags.");
  for (const auto& [name, value] : tags)
    if (name.starts_with("aws:"))
      return errors::invalid_parameter("Tag keys that start with 'aws:' are reserved: " + name);
  return {};
}

Result<void> check_batch(const std::vector<NewEvent>& events) {
  std::size_t bytes = 0;
  for (const NewEvent& event : events) {
    bytes += event.message.size() + event_overhead_bytes;
    if (event.message.size() + event_overhead_bytes > event_bytes_max)
      return errors::invalid_parameter(
          fmt::format("Log event too large: {} bytes exceeds limit of {}",
                      event.message.size() + event_overhead_bytes, event_bytes_max));
  }
  if (bytes > batch_bytes_max)
    return errors::invalid_parameter(
        fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, batch_bytes_max));
  const auto earlier = [](const NewEvent& a, const NewEvent& b) { return a.at < b.at; };
  if (!std::is_sorted(events.begin(), events.end(), earlier))
    return errors::invalid_parameter(
        "Log events in a single PutLogEvents request must be in chronological order.");
  if (events.back().at - events.front().at > std::chrono::hours(24))
    return errors::invalid_parameter(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  return {};
}

}  // namespace cloudlet::logs
