// The newest spans, encoded, in memory: a few shards of 64 KiB chunks, so that recorders do not
// meet.
//
// `append` takes a shard's lock only if it is free, else tries the next one; if all are taken
// (never seen outside of tests) the span is counted as lost. Queries copy the open chunks and share
// the full ones.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "journal/span_codec.h"

namespace cloudlet::journal {

class Ring {
 public:
  explicit Ring(std::size_t spans_max) : spans_max_(spans_max) {}

  // False: lost.
  bool append(const Span& span, std::uint64_t sequence);

  // Each span in memory, in no order; the views end with the call.
  void visit(const std::function<void(const SpanView&)>& visitor) const;

  // What came since the last drain, as encoded spans. One caller.
  std::string drain();

 private:
  static constexpr std::size_t chunk_bytes = 64 * 1024;
  static constexpr std::size_t shard_count = 8;

  struct Chunk {
    std::unique_ptr<char[]> bytes{new char[chunk_bytes]};
    std::size_t used = 0;
    std::size_t drained = 0;
    std::size_t spans = 0;
  };
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::shared_ptr<Chunk> open;
  };

  void append_locked(Shard& shard, const Span& span, std::uint64_t sequence);
  void retire(std::shared_ptr<Chunk> chunk);

  const std::size_t spans_max_;
  std::array<Shard, shard_count> shards_;
  mutable std::mutex full_mutex_;  // taken after a shard's, never before
  std::deque<std::shared_ptr<Chunk>> full_;
  std::size_t full_spans_ = 0;
};

}  // namespace cloudlet::journal
