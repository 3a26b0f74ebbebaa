#include "services/logs/retention.h"

#include <vector>

#include "services/logs/keys.h"
#include "services/logs/logs.h"
#include "services/logs/rules.h"
#include "store/record.h"

namespace cloudlet::logs {
namespace {

// Not for every single event: what is due within the hour goes together.
constexpr Duration least_wait = std::chrono::hours(1);

std::string payload(const Scope& scope, const std::string& group) {
  store::RecordWriter w;
  w.text(1, scope.account).text(2, scope.region).text(3, group);
  return w.take();
}

void set_timer(store::Txn& tx, const Scope& scope, StoredGroup& group, Time at) {
  group.timer = tx.at(at, "logs.retention", payload(scope, group.name));
  group.wakes = at;
  tx.put(keys::group(scope, group.name), encode(group));
}

// Removes what is older than `cutoff`; the time of the oldest that stays.
std::optional<Time> expire_stream(store::Txn& tx, const Scope& scope, StoredGroup& group,
                                  StoredStream stream, Time cutoff) {
  if (!stream.first) return std::nullopt;
  if (*stream.first >= cutoff) return stream.first;
  const store::Range all = store::prefix(keys::events(scope, group.name, stream.name));
  std::uint64_t bytes = 0;
  std::optional<Time> oldest;
  tx.scan(all, [&](std::string_view key, std::string_view value) {
    const StoredEvent event = decode_event(key, value);
    if (event.at >= cutoff) return oldest = event.at, false;
    bytes += event.message.size() + 26;
    return true;
  });
  const store::Key bound = keys::event(scope, group.name, stream.name, cutoff, 0);
  tx.erase(store::Range{.from = all.from, .to = bound.bytes()});
  group.bytes -= std::min(group.bytes, bytes);
  stream.first = oldest;
  if (!oldest) stream.last = std::nullopt;
  tx.put(keys::stream(scope, group.name, stream.name), encode(stream));
  return oldest;
}

}  // namespace

void expire_events(store::Txn& tx, const store::Timer& timer) {
  Scope scope;
  std::string name;
  for (store::RecordReader r(timer.payload); r.next();) {
    if (r.field() == 1) scope.account = r.text();
    if (r.field() == 2) scope.region = r.text();
    if (r.field() == 3) name = r.text();
  }
  auto group = find_group(tx, scope, name);
  if (!group || group->retention_days == 0 || group->timer != timer.id) return;
  const Duration retention = std::chrono::days(group->retention_days);
  const Time cutoff = timer.due - retention + Duration(1);  // what is due now goes now
  std::vector<StoredStream> streams;
  tx.scan(store::prefix(keys::streams(scope, name)), [&](std::string_view, std::string_view value) {
    streams.push_back(decode_stream(value));
    return true;
  });
  // What comes from now on is not due before a whole retention has passed; see wake_for for the
  // rest.
  Time next = timer.due + retention;
  for (StoredStream& stream : streams) {
    const auto oldest = expire_stream(tx, scope, *group, std::move(stream), cutoff);
    if (oldest) next = std::min(next, *oldest + retention);
  }
  set_timer(tx, scope, *group, std::max(next, timer.due + least_wait));
}

void wake_for(store::Txn& tx, const Scope& scope, StoredGroup& group, Time oldest, Time now) {
  if (group.timer == 0) return;
  const Time due = std::max(oldest + std::chrono::days(group.retention_days), now);
  if (due + least_wait >= group.wakes) return;
  tx.cancel_timer(group.timer);
  set_timer(tx, scope, group, due);
}

Result<PutRetentionPolicyOutput> Service::put_retention_policy(store::Txn& tx,
                                                               const wire::Call& call,
                                                               const PutRetentionPolicyInput& in) {
  CHECK(check_retention(in.retention_in_days));
  auto group = find_group(tx, call.scope, in.log_group_name);
  if (!group) return no_such_group();
  if (group->timer != 0) tx.cancel_timer(group->timer);
  group->retention_days = in.retention_in_days;
  set_timer(tx, call.scope, *group, call.now);
  return PutRetentionPolicyOutput{};
}

Result<DeleteRetentionPolicyOutput> Service::delete_retention_policy(
    store::Txn& tx, const wire::Call& call, const DeleteRetentionPolicyInput& in) {
  auto group = find_group(tx, call.scope, in.log_group_name);
  if (!group) return no_such_group();
  if (group->timer != 0) tx.cancel_timer(group->timer);
  group->retention_days = 0;
  group->timer = 0;
  tx.put(keys::group(call.scope, group->name), encode(*group));
  return DeleteRetentionPolicyOutput{};
}

}  // namespace cloudlet::logs
