// How RocksDB is set up, and why.
#pragma once

#include <rocksdb/options.h>

#include "store/store.h"

namespace cloudlet::store {

rocksdb::Options engine_options(const Options& options, rocksdb::Env* env);

}  // namespace cloudlet::store
