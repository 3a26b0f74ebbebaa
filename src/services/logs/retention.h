// Events older than their group's retention go away: a timer of the group, set for the moment the
// oldest is due.
#pragma once

#include "services/logs/state.h"
#include "store/timers.h"

namespace cloudlet::logs {

// The handler of the timer "logs.retention".
void expire_events(store::Txn& tx, const store::Timer& timer);

// An event of the time `oldest` was added to a group: if it is due long before the group's timer,
// as events of the past are, the timer is set anew. The group is written by the caller.
void wake_for(store::Txn& tx, const Scope& scope, StoredGroup& group, Time oldest, Time now);

}  // namespace cloudlet::logs
