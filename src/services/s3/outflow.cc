#include "services/s3/outflow.h"

#include <algorithm>
#include <memory>

#include "services/s3/keys.h"
#include "store/blobs.h"

namespace cloudlet::s3 {
namespace {

constexpr std::size_t read_size = 256 * 1024;

// A stretch of one piece: bytes at hand, or a part of a file.
struct Stretch {
  std::string bytes;
  std::unique_ptr<store::BlobReader> file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

class Pieces : public wire::BodySource {
 public:
  explicit Pieces(std::vector<Stretch> stretches) : stretches_(std::move(stretches)) {}

  Task<Result<std::string>> read() override {
    while (at_ < stretches_.size()) {
      Stretch& stretch = stretches_[at_];
      if (!stretch.file) {
        ++at_;
        co_return std::move(stretch.bytes);
      }
      if (stretch.size == 0) {
        ++at_;
        stretch.file.reset();
        continue;
      }
      const std::size_t wanted = std::min<std::uint64_t>(stretch.size, read_size);
      CO_TRY(std::string bytes, co_await stretch.file->read(stretch.offset, wanted));
      if (bytes.empty())
        co_return Error(cloudlet::errors::internal_failure,
                        "a blob is shorter than its record says");
      stretch.offset += bytes.size();
      stretch.size -= bytes.size();
      co_return bytes;
    }
    co_return std::string();
  }

 private:
  std::vector<Stretch> stretches_;
  std::size_t at_ = 0;
};

}  // namespace

Result<wire::Body> open_body(store::Store& store, const store::ReadTxn& tx,
                             const std::string& inline_body, const std::vector<Piece>& pieces,
                             ByteRange range) {
  if (pieces.empty()) return wire::Body(inline_body.substr(range.first, range.size));
  std::vector<Stretch> stretches;
  std::uint64_t start = 0;
  bool all_here = true;
  for (const Piece& piece : pieces) {
    const std::uint64_t end = start + piece.size;
    const std::uint64_t from = std::max(start, range.first);
    const std::uint64_t to = std::min(end, range.first + range.size);
    if (from < to) {
      Stretch stretch{.bytes = {}, .file = {}, .offset = from - start, .size = to - from};
      if (piece.chunk != 0) {
        const auto bytes = tx.get(keys::chunk(piece.chunk));
        assert_that(bytes && bytes->size() == piece.size, "a chunk is not what its object says");
        stretch.bytes = bytes->substr(stretch.offset, stretch.size);
      } else {
        TRY(stretch.file, store.blobs().open(store::BlobId{piece.blob}));
        all_here = false;
      }
      stretches.push_back(std::move(stretch));
    }
    start = end;
  }
  if (all_here) {
    std::string bytes;
    for (const Stretch& stretch : stretches) bytes += stretch.bytes;
    return wire::Body(std::move(bytes));
  }
  return wire::Body(std::make_unique<Pieces>(std::move(stretches)), range.size);
}

}  // namespace cloudlet::s3
