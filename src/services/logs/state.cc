#include "services/logs/state.h"

#include <algorithm>

#include "base/result.h"
#include "services/logs/keys.h"
#include "services/logs/retention.h"
#include "store/record.h"

namespace cloudlet::logs {

using store::RecordReader;
using store::RecordWriter;

namespace {

constexpr std::uint64_t event_overhead_bytes = 26;

std::string encode_tag(const std::string& name, const std::string& value) {
  RecordWriter w;
  w.text(1, name).text(2, value);
  return w.take();
}

}  // namespace

std::string StoredGroup::arn(const Scope& scope) const {
  return make_arn("logs", scope, "log-group:" + name);
}

std::string encode(const StoredGroup& group) {
  assert_that(!group.name.empty(), "a log group has a name");
  RecordWriter w;
  w.text(1, group.name)
      .time(2, group.created)
      .number(3, static_cast<std::uint64_t>(group.retention_days));
  w.number(4, group.timer).number(5, group.bytes).flag(6, group.infrequent).flag(7, group.protect);
  w.time(9, group.wakes);
  for (const auto& [name, value] : group.tags) w.element(8, encode_tag(name, value));
  return w.take();
}

StoredGroup decode_group(std::string_view bytes) {
  StoredGroup group;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: group.name = r.text(); break;
      case 2: group.created = r.time(); break;
      case 3: group.retention_days = static_cast<int>(r.number()); break;
      case 4: group.timer = r.number(); break;
      case 5: group.bytes = r.number(); break;
      case 6: group.infrequent = r.flag(); break;
      case 7: group.protect = r.flag(); break;
      case 9: group.wakes = r.time(); break;
      case 8: {
        std::string name, value;
        for (RecordReader tag(r.view()); tag.next();)
          (tag.field() == 1 ? name : value) = tag.text();
        group.tags[name] = value;
        break;
      }
    }
  }
  assert_that(!group.name.empty(), "a stored log group has a name");
  return group;
}

std::string encode(const StoredStream& stream) {
  assert_that(!stream.name.empty(), "a log stream has a name");
  RecordWriter w;
  w.text(1, stream.name)
      .time(2, stream.created)
      .time(5, stream.ingested)
      .number(6, stream.sequence);
  if (stream.first) w.time(3, *stream.first);
  if (stream.last) w.time(4, *stream.last);
  return w.take();
}

StoredStream decode_stream(std::string_view bytes) {
  StoredStream stream;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: stream.name = r.text(); break;
      case 2: stream.created = r.time(); break;
      case 3: stream.first = r.time(); break;
      case 4: stream.last = r.time(); break;
      case 5: stream.ingested = r.time(); break;
      case 6: stream.sequence = r.number(); break;
    }
  }
  assert_that(!stream.name.empty(), "a stored log stream has a name");
  return stream;
}

std::string encode(const StoredEvent& event) {
  RecordWriter w;
  w.time(1, event.ingested).text(2, event.message);
  return w.take();
}

StoredEvent decode_event(std::string_view key, std::string_view bytes) {
  StoredEvent event;
  store::KeyReader k(key);
  for (int part = 0; part < 6; ++part) k.skip();  // "logs", account, region, "event", group, stream
  event.at = k.time();
  event.sequence = k.number();
  for (RecordReader r(bytes); r.next();) {
    if (r.field() == 1) event.ingested = r.time();
    if (r.field() == 2) event.message = r.text();
  }
  return event;
}

std::optional<StoredGroup> find_group(const store::ReadTxn& tx, const Scope& scope,
                                      const std::string& name) {
  const auto bytes = tx.get(keys::group(scope, name));
  if (!bytes) return std::nullopt;
  return decode_group(*bytes);
}

std::optional<StoredStream> find_stream(const store::ReadTxn& tx, const Scope& scope,
                                        const std::string& group, const std::string& name) {
  const auto bytes = tx.get(keys::stream(scope, group, name));
  if (!bytes) return std::nullopt;
  return decode_stream(*bytes);
}

void append_events(store::Txn& tx, const Scope& scope, StoredGroup& group, StoredStream& stream,
                   const std::vector<NewEvent>& events, Time now) {
  for (const NewEvent& event : events) {
    const StoredEvent stored{
        .at = event.at, .sequence = ++stream.sequence, .ingested = now, .message = event.message};
    tx.put(keys::event(scope, group.name, stream.name, stored.at, stored.sequence), encode(stored));
    group.bytes += event.message.size() + event_overhead_bytes;
    stream.first = stream.first ? std::min(*stream.first, event.at) : event.at;
    stream.last = stream.last ? std::max(*stream.last, event.at) : event.at;
  }
  stream.ingested = now;
  wake_for(tx, scope, group, events.front().at, now);
  tx.put(keys::stream(scope, group.name, stream.name), encode(stream));
  tx.put(keys::group(scope, group.name), encode(group));
}

}  // namespace cloudlet::logs
