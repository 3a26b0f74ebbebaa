// How RocksDB is set up, and why.
#pragma once

#include <rocksdb/options.h>

#include <atomic>
#include <memory>

#include "store/store.h"

namespace cloudlet::store {

// `merging_failed` becomes true when tables could not be merged: RocksDB does no more of it then,
// until it is told to.
rocksdb::Options engine_options(const Options& options, rocksdb::Env* env,
                                std::shared_ptr<std::atomic<bool>> merging_failed);

}  // namespace cloudlet::store
