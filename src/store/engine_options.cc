#include "store/engine_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "base/log.h"

namespace cloudlet::store {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

// RocksDB's own log in ours: its file cannot be written either when the disk is full, and then it
// asserts.
class EngineLog final : public rocksdb::Logger {
 public:
  EngineLog() : Logger(rocksdb::WARN_LEVEL) {}
  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    log::warning("rocksdb", "{}", text);
  }
};

// After an error RocksDB would change logs whenever it likes; the engine goes on when the time has
// come.
class NoSelfRecovery final : public rocksdb::EventListener {
 public:
  explicit NoSelfRecovery(std::shared_ptr<std::atomic<bool>> merging_failed)
      : merging_failed_(std::move(merging_failed)) {}
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* recovers_itself) override {
    *recovers_itself = false;
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status*) override {
    if (reason == rocksdb::BackgroundErrorReason::kCompaction) *merging_failed_ = true;
  }

 private:
  const std::shared_ptr<std::atomic<bool>> merging_failed_;
};

// Tables kept open: part of what base/descriptors.h leaves to others than connections.
int open_files_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 32;
  return static_cast<int>(std::clamp<rlim_t>(limit.rlim_cur / 16, 32, 256));
}

// Indexes and filters live in the cache too, so that memory has one bound however large the store
// grows.
rocksdb::BlockBasedTableOptions table_options() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(16 * mebibyte, 2);
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  table.block_size = 8 * 1024;
  return table;
}

}  // namespace

rocksdb::Options engine_options(const Options& options, rocksdb::Env* env,
                                std::shared_ptr<std::atomic<bool>> merging_failed) {
  rocksdb::Options engine;
  engine.env = env;
  engine.create_if_missing = true;
  engine.paranoid_checks = true;
  engine.info_log = std::make_shared<EngineLog>();
  engine.max_open_files = open_files_max();
  engine.skip_stats_update_on_db_open = true;
  engine.stats_dump_period_sec = 0;
  engine.stats_persist_period_sec = 0;
  engine.recycle_log_file_num = 0;  // a recycled log's stale tail must never look like data
  // The engine changes logs itself (Engine::write), long before this bound.
  engine.write_buffer_size = 2 * options.write_buffer_bytes + 16 * mebibyte;
  engine.max_write_buffer_number = 4;
  engine.max_background_jobs = 2;
  engine.listeners.push_back(std::make_shared<NoSelfRecovery>(std::move(merging_failed)));
  engine.max_bgerror_resume_count = 0;
  engine.allow_concurrent_memtable_write = false;  // one writer
  engine.enable_write_thread_adaptive_yield = false;
  // A group's keys arrive sorted, and neighbours in a tuple space are written together: look near
  // the last one first.
  engine.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  engine.level_compaction_dynamic_level_bytes = true;
  // Merging writes the new tables before it removes the old ones. Small steps, so that it needs no
  // more than the reserve on a disk that is nearly full.
  engine.max_bytes_for_level_base = 4 * options.write_buffer_bytes;
  engine.target_file_size_base = options.write_buffer_bytes / 2;
  engine.target_file_size_multiplier = 2;
  engine.max_compaction_bytes = 4 * options.write_buffer_bytes;
  engine.compression =
      options.durability == Durability::memory ? rocksdb::kNoCompression : rocksdb::kLZ4Compression;
  engine.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options()));
  return engine;
}

}  // namespace cloudlet::store
