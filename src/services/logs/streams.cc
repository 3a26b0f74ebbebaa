// Log streams: made, listed by name or by newest event, removed.
#include <algorithm>

#include "base/encoding.h"
#include "gen/logs/errors.h"
#include "services/logs/keys.h"
#include "services/logs/logs.h"
#include "services/logs/rules.h"

namespace cloudlet::logs {
namespace {

LogStream shown(const Scope& scope, const std::string& group, const StoredStream& stream) {
  LogStream out;
  out.log_stream_name = stream.name;
  out.creation_time = to_millis(stream.created);
  if (stream.first) out.first_event_timestamp = to_millis(*stream.first);
  if (stream.last) out.last_event_timestamp = to_millis(*stream.last);
  if (stream.ingested != Time{}) out.last_ingestion_time = to_millis(stream.ingested);
  // Always this one: PutLogEvents has not asked for it since 2023.
  out.upload_sequence_token = "49039859637185280131471465470838003427423312116229603570";
  out.arn = make_arn("logs", scope, "log-group:" + group + ":log-stream:" + stream.name);
  out.stored_bytes = 0;  // AWS stopped reporting it for streams in 2019
  return out;
}

// By the newest event, then by name; streams without events come first, as if from the beginning of
// time.
bool before(const StoredStream& a, const StoredStream& b) {
  const Time at_a = a.last.value_or(Time{}), at_b = b.last.value_or(Time{});
  return at_a != at_b ? at_a < at_b : a.name < b.name;
}

}  // namespace

Result<CreateLogStreamOutput> Service::create_log_stream(store::Txn& tx, const wire::Call& call,
                                                         const CreateLogStreamInput& in) {
  CHECK(check_stream_name(in.log_stream_name));
  if (!tx.exists(keys::group(call.scope, in.log_group_name))) return no_such_group();
  const store::Key key = keys::stream(call.scope, in.log_group_name, in.log_stream_name);
  if (tx.exists(key))
    return errors::resource_already_exists("The specified log stream already exists");
  tx.put(key, encode(StoredStream{.name = in.log_stream_name, .created = call.now}));
  return CreateLogStreamOutput{};
}

Result<DeleteLogStreamOutput> Service::delete_log_stream(store::Txn& tx, const wire::Call& call,
                                                         const DeleteLogStreamInput& in) {
  if (!tx.exists(keys::group(call.scope, in.log_group_name))) return no_such_group();
  const store::Key key = keys::stream(call.scope, in.log_group_name, in.log_stream_name);
  if (!tx.exists(key)) return no_such_stream();
  tx.erase(key);
  tx.erase(store::prefix(keys::events(call.scope, in.log_group_name, in.log_stream_name)));
  return DeleteLogStreamOutput{};
}

Task<Result<DescribeLogStreamsOutput>> Service::describe_log_streams(const wire::Call& call,
                                                                     DescribeLogStreamsInput in) {
  CO_TRY(const std::string group,
         group_name(call.scope, in.log_group_name, in.log_group_identifier));
  const bool by_time = in.order_by == OrderBy::last_event_time;
  if (by_time && in.log_stream_name_prefix)
    co_return errors::invalid_parameter(
        "Cannot order by LastEventTime with a logStreamNamePrefix.");
  co_await appender_.settled(call.scope);
  const auto tx = store_.snapshot();
  if (!tx->exists(keys::group(call.scope, group))) co_return no_such_group();
  std::vector<StoredStream> streams;
  const store::Range range =
      store::text_prefix(keys::streams(call.scope, group), in.log_stream_name_prefix.value_or(""));
  tx->scan(range, [&](std::string_view, std::string_view value) {
    streams.push_back(decode_stream(value));
    return true;
  });
  if (by_time) std::sort(streams.begin(), streams.end(), before);
  if (in.descending.value_or(false)) std::reverse(streams.begin(), streams.end());
  // The token is the name of the last stream of the page before.
  auto from = streams.begin();
  if (in.next_token) {
    from = std::find_if(streams.begin(), streams.end(),
                        [&](const StoredStream& s) { return s.name == *in.next_token; });
    if (from == streams.end())
      co_return errors::invalid_parameter("The specified nextToken is invalid.");
    ++from;
  }
  const auto limit = static_cast<std::ptrdiff_t>(in.limit.value_or(50));
  const auto to = streams.end() - from > limit ? from + limit : streams.end();
  DescribeLogStreamsOutput out;
  for (auto i = from; i != to; ++i) out.log_streams.push_back(shown(call.scope, group, *i));
  if (to != streams.end()) out.next_token = out.log_streams.back().log_stream_name;
  co_return out;
}

}  // namespace cloudlet::logs
