// FilterLogEvents: the events of many streams in order of time, those that match a pattern.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <queue>

#include "base/digest.h"
#include "gen/logs/errors.h"
#include "services/logs/keys.h"
#include "services/logs/logs.h"
#include "services/logs/pattern.h"
#include "services/logs/rules.h"

namespace cloudlet::logs {
namespace {

constexpr std::size_t page_events_max = 10'000;
constexpr std::size_t page_bytes_max = 1'048'576;
constexpr std::size_t searched_events_max =
    200'000;  // a page may be short, or empty with a token, as AWS's may
constexpr std::size_t batch_events = 256;

// Reads one stream's events a batch at a time.
class Cursor {
 public:
  Cursor(const store::ReadTxn& tx, std::string stream, store::Range range)
      : tx_(tx), stream_(std::move(stream)), range_(std::move(range)) {
    fill();
  }
  bool done() const { return at_ == batch_.size(); }
  const StoredEvent& now() const { return batch_[at_]; }
  const std::string& stream() const { return stream_; }
  void next() {
    if (++at_ == batch_.size() && more_) fill();
  }

 private:
  void fill() {
    batch_.clear();
    at_ = 0;
    more_ = false;
    if (range_.from >= range_.to) return;
    tx_.scan(range_, [&](std::string_view key, std::string_view value) {
      if (batch_.size() == batch_events) {
        range_.from = std::string(key);
        more_ = true;
        return false;
      }
      batch_.push_back(decode_event(key, value));
      return true;
    });
  }

