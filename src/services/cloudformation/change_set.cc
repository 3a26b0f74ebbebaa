// Records of change sets. Field numbers are on disk.
#include "services/cloudformation/change_set.h"

#include "store/record.h"

namespace cloudlet::cloudformation {
namespace {

using deploy::Change;
using store::RecordReader;
using store::RecordWriter;

std::string encode(const Change& change) {
  RecordWriter w;
  w.number(1, static_cast<std::uint64_t>(change.action))
      .text(2, change.id)
      .text(3, change.type)
      .text(4, change.physical_id);
  w.number(5, static_cast<std::uint64_t>(change.replacement));
  for (const auto& detail : change.details)
    w.element(6, RecordWriter()
                     .text(1, detail.attribute)
                     .text(2, detail.property)
                     .number(3, static_cast<std::uint64_t>(detail.update))
                     .take());
  return w.take();
}

Change::Detail decode_detail(std::string_view bytes) {
  Change::Detail detail;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: detail.attribute = r.text(); break;
      case 2: detail.property = r.text(); break;
      case 3: detail.update = static_cast<deploy::Update>(r.number()); break;
    }
  return detail;
}

Change decode_change(std::string_view bytes) {
  Change change;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: change.action = static_cast<Change::Action>(r.number()); break;
      case 2: change.id = r.text(); break;
      case 3: change.type = r.text(); break;
      case 4: change.physical_id = r.text(); break;
      case 5: change.replacement = static_cast<Change::Replacement>(r.number()); break;
      case 6: change.details.push_back(decode_detail(r.view())); break;
    }
  return change;
}

}  // namespace

std::string encode(const StoredChangeSet& set) {
  RecordWriter w;
  w.text(1, set.uuid)
      .text(2, set.name)
      .text(3, set.stack)
      .text(4, set.description)
      .text(5, set.status)
      .text(6, set.reason);
  w.text(7, set.execution)
      .flag(8, set.creates)
      .time(9, set.created)
      .number(10, set.deployment)
      .number(11, set.based_on);
  w.number(12, static_cast<std::uint64_t>(set.on_failure));
  for (const auto& change : set.changes) w.element(13, encode(change));
  return w.take();
}

StoredChangeSet decode_change_set(std::string_view bytes) {
  StoredChangeSet set;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: set.uuid = r.text(); break;
      case 2: set.name = r.text(); break;
      case 3: set.stack = r.text(); break;
      case 4: set.description = r.text(); break;
      case 5: set.status = r.text(); break;
      case 6: set.reason = r.text(); break;
      case 7: set.execution = r.text(); break;
      case 8: set.creates = r.flag(); break;
      case 9: set.created = r.time(); break;
      case 10: set.deployment = r.number(); break;
      case 11: set.based_on = r.number(); break;
      case 12: set.on_failure = static_cast<deploy::OnFailure>(r.number()); break;
      case 13: set.changes.push_back(decode_change(r.view())); break;
    }
  assert_that(!set.uuid.empty() && !set.name.empty(), "a change set without a name");
  return set;
}

void write_change_set(store::Txn& tx, const Scope& scope, const StoredChangeSet& set) {
  tx.put(keys::change_set(scope, set.stack, set.name), encode(set));
  tx.put(keys::change_set_id(scope, set.uuid),
         RecordWriter().text(1, set.stack).text(2, set.name).take());
}

void erase_change_set(store::Txn& tx, const Scope& scope, const StoredChangeSet& set) {
  tx.erase(keys::change_set(scope, set.stack, set.name));
  tx.erase(keys::change_set_id(scope, set.uuid));
}

std::vector<StoredChangeSet> change_sets_of(const store::ReadTxn& tx, const Scope& scope,
                                            const std::string& stack) {
  std::vector<StoredChangeSet> sets;
  tx.scan(store::prefix(keys::change_sets(scope, stack)),
          [&](std::string_view, std::string_view value) {
            sets.push_back(decode_change_set(value));
            return true;
          });
  return sets;
}

std::optional<StoredChangeSet> find_change_set(const store::ReadTxn& tx, const Scope& scope,
                                               const std::string& name_or_arn,
                                               const std::optional<std::string>& stack_uuid) {
  std::string stack = stack_uuid.value_or(""), name = name_or_arn;
  if (const auto arn = Arn::parse(name_or_arn)) {
    const auto slash = arn->resource.rfind('/');
    if (slash == std::string::npos) return std::nullopt;
    const auto id = tx.get(keys::change_set_id(scope, arn->resource.substr(slash + 1)));
    if (!id) return std::nullopt;
    for (RecordReader r(*id); r.next();) (r.field() == 1 ? stack : name) = r.text();
  }
  const auto bytes = tx.get(keys::change_set(scope, stack, name));
  if (!bytes) return std::nullopt;
  return decode_change_set(*bytes);
}

}  // namespace cloudlet::cloudformation
