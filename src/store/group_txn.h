// The Txn that bodies see: the engine's latest state with the open group's writes on top. Used by
// the sequencer only.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/group.h"
#include "store/txn.h"

namespace cloudlet::store {

// Where the store keeps its own things.
Key timer_key(TimerId id);
Time timer_due(TimerId id);
TimerId first_timer(Time due);  // before all that are due then
Key blob_key(const BlobId& blob);

class GroupTxn final : public Txn {
 public:
  explicit GroupTxn(const Engine& engine);
  ~GroupTxn() override;

  std::optional<std::string> get(const Key& key) const override;
  void scan(const Range& range, const Visitor& visit, Direction direction) const override;
  void put(const Key& key, std::string_view value) override {
    group_->writes.write(key.bytes(), value);
  }
  void erase(const Key& key) override { group_->writes.write(key.bytes(), std::nullopt); }
  void erase(const Range& range) override;
  TimerId at(Time time, std::string_view handler, std::string_view payload) override;
  void cancel_timer(TimerId timer) override { erase(timer_key(timer)); }
  void keep_blob(const BlobId& blob) override { put(blob_key(blob), {}); }
  void drop_blob(const BlobId& blob) override;
  std::uint64_t next_sequence() override { return sequence_++; }
  void on_commit(std::function<void()> action) override {
    group_->on_commit.push_back(std::move(action));
  }

  void use(Group& group) {
    group_ = &group;
    forget_reads();
  }
  // The engine moved on: iterators must look again.
  void engine_changed() {
    ++epoch_;
    forget_reads();
  }
  // Iterators pin the engine's memory; let go of them when nothing is to do.
  void release_iterators();
  bool holds_iterators() const { return !idle_.empty(); }

  // Everything since `mark` is undone.
  struct Mark {
    std::size_t writes;
    std::size_t on_commit;
    std::size_t dropped;
  };
  Mark mark() const;
  void undo(const Mark& mark);

  std::uint64_t sequence() const { return sequence_; }
  void set_sequence(std::uint64_t next) { sequence_ = next; }
  // The earliest timer set since the last call.
  Time take_earliest_timer();

 private:
  struct Cursor;
  // What the engine answered while this group is open: the same few records (a bucket, a topic) are
  // read by nearly every body of a group. One place a hash, found values only.
  struct Read {
    std::string key;  // empty: none
    std::string value;
  };
  void forget_reads() {
    for (Read& read : reads_) read.key.clear();
  }
  std::unique_ptr<Cursor> borrow(const Range& range) const;
  void scan_merged(Cursor& base, const Range& range, const Visitor& visit, bool forward) const;

  const Engine& engine_;
  Group* group_ = nullptr;
  std::uint64_t sequence_ = 1;
  std::uint64_t epoch_ = 0;
  Time earliest_timer_ = Time::max();
  mutable std::vector<std::unique_ptr<Cursor>> idle_;
  mutable std::array<Read, 16> reads_;
};

}  // namespace cloudlet::store
