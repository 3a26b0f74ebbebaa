// Events older than their group's retention go away: a timer of the group, set for the moment the
// oldest is due.
#pragma once

#include "store/timers.h"

namespace cloudlet::logs {

// The handler of the timer "logs.retention".
void expire_events(store::Txn& tx, const store::Timer& timer);

}  // namespace cloudlet::logs
