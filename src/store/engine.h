// RocksDB as the store uses it: opened with the right guarantees, written by one thread, read
// through snapshots.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "store/logs_ahead.h"
#include "store/store.h"

namespace cloudlet::store {

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const Options& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  rocksdb::DB& db() const { return *db_; }
  std::shared_ptr<rocksdb::DB> shared() const { return db_; }

  // What each group writes beside its transactions' own keys.
  struct State {
    std::uint64_t group = 0;     // counts the groups of the store's whole life
    std::uint64_t sequence = 1;  // the next that Txn::next_sequence returns
  };
  State state() const { return state_; }  // as of the last write

  enum class Written { yes, disk_full };
  // Into the log (not synced) and visible to reads of the latest state. What is neither success nor
  // a full disk ends the process. With Durability::sync everything before must be synced.
  Written write(rocksdb::WriteBatch& batch, const State& state);
  // All up to this group is on disk, or the process ends.
  void sync(std::uint64_t group);
  // After disk_full: closes and opens again, for RocksDB cannot write to a log that failed once
  // (its issue 11643). False if readers still hold what they read, or there is no space yet. What
  // is open afterwards is the last state written. If it cannot be opened any more the process ends.
  bool recover();
  // What was erased takes up its place until tables are merged: has that done, in the background,
  // at most once a second. With Durability::sync everything before must be synced. True: begun.
  bool make_room();
  void close();

  // Free bytes where the store lives; `unlimited` when that means nothing (memory).
  static constexpr std::uint64_t unlimited = ~std::uint64_t{0};
  std::uint64_t free_bytes() const;

 private:
  explicit Engine(const Options& options);
  Result<void> prepare();
  Result<void> open_db();
  void own(rocksdb::DB* db);
  Result<void> open_without_torn_end(const rocksdb::Status& why);
  Result<void> check_acknowledged(const State& found) const;
  Result<void> prepare_marker();
  bool has_space() const;
  bool log_is_due() const;
  void change_log();
  rocksdb::Status create_folder(const std::string& folder) const;
  rocksdb::Status sync_folder(const std::string& folder) const;

  const Options options_;
  std::shared_ptr<LogsAhead> logs_;         // with Durability::sync
  std::shared_ptr<rocksdb::Env> made_env_;  // where `env_` is none of the caller's
  rocksdb::Env* env_ = nullptr;
  std::string folder_;
  State state_;
  std::size_t bytes_in_log_ = 0;
  bool log_prepared_ = false;  // the log is one of `logs_`'
  bool log_ordered_ = false;   // `logs_` was asked for the next one
  std::chrono::steady_clock::time_point room_made_{};
  const std::shared_ptr<std::atomic<bool>> merging_failed_ =
      std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<rocksdb::RandomRWFile> acknowledged_;
  std::shared_ptr<rocksdb::DB> db_;
};

}  // namespace cloudlet::store
