// What a transaction's body sees: one ordered space of keys and values, as of the transactions
// before it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "store/blob_id.h"
#include "store/key.h"

namespace cloudlet::store {

enum class Direction { forward, backward };

// Reads. A snapshot is one (the last synced commit), a running transaction is one (with its own
// writes).
class ReadTxn {
 public:
  // Called with the key's bytes (see KeyReader) and the value; both end with the call. Return false
  // to stop.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

  virtual ~ReadTxn() = default;
  virtual std::optional<std::string> get(const Key& key) const = 0;
  virtual void scan(const Range& range, const Visitor& visit,
                    Direction direction = Direction::forward) const = 0;

  bool exists(const Key& key) const { return get(key).has_value(); }
};

using TimerId = std::uint64_t;

// Reads and writes. The body that gets one touches nothing else and may be run again; it never
// outlives its call.
class Txn : public ReadTxn {
 public:
  virtual void put(const Key& key, std::string_view value) = 0;
  virtual void erase(const Key& key) = 0;
  virtual void erase(const Range& range) = 0;

  // A timer: `handler` (registered with Timers::on) runs once at `time` or later, with `payload`,
  // in a transaction that also removes the timer. Survives restarts.
  virtual TimerId at(Time time, std::string_view handler, std::string_view payload) = 0;
  virtual void cancel_timer(TimerId timer) = 0;  // nothing happens if it already ran

  // A blob that this transaction references: without this, it is an orphan and goes away at the
  // next start.
  virtual void keep_blob(const BlobId& blob) = 0;
  // The reference is gone; the file goes away once this has committed. Readers that hold it open
  // finish.
  virtual void drop_blob(const BlobId& blob) = 0;

  // A number that no other call on this store ever returns; grows with commit order.
  virtual std::uint64_t next_sequence() = 0;

  // Runs after the commit is on disk, on a thread of the store: wake somebody, post somewhere, no
  // more. Not run if the transaction fails or the process dies: state that must not be missed
  // belongs in a key.
  virtual void on_commit(std::function<void()> action) = 0;
};

}  // namespace cloudlet::store
