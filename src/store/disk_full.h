// How a full disk shows, and what is answered then.
#pragma once

#include <rocksdb/status.h>

#include "base/result.h"

namespace cloudlet::store {

// No space left, or no more of it for this user (a quota).
bool is_disk_full(const rocksdb::Status& status);
Error disk_full();

}  // namespace cloudlet::store
