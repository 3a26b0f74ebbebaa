#include "store/snapshot.h"

#include "base/result.h"

namespace cloudlet::store {
namespace {

std::string_view view_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace

std::optional<std::string> SnapshotTxn::get(const Key& key) const {
  rocksdb::ReadOptions options;
  options.snapshot = state_->snapshot();
  std::string value;
  const auto status = state_->db().Get(options, key.bytes(), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) throw BrokenInvariant("cannot read the store: " + status.ToString());
  return value;
}

void SnapshotTxn::scan(const Range& range, const Visitor& visit, Direction direction) const {
  const rocksdb::Slice from(range.from);
  const rocksdb::Slice to(range.to);
  if (from.compare(to) >= 0) return;
  rocksdb::ReadOptions options;
  options.snapshot = state_->snapshot();
  options.iterate_lower_bound = &from;
  options.iterate_upper_bound = &to;
  const std::unique_ptr<rocksdb::Iterator> at(state_->db().NewIterator(options));
  const bool forward = direction == Direction::forward;
  for (forward ? at->Seek(from) : at->SeekToLast(); at->Valid(); forward ? at->Next() : at->Prev())
    if (!visit(view_of(at->key()), view_of(at->value()))) return;
  if (!at->status().ok())
    throw BrokenInvariant("cannot read the store: " + at->status().ToString());
}

}  // namespace cloudlet::store
