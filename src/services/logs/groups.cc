// Log groups: made, listed, tagged, removed with all that is in them.
#include <fmt/format.h>

#include "gen/logs/errors.h"
#include "services/logs/keys.h"
#include "services/logs/logs.h"
#include "services/logs/retention.h"
#include "services/logs/rules.h"
#include "store/timers.h"

namespace cloudlet::logs {
namespace {

constexpr std::size_t page_default = 50;

Result<StoredGroup> group_named(const store::ReadTxn& tx, const wire::Call& call,
                                const std::string& name) {
  auto group = find_group(tx, call.scope, name);
  if (!group) return no_such_group();
  return *std::move(group);
}

Result<StoredGroup> group_of(const store::ReadTxn& tx, const wire::Call& call,
                             const std::string& arn) {
  TRY(const std::string name, group_of_arn(call.scope, arn));
  return group_named(tx, call, name);
}

Result<void> add_tags(store::Txn& tx, const wire::Call& call, StoredGroup group,
                      const std::map<std::string, std::string>& tags) {
  for (const auto& [name, value] : tags) group.tags[name] = value;
  CHECK(check_tags(group.tags));
  tx.put(keys::group(call.scope, group.name), encode(group));
  return {};
}

void remove_tags(store::Txn& tx, const wire::Call& call, StoredGroup group,
                 const std::vector<std::string>& names) {
  for (const std::string& name : names) group.tags.erase(name);
  tx.put(keys::group(call.scope, group.name), encode(group));
}

LogGroup shown(const Scope& scope, const StoredGroup& group) {
  LogGroup out;
  out.log_group_name = group.name;
  out.log_group_arn = group.arn(scope);
  out.arn = group.arn(scope) + ":*";
  out.creation_time = to_millis(group.created);
  if (group.retention_days > 0) out.retention_in_days = group.retention_days;
  out.metric_filter_count = 0;
  out.stored_bytes = static_cast<std::int64_t>(group.bytes);
  out.log_group_class =
      group.infrequent ? LogGroupClass::infrequent_access : LogGroupClass::standard;
  out.deletion_protection_enabled = group.protect;
  return out;
}

bool wanted(const Scope& scope, const StoredGroup& group, const DescribeLogGroupsInput& in) {
  if (in.log_group_name_pattern && group.name.find(*in.log_group_name_pattern) == std::string::npos)
    return false;
  if (in.log_group_class &&
      (*in.log_group_class == LogGroupClass::infrequent_access) != group.infrequent)
    return false;
  if (in.log_group_identifiers.empty()) return true;
  for (const std::string& identifier : in.log_group_identifiers)
    if (identifier == group.name || identifier == group.arn(scope) ||
        identifier == group.arn(scope) + ":*")
      return true;
  return false;
}

}  // namespace

Service::Service(store::Store& store, Clock& clock, asio::any_io_executor executor)
    : store_(store), appender_(store, clock, std::move(executor)) {
  store.timers().on("logs.retention", expire_events);
}

Result<CreateLogGroupOutput> Service::create_log_group(store::Txn& tx, const wire::Call& call,
                                                       const CreateLogGroupInput& in) {
  CHECK(check_tags(in.tags));
  if (in.log_group_class == LogGroupClass::delivery)
    return errors::invalid_parameter("The log group class DELIVERY is not supported.");
  if (tx.exists(keys::group(call.scope, in.log_group_name)))
    return errors::resource_already_exists("The specified log group already exists");
  StoredGroup group{.name = in.log_group_name, .created = call.now, .tags = in.tags};
  group.infrequent = in.log_group_class == LogGroupClass::infrequent_access;
  group.protect = in.deletion_protection_enabled.value_or(false);
  tx.put(keys::group(call.scope, group.name), encode(group));
  return CreateLogGroupOutput{};
}

Result<DeleteLogGroupOutput> Service::delete_log_group(store::Txn& tx, const wire::Call& call,
                                                       const DeleteLogGroupInput& in) {
  const auto group = find_group(tx, call.scope, in.log_group_name);
  if (!group) return no_such_group();
  if (group->protect)
    return errors::invalid_parameter("The log group is protected against deletion: " +
                                     in.log_group_name);
  if (group->timer != 0) tx.cancel_timer(group->timer);
  tx.erase(keys::group(call.scope, in.log_group_name));
  tx.erase(store::prefix(keys::streams(call.scope, in.log_group_name)));
  tx.erase(store::prefix(keys::group_events(call.scope, in.log_group_name)));
  return DeleteLogGroupOutput{};
}

Task<Result<DescribeLogGroupsOutput>> Service::describe_log_groups(const wire::Call& call,
                                                                   DescribeLogGroupsInput in) {
  if (in.log_group_name_prefix && in.log_group_name_pattern)
    co_return errors::invalid_parameter(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  co_await appender_.settled(call.scope);
  const auto tx = store_.snapshot();
  const std::size_t limit = static_cast<std::size_t>(in.limit.value_or(page_default));
  store::Range range =
      store::text_prefix(keys::groups(call.scope), in.log_group_name_prefix.value_or(""));
  if (in.next_token) range = store::after(range, keys::group(call.scope, *in.next_token));
  DescribeLogGroupsOutput out;
  tx->scan(range, [&](std::string_view, std::string_view value) {
    const StoredGroup group = decode_group(value);
    if (!wanted(call.scope, group, in)) return true;
    if (out.log_groups.size() == limit) {
      out.next_token = out.log_groups.back().log_group_name;
      return false;
    }
    out.log_groups.push_back(shown(call.scope, group));
    return true;
  });
  co_return out;
}

Result<TagResourceOutput> Service::tag_resource(store::Txn& tx, const wire::Call& call,
                                                const TagResourceInput& in) {
  TRY(StoredGroup group, group_of(tx, call, in.resource_arn));
  CHECK(add_tags(tx, call, std::move(group), in.tags));
  return TagResourceOutput{};
}

Result<UntagResourceOutput> Service::untag_resource(store::Txn& tx, const wire::Call& call,
                                                    const UntagResourceInput& in) {
  TRY(StoredGroup group, group_of(tx, call, in.resource_arn));
  remove_tags(tx, call, std::move(group), in.tag_keys);
  return UntagResourceOutput{};
}

Result<ListTagsForResourceOutput> Service::list_tags_for_resource(
    const store::ReadTxn& tx, const wire::Call& call, const ListTagsForResourceInput& in) {
  TRY(const StoredGroup group, group_of(tx, call, in.resource_arn));
  return ListTagsForResourceOutput{.tags = group.tags};
}

// The three by name are older than those by ARN; tools still ask them.
Result<TagLogGroupOutput> Service::tag_log_group(store::Txn& tx, const wire::Call& call,
                                                 const TagLogGroupInput& in) {
  TRY(StoredGroup group, group_named(tx, call, in.log_group_name));
  CHECK(add_tags(tx, call, std::move(group), in.tags));
  return TagLogGroupOutput{};
}

Result<UntagLogGroupOutput> Service::untag_log_group(store::Txn& tx, const wire::Call& call,
                                                     const UntagLogGroupInput& in) {
  TRY(StoredGroup group, group_named(tx, call, in.log_group_name));
  remove_tags(tx, call, std::move(group), in.tags);
  return UntagLogGroupOutput{};
}

Result<ListTagsLogGroupOutput> Service::list_tags_log_group(const store::ReadTxn& tx,
                                                            const wire::Call& call,
                                                            const ListTagsLogGroupInput& in) {
  TRY(const StoredGroup group, group_named(tx, call, in.log_group_name));
  return ListTagsLogGroupOutput{.tags = group.tags};
}

}  // namespace cloudlet::logs
