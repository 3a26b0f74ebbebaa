// A body that streams: read piece by piece, never held whole. Inputs and outputs with a streaming
// member (S3 objects).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"

namespace cloudlet::wire {

class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next piece, at most 256 KiB; empty at the end. An error ends the body: a checksum or chunk
  // signature that does not fit, a client that went away, a size beyond the limit.
  virtual Task<Result<std::string>> read() = 0;
};

// Moves, does not copy. Empty when no source was given.
class Body {
 public:
  Body() = default;
  explicit Body(std::string bytes) : bytes_(std::move(bytes)), size_(bytes_.size()) {}
  Body(std::unique_ptr<BodySource> source, std::optional<std::uint64_t> size)
      : source_(std::move(source)), size_(size) {}

  // Decoded length if known (Content-Length, x-amz-decoded-content-length).
  std::optional<std::uint64_t> size() const { return size_; }
  Task<Result<std::string>> read();
  // All of it, refusing more than `limit` bytes.
  Task<Result<std::string>> read_all(std::size_t limit);
  // Brings all of it here, refusing more than `limit` bytes: `whole` is not null afterwards.
  Task<Result<void>> make_whole(std::size_t limit);
  // All of it without waiting, if it is here already (as small bodies are); null if it streams. May
  // be moved from.
  std::string* whole() { return source_ ? nullptr : &bytes_; }

 private:
  std::string bytes_;
  std::unique_ptr<BodySource> source_;
  std::optional<std::uint64_t> size_ = 0;
};

}  // namespace cloudlet::wire
