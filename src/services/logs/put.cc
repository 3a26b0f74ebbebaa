// PutLogEvents: a batch in one transaction; what is too old or too new is named in the answer, not
// refused.
#include <fmt/format.h>

#include "gen/logs/errors.h"
#include "services/logs/logs.h"
#include "services/logs/rules.h"

namespace cloudlet::logs {
namespace {

constexpr Duration too_new = std::chrono::hours(2);
constexpr Duration too_old = std::chrono::days(14);

struct Accepted {
  std::size_t from = 0, to = 0;
  std::optional<RejectedLogEventsInfo> rejected;
};

// The batch is in order of time: what is refused is at its ends.
Accepted accept(const std::vector<NewEvent>& events, const StoredGroup& group, Time now) {
  Accepted accepted{.to = events.size()};
  RejectedLogEventsInfo rejected;
  const auto count_before = [&](Time bound) {
    std::size_t count = 0;
    while (count < events.size() && events[count].at < bound) ++count;
    return count;
  };
  const std::size_t old = count_before(now - too_old);
  const std::size_t expired =
      group.retention_days > 0 ? count_before(now - std::chrono::days(group.retention_days)) : 0;
  const std::size_t fresh = count_before(now + too_new + Duration(1));
  if (old > 0) rejected.too_old_log_event_end_index = static_cast<std::int32_t>(old);
  if (expired > 0) rejected.expired_log_event_end_index = static_cast<std::int32_t>(expired);
  if (fresh < events.size())
    rejected.too_new_log_event_start_index = static_cast<std::int32_t>(fresh);
  accepted.from = std::max(old, expired);
  accepted.to = std::max(accepted.from, fresh);
  if (accepted.from > 0 || accepted.to < events.size()) accepted.rejected = rejected;
  return accepted;
}

}  // namespace

Result<PutLogEventsOutput> Service::put_log_events(store::Txn& tx, const wire::Call& call,
                                                   const PutLogEventsInput& in) {
  std::vector<NewEvent> events;
  events.reserve(in.log_events.size());
  for (const InputLogEvent& event : in.log_events)
    events.push_back({.at = from_millis(event.timestamp), .message = event.message});
  CHECK(check_batch(events));
  auto group = find_group(tx, call.scope, in.log_group_name);
  if (!group) return no_such_group();
  auto stream = find_stream(tx, call.scope, in.log_group_name, in.log_stream_name);
  if (!stream) return no_such_stream();
  Accepted accepted = accept(events, *group, call.now);
  events.erase(events.begin() + static_cast<std::ptrdiff_t>(accepted.to), events.end());
  events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(accepted.from));
  if (!events.empty()) append_events(tx, call.scope, *group, *stream, events, call.now);
  PutLogEventsOutput out;
  out.next_sequence_token = fmt::format("{:056}", stream->sequence);
  out.rejected_log_events_info = std::move(accepted.rejected);
  return out;
}

}  // namespace cloudlet::logs
