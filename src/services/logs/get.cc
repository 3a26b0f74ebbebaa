// GetLogEvents: a window of one stream, with tokens that go on in both directions for ever.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "gen/logs/errors.h"
#include "services/logs/keys.h"
#include "services/logs/logs.h"
#include "services/logs/rules.h"

namespace cloudlet::logs {
namespace {

constexpr std::size_t page_events_max = 10'000;
constexpr std::size_t page_bytes_max = 1'048'576;

// A place between events: "f/" (what comes after) or "b/" (what comes before), 28 digits of time,
// 28 of order.
struct Position {
  bool forward = true;
  Time at;
  std::uint64_t sequence = 0;
};

std::string token(const Position& place) {
  return fmt::format("{}/{:028}{:028}/s", place.forward ? 'f' : 'b', to_millis(place.at),
                     place.sequence);
}

std::optional<Position> parse_token(const std::string& text) {
  if (text.size() != 60 || (text[0] != 'f' && text[0] != 'b') || text[1] != '/' ||
      !text.ends_with("/s"))
    return std::nullopt;
  Position place{.forward = text[0] == 'f'};
  std::uint64_t at = 0;
  const char* digits = text.data() + 2;
  const auto first = std::from_chars(digits, digits + 28, at);
  const auto second = std::from_chars(digits + 28, digits + 56, place.sequence);
  if (first.ec != std::errc() || first.ptr != digits + 28) return std::nullopt;
  if (second.ec != std::errc() || second.ptr != digits + 56) return std::nullopt;
  place.at = from_millis(static_cast<std::int64_t>(at));
  return place;
}

struct Window {
  store::Range range;
  store::Direction direction = store::Direction::forward;
  std::optional<Position> from;
};

Result<Window> window_of(const Scope& scope, const std::string& group,
                         const GetLogEventsInput& in) {
  Window window{.range = store::prefix(keys::events(scope, group, in.log_stream_name))};
  const auto bound = [&](std::int64_t millis, std::uint64_t sequence) {
    return keys::event(scope, group, in.log_stream_name,
                       from_millis(std::max<std::int64_t>(millis, 0)), sequence)
        .bytes();
  };
  if (in.start_time) window.range.from = std::max(window.range.from, bound(*in.start_time, 0));
  if (in.end_time) window.range.to = std::min(window.range.to, bound(*in.end_time, 0));
  if (!in.start_from_head.value_or(false)) window.direction = store::Direction::backward;
  if (!in.next_token) return window;
  window.from = parse_token(*in.next_token);
  if (!window.from) return errors::invalid_parameter("The specified nextToken is invalid.");
  if (window.from->forward) {
    window.direction = store::Direction::forward;
    window.range.from =
        std::max(window.range.from, bound(to_millis(window.from->at), window.from->sequence + 1));
  } else {
    window.direction = store::Direction::backward;
    window.range.to =
        std::min(window.range.to, bound(to_millis(window.from->at), window.from->sequence));
  }
  return window;
}

}  // namespace

Task<Result<GetLogEventsOutput>> Service::get_log_events(const wire::Call& call,
                                                         GetLogEventsInput in) {
  CO_TRY(const std::string group,
         group_name(call.scope, in.log_group_name, in.log_group_identifier));
  CO_TRY(const Window window, window_of(call.scope, group, in));
  co_await appender_.settled(call.scope);
  const auto tx = store_.snapshot();
  if (!tx->exists(keys::group(call.scope, group))) co_return no_such_group();
  if (!tx->exists(keys::stream(call.scope, group, in.log_stream_name))) co_return no_such_stream();
  const auto limit = static_cast<std::size_t>(in.limit.value_or(page_events_max));
  std::vector<StoredEvent> found;
  std::size_t bytes = 0;
  if (window.range.from < window.range.to) {
    const auto collect = [&](std::string_view key, std::string_view value) {
      found.push_back(decode_event(key, value));
      bytes += found.back().message.size() + 26;
      return found.size() < limit && bytes < page_bytes_max;
    };
    tx->scan(window.range, collect, window.direction);
  }
  if (window.direction == store::Direction::backward) std::reverse(found.begin(), found.end());
  GetLogEventsOutput out;
  // At an end the token that came is the token that goes: nothing new beyond it yet.
  Position before{.forward = false}, after{.forward = true};
  if (!found.empty()) {
    before.at = found.front().at, before.sequence = found.front().sequence;
    after.at = found.back().at, after.sequence = found.back().sequence;
  } else if (window.from) {
    before.at = after.at = window.from->at;
    before.sequence = after.sequence = window.from->sequence;
  } else if (in.start_time) {
    before.at = after.at = from_millis(std::max<std::int64_t>(*in.start_time, 0));
  }
  for (StoredEvent& event : found)
    out.events.push_back({.ingestion_time = to_millis(event.ingested),
                          .message = std::move(event.message),
                          .timestamp = to_millis(event.at)});
  out.next_backward_token = token(before);
  out.next_forward_token = token(after);
  co_return out;
}

}  // namespace cloudlet::logs
