// A change set as it is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "deploy/plan.h"
#include "store/key.h"
#include "store/txn.h"

namespace cloudlet::cloudformation {

struct StoredChangeSet {
  std::string uuid, name, stack, description;  // stack: its uuid
  std::string status, reason, execution;       // texts of ChangeSetStatus and ExecutionStatus
  bool creates = false;
  Time created{};
  std::uint64_t deployment = 0;  // what executing it applies; 0 if it failed
  std::uint64_t based_on =
      0;  // the stack's operation it was computed from: obsolete when that moved on
  deploy::OnFailure on_failure = deploy::OnFailure::rollback;
  std::vector<deploy::Change> changes;

  std::string arn(const Scope& scope) const {
    return make_arn("cloudformation", scope, "changeSet/" + name + "/" + uuid);
  }
};

std::string encode(const StoredChangeSet& set);
StoredChangeSet decode_change_set(std::string_view bytes);

namespace keys {
inline store::Key change_sets(const Scope& scope, const std::string& stack) {
  return store::make_key("cloudformation", scope, "change-set").add(stack);
}
inline store::Key change_set(const Scope& scope, const std::string& stack,
                             const std::string& name) {
  return change_sets(scope, stack).add(name);
}
// -> stack's uuid and name of the set, for those that come with the set's ARN alone
inline store::Key change_set_id(const Scope& scope, const std::string& uuid) {
  return store::make_key("cloudformation", scope, "change-set-id").add(uuid);
}
}  // namespace keys

void write_change_set(store::Txn& tx, const Scope& scope, const StoredChangeSet& set);
void erase_change_set(store::Txn& tx, const Scope& scope, const StoredChangeSet& set);
std::vector<StoredChangeSet> change_sets_of(const store::ReadTxn& tx, const Scope& scope,
                                            const std::string& stack);
// By name and stack, or by ARN alone.
std::optional<StoredChangeSet> find_change_set(const store::ReadTxn& tx, const Scope& scope,
                                               const std::string& name_or_arn,
                                               const std::optional<std::string>& stack_uuid);

}  // namespace cloudlet::cloudformation
