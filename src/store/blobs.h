// Large payloads as files: written, synced, renamed, and only then referenced by a transaction
// (Txn::keep_blob). Blocking file work runs on the blobs' own few threads, never on an I/O thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "store/blob_id.h"

namespace cloudlet::store {

// One blob on its way in. Dropped without `finish`: nothing remains.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual Task<Result<void>> write(std::string bytes) = 0;  // a full disk: service_unavailable
  virtual Task<Result<BlobId>> finish() = 0;                // synced and renamed; once
};

// One blob being read. As long as the reader lives its file stays, whoever drops the blob
// meanwhile; until the first `read` that costs no open file, so an object of thousands of blobs can
// be held.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual std::uint64_t size() const = 0;
  // Up to `count` bytes from `offset`; empty at the end. One after the other.
  virtual Task<Result<std::string>> read(std::uint64_t offset, std::size_t count) = 0;
};

class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual std::unique_ptr<BlobWriter> create() = 0;
  // not_found: it was dropped, and that commit can be seen by now.
  virtual Result<std::unique_ptr<BlobReader>> open(const BlobId& blob) = 0;
  // The file itself, for unpacking a code package.
  virtual std::string path(const BlobId& blob) const = 0;
};

}  // namespace cloudlet::store
