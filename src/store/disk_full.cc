#include "store/disk_full.h"

#include <cerrno>
#include <cstring>

namespace cloudlet::store {

// RocksDB knows a quota by its text only.
bool is_disk_full(const rocksdb::Status& status) {
  return status.IsNoSpace() ||
         (status.IsIOError() && status.ToString().find(std::strerror(EDQUOT)) != std::string::npos);
}

Error disk_full() {
  return {errors::service_unavailable,
          "the disk is full: writes are refused until there is space again"};
}

}  // namespace cloudlet::store
