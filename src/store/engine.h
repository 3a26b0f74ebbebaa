// RocksDB as the store uses it: opened with the right guarantees, written by one thread, read
// through snapshots.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <memory>

#include "base/result.h"
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

  enum class Written { yes, disk_full };
  // Into the log (not synced) and visible to reads of the latest state. What is neither success nor
  // a full disk ends the process.
  Written write(rocksdb::WriteBatch& batch);
  // All that was written before is on disk, or the process ends.
  void sync();
  // After disk_full: true when the engine takes writes again.
  bool recover();
  void close();

  // Free bytes where the store lives; `unlimited` when that means nothing (memory).
  static constexpr std::uint64_t unlimited = ~std::uint64_t{0};
  std::uint64_t free_bytes() const;

 private:
  Engine() = default;
  Result<void> prepare(const Options& options);

  std::unique_ptr<rocksdb::Env> memory_;
  rocksdb::Env* env_ = nullptr;
  std::string folder_;
  Durability durability_ = Durability::sync;
  std::shared_ptr<rocksdb::DB> db_;
};

}  // namespace cloudlet::store
