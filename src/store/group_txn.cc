#include "store/group_txn.h"

#include <algorithm>

#include "store/record.h"

namespace cloudlet::store {
namespace {

// A timer's id is when it is due and a few bits to tell it from others due then: so one key orders
// them and finds one.
constexpr unsigned due_bits = 42;  // milliseconds, until the year 2109
constexpr unsigned tie_bits = 64 - due_bits;
constexpr std::uint64_t due_max = (std::uint64_t{1} << due_bits) - 1;

constexpr std::size_t remembered_bytes_max = 1024;

std::string_view view_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace

Key timer_key(TimerId id) { return make_key("store", "timer", id); }
Time timer_due(TimerId id) { return from_millis(static_cast<std::int64_t>(id >> tie_bits)); }

TimerId first_timer(Time due) {
  return std::min(due_max, static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_millis(due))))
         << tie_bits;
}

Key blob_key(const BlobId& blob) { return make_key("store", "blob", blob.name); }

// One RocksDB iterator with the bounds it points at; reused, because making one costs more than a
// small scan.
struct GroupTxn::Cursor {
  Range range;
  rocksdb::Slice from;
  rocksdb::Slice to;
  std::unique_ptr<rocksdb::Iterator> at;
  std::uint64_t epoch = 0;
};

GroupTxn::GroupTxn(const Engine& engine) : engine_(engine) {}
GroupTxn::~GroupTxn() = default;
void GroupTxn::release_iterators() { idle_.clear(); }

std::unique_ptr<GroupTxn::Cursor> GroupTxn::borrow(const Range& range) const {
  std::unique_ptr<Cursor> cursor;
  if (!idle_.empty()) {
    cursor = std::move(idle_.back());
    idle_.pop_back();
  } else {
    cursor = std::make_unique<Cursor>();
  }
  cursor->range = range;
  cursor->from = cursor->range.from;
  cursor->to = cursor->range.to;
  if (!cursor->at) {
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &cursor->from;
    options.iterate_upper_bound = &cursor->to;
    cursor->at.reset(engine_.db().NewIterator(options));
  } else if (cursor->epoch != epoch_) {
    const auto status = cursor->at->Refresh();
    if (!status.ok()) throw BrokenInvariant("cannot read the store: " + status.ToString());
  }
  cursor->epoch = epoch_;
  return cursor;
}

std::optional<std::string> GroupTxn::get(const Key& key) const {
  const auto& written = group_->writes.map();
  if (const auto place = written.find(key.bytes()); place != written.end()) {
    if (!place->second) return std::nullopt;
    return std::string(*place->second);
  }
  Read& read = reads_[std::hash<std::string_view>()(key.bytes()) % reads_.size()];
  if (read.key == key.bytes()) return read.value;
  std::string value;
  const auto status = engine_.db().Get(rocksdb::ReadOptions(), key.bytes(), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) throw BrokenInvariant("cannot read the store: " + status.ToString());
  if (value.size() <= remembered_bytes_max)
    read = {.key = std::string(key.bytes()), .value = value};
  return value;
}

void GroupTxn::scan(const Range& range, const Visitor& visit, Direction direction) const {
  if (range.from >= range.to) return;
  auto base = borrow(range);
  scan_merged(*base, range, visit, direction == Direction::forward);
  idle_.push_back(std::move(base));
}

// Both sources side by side; where both know a key, the group's word is the newer one. The visitor
// may write: then the group's side is looked up again from where the scan stands.
void GroupTxn::scan_merged(Cursor& base, const Range& range, const Visitor& visit,
                           bool forward) const {
  const Overlay& writes = group_->writes;
  const auto& written = writes.map();
  auto first = written.lower_bound(range.from);
  auto last =
      written.lower_bound(range.to);  // forward: walks from `first`; backward: from `last` down
  auto& at = *base.at;
  forward ? at.Seek(base.from) : at.SeekToLast();
  for (;;) {
    if (!at.Valid() && !at.status().ok())
      throw BrokenInvariant("cannot read the store: " + at.status().ToString());
    const bool has_written = first != last;
    if (!at.Valid() && !has_written) return;
    const auto candidate = !has_written ? written.end() : forward ? first : std::prev(last);
    int order = !at.Valid() ? 1 : !has_written ? -1 : view_of(at.key()).compare(candidate->first);
    if (!forward && at.Valid() && has_written) order = -order;
    const std::size_t before = writes.mark();
    if (order < 0) {
      if (!visit(view_of(at.key()), view_of(at.value()))) return;
    } else if (candidate->second) {
      if (!visit(candidate->first, *candidate->second)) return;
    }
    if (writes.mark() != before) {
      const std::string_view here = order < 0 ? view_of(at.key()) : candidate->first;
      first = forward ? written.upper_bound(here) : written.lower_bound(range.from);
      last = forward ? written.lower_bound(range.to) : written.lower_bound(here);
    } else if (order >= 0) {
      forward ? ++first : --last;
    }
    if (order <= 0) forward ? at.Next() : at.Prev();
  }
}

void GroupTxn::erase(const Range& range) {
  std::vector<std::string> keys;
  scan(
      range, [&](std::string_view key, std::string_view) { return keys.emplace_back(key), true; },
      Direction::forward);
  for (const std::string& key : keys) group_->writes.write(key, std::nullopt);
}

TimerId GroupTxn::at(Time time, std::string_view handler, std::string_view payload) {
  TimerId id = 0;
  do id = first_timer(time) | (next_sequence() & ((std::uint64_t{1} << tie_bits) - 1));
  while (exists(timer_key(id)));
  put(timer_key(id), RecordWriter().text(1, handler).text(2, payload).take());
  earliest_timer_ = std::min(earliest_timer_, timer_due(id));
  return id;
}

void GroupTxn::drop_blob(const BlobId& blob) {
  erase(blob_key(blob));
  group_->dropped.push_back(blob);
}

GroupTxn::Mark GroupTxn::mark() const {
  return {.writes = group_->writes.mark(),
          .on_commit = group_->on_commit.size(),
          .dropped = group_->dropped.size()};
}

void GroupTxn::undo(const Mark& mark) {
  group_->writes.undo(mark.writes);
  group_->on_commit.resize(mark.on_commit);
  group_->dropped.resize(mark.dropped);
}

Time GroupTxn::take_earliest_timer() { return std::exchange(earliest_timer_, Time::max()); }

}  // namespace cloudlet::store
