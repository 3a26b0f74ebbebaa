#include "journal/ring.h"

namespace cloudlet::journal {
namespace {

std::size_t shard_of_this_thread() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine;
}

}  // namespace

bool Ring::append(const Span& span, std::uint64_t sequence) {
  const std::size_t first = shard_of_this_thread();
  for (std::size_t i = 0; i < shard_count; ++i) {
    Shard& shard = shards_[(first + i) % shard_count];
    const std::unique_lock lock(shard.mutex, std::try_to_lock);
    if (!lock.owns_lock()) continue;
    append_locked(shard, span, sequence);
    return true;
  }
  return false;
}

void Ring::append_locked(Shard& shard, const Span& span, std::uint64_t sequence) {
  if (!shard.open || chunk_bytes - shard.open->used < span_bytes_max) {
    if (shard.open) retire(std::move(shard.open));
    shard.open = std::make_shared<Chunk>();
  }
  Chunk& chunk = *shard.open;
  chunk.used += encode_span(span, sequence, chunk.bytes.get() + chunk.used);
  ++chunk.spans;
}

// Once every few hundred spans: the lock is held for a push.
void Ring::retire(std::shared_ptr<Chunk> chunk) {
  const std::scoped_lock lock(full_mutex_);
  full_spans_ += chunk->spans;
  full_.push_back(std::move(chunk));
  while (full_spans_ - full_.front()->spans >= spans_max_) {
    full_spans_ -= full_.front()->spans;
    full_.pop_front();
  }
}

void Ring::visit(const std::function<void(const SpanView&)>& visitor) const {
  std::vector<std::shared_ptr<Chunk>> full;
  std::vector<std::string> open;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    if (shard.open) open.emplace_back(shard.open->bytes.get(), shard.open->used);
  }
  {
    const std::scoped_lock lock(full_mutex_);
    full.assign(full_.begin(), full_.end());
  }
  const auto decode_all = [&](std::string_view bytes) {
    while (const auto span = decode_span(bytes)) visitor(*span);
  };
  for (const auto& chunk : full) decode_all({chunk->bytes.get(), chunk->used});
  for (const std::string& bytes : open) decode_all(bytes);
}

std::string Ring::drain() {
  std::string bytes;
  {
    const std::scoped_lock lock(full_mutex_);
    for (const auto& chunk : full_) {
      bytes.append(chunk->bytes.get() + chunk->drained, chunk->used - chunk->drained);
      chunk->drained = chunk->used;
    }
  }
  for (Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    if (!shard.open) continue;
    bytes.append(shard.open->bytes.get() + shard.open->drained,
                 shard.open->used - shard.open->drained);
    shard.open->drained = shard.open->used;
  }
  return bytes;
}

}  // namespace cloudlet::journal