  const store::ReadTxn& tx_;
  std::string stream_;
  store::Range range_;
  std::vector<StoredEvent> batch_;
  std::size_t at_ = 0;
  bool more_ = false;
};

// Where a page ended: time, order and stream of the last event that was looked at.
struct Place {
  Time at;
  std::uint64_t sequence = 0;
  std::string stream;
};

std::string token(const Place& place) {
  return fmt::format("{}/{}/{}", to_millis(place.at), place.sequence, place.stream);
}

std::optional<Place> parse_token(const std::string& text) {
  const std::size_t first = text.find('/'), second = text.find('/', first + 1);
  if (second == std::string::npos) return std::nullopt;
  std::int64_t at = 0;
  Place place;
  const char* end = text.data() + first;
  if (std::from_chars(text.data(), end, at).ptr != end) return std::nullopt;
  if (std::from_chars(end + 1, text.data() + second, place.sequence).ptr != text.data() + second)
    return std::nullopt;
  place.at = from_millis(at);
  place.stream = text.substr(second + 1);
  return place;
}

bool later(const Cursor* a, const Cursor* b) {
  if (a->now().at != b->now().at) return a->now().at > b->now().at;
  return a->stream() > b->stream();
}

// The range of a stream's events that this page may show.
store::Range range_of(const Scope& scope, const std::string& group, const std::string& stream,
                      const FilterLogEventsInput& in, const std::optional<Place>& after) {
  store::Range range = store::prefix(keys::events(scope, group, stream));
  const auto bound = [&](Time at, std::uint64_t sequence) {
    return keys::event(scope, group, stream, std::max(at, Time{}), sequence).bytes();
  };
  if (in.start_time) range.from = std::max(range.from, bound(from_millis(*in.start_time), 0));
  if (in.end_time) range.to = std::min(range.to, bound(from_millis(*in.end_time + 1), 0));
  if (after) {
    // Of streams that sort before the last one, everything at its moment has been seen; of those
    // behind it, nothing.
    std::string seen = bound(after->at, 0);
    if (stream == after->stream)
      seen = bound(after->at, after->sequence + 1);
    else if (stream < after->stream)
      seen = bound(after->at + Duration(1), 0);
    range.from = std::max(range.from, seen);
  }
  return range;
}

std::vector<std::string> streams_of(const store::ReadTxn& tx, const Scope& scope,
                                    const std::string& group, const FilterLogEventsInput& in) {
  if (!in.log_stream_names.empty()) return in.log_stream_names;
  std::vector<std::string> names;
  const store::Range range =
      store::text_prefix(keys::streams(scope, group), in.log_stream_name_prefix.value_or(""));
  tx.scan(range, [&](std::string_view, std::string_view value) {
    const StoredStream stream = decode_stream(value);
    // Streams whose newest event is older than the window need not be opened.
    const bool past = in.start_time && stream.last && to_millis(*stream.last) < *in.start_time;
    if (stream.last && !past) names.push_back(stream.name);
    return true;
  });
  return names;
}

// 56 digits, as AWS's, no two alike in a group: clients that follow a log drop what they have seen.
std::string event_id(const StoredEvent& event, const std::string& stream) {
  std::uint64_t of_stream = 0;
  for (const char c : sha256(stream).substr(0, 8))
    of_stream = of_stream << 8 | static_cast<unsigned char>(c);
  return fmt::format("{:020}{:020}{:016}", to_millis(event.at), of_stream, event.sequence);
}

FilteredLogEvent shown(const StoredEvent& event, const std::string& stream) {
  return {.event_id = event_id(event, stream),
          .ingestion_time = to_millis(event.ingested),
          .log_stream_name = stream,
          .message = event.message,
          .timestamp = to_millis(event.at)};
}

FilterLogEventsOutput page(std::vector<std::unique_ptr<Cursor>>& cursors, const Pattern& pattern,
                           std::size_t limit) {
  std::priority_queue<Cursor*, std::vector<Cursor*>, decltype(&later)> heads(&later);
  for (const auto& cursor : cursors)
    if (!cursor->done()) heads.push(cursor.get());
  FilterLogEventsOutput out;
  std::size_t searched = 0, bytes = 0;
  while (!heads.empty()) {
    Cursor* head = heads.top();
    heads.pop();
    const Place place{
        .at = head->now().at, .sequence = head->now().sequence, .stream = head->stream()};
    if (pattern.matches(head->now().message)) {
      bytes += head->now().message.size() + 26;
      out.events.push_back(shown(head->now(), head->stream()));
    }
    head->next();
    if (!head->done()) heads.push(head);
    const bool full =
        out.events.size() >= limit || bytes >= page_bytes_max || ++searched >= searched_events_max;
    if (full && !heads.empty()) {
      out.next_token = token(place);
      break;
    }
  }
  return out;
}

}  // namespace

Task<Result<FilterLogEventsOutput>> Service::filter_log_events(const wire::Call& call,
                                                               FilterLogEventsInput in) {
  CO_TRY(const std::string group,
         group_name(call.scope, in.log_group_name, in.log_group_identifier));
  if (!in.log_stream_names.empty() && in.log_stream_name_prefix)
    co_return errors::invalid_parameter(
        "logStreamNames and logStreamNamePrefix are mutually exclusive.");
  CO_TRY(const Pattern pattern, Pattern::compile(in.filter_pattern.value_or("")));
  std::optional<Place> after;
  if (in.next_token) {
    after = parse_token(*in.next_token);
    if (!after) co_return errors::invalid_parameter("The specified nextToken is invalid.");
  }
  co_await appender_.settled(call.scope);
  const auto tx = store_.snapshot();
  if (!tx->exists(keys::group(call.scope, group))) co_return no_such_group();
  std::vector<std::unique_ptr<Cursor>> cursors;
  for (const std::string& stream : streams_of(*tx, call.scope, group, in)) {
    if (!tx->exists(keys::stream(call.scope, group, stream))) co_return no_such_stream();
    cursors.push_back(
        std::make_unique<Cursor>(*tx, stream, range_of(call.scope, group, stream, in, after)));
  }
  co_return page(cursors, pattern, static_cast<std::size_t>(in.limit.value_or(page_events_max)));
}

}  // namespace cloudlet::logs
