// The last synced commit, as the readers see it.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <mutex>

#include "store/txn.h"

namespace cloudlet::store {

// A state of the engine, held until the last reader lets go.
class Published {
 public:
  explicit Published(std::shared_ptr<rocksdb::DB> db)
      : db_(std::move(db)), snapshot_(db_->GetSnapshot()) {}
  ~Published() { db_->ReleaseSnapshot(snapshot_); }
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  rocksdb::DB& db() const { return *db_; }
  const rocksdb::Snapshot* snapshot() const { return snapshot_; }

 private:
  std::shared_ptr<rocksdb::DB> db_;
  const rocksdb::Snapshot* snapshot_;
};

class SnapshotTxn final : public ReadTxn {
 public:
  explicit SnapshotTxn(std::shared_ptr<const Published> state) : state_(std::move(state)) {}
  std::optional<std::string> get(const Key& key) const override;
  void scan(const Range& range, const Visitor& visit, Direction direction) const override;

 private:
  std::shared_ptr<const Published> state_;
};

}  // namespace cloudlet::store
