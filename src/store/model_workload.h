// For tests: seeded transactions whose outcome is known, and the model of what the store must hold
// after each.
#pragma once

#include <map>
#include <string>

#include "base/random.h"
#include "store/store.h"

namespace cloudlet::store {

using Rows = std::map<std::string, std::string>;

// Everything under ("test") in `state`.
Rows rows(const ReadTxn& state);

// Transaction number `number` of this seed: puts, erases (of ranges too), reads what it finds and
// writes that into what it puts; some refuse after writing, some throw. The same function runs on
// the store and on the model.
Result<void> run_number(Txn& tx, std::uint64_t seed, std::uint64_t number);

// The number of the last transaction that `state` holds.
std::uint64_t last_number(const ReadTxn& state);

// A model: an ordered map with the face of a transaction.
class ModelTxn final : public Txn {
 public:
  // Runs the transaction; its writes are kept unless it refuses.
  void run(std::uint64_t seed, std::uint64_t number);
  const Rows& rows() const { return rows_; }
  void set_rows(Rows rows) { rows_ = std::move(rows); }

  std::optional<std::string> get(const Key& key) const override;
  void scan(const Range& range, const Visitor& visit, Direction direction) const override;
  void put(const Key& key, std::string_view value) override { rows_[key.bytes()] = value; }
  void erase(const Key& key) override { rows_.erase(key.bytes()); }
  void erase(const Range& range) override;
  TimerId at(Time, std::string_view, std::string_view) override { return 0; }
  void cancel_timer(TimerId) override {}
  void keep_blob(const BlobId&) override {}
  void drop_blob(const BlobId&) override {}
  std::uint64_t next_sequence() override { return 0; }
  void on_commit(std::function<void()>) override {}

 private:
  Rows rows_;
};

}  // namespace cloudlet::store
