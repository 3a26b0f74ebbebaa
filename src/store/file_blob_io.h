// One blob on its way in, one on its way out. The blocking work runs on the blobs' threads.
#pragma once

#include <filesystem>

#include "store/file_blobs.h"

namespace cloudlet::store {

class FileBlobWriter final : public BlobWriter {
 public:
  FileBlobWriter(FileBlobs& blobs, BlobId blob, std::filesystem::path place)
      : blobs_(blobs), blob_(std::move(blob)), place_(std::move(place)) {}
  ~FileBlobWriter() override;
  Task<Result<void>> write(std::string bytes) override;
  Task<Result<BlobId>> finish() override;

 private:
  Result<void> append(const std::string& bytes);
  Result<void> put_in_place();

  FileBlobs& blobs_;
  const BlobId blob_;
  const std::filesystem::path place_;
  std::unique_ptr<rocksdb::WritableFile> file_;  // made by the first write
  bool finished_ = false;
};

class FileBlobReader final : public BlobReader {
 public:
  // Counted among the blob's readers by who makes it.
  FileBlobReader(FileBlobs& blobs, BlobId blob, std::uint64_t size)
      : blobs_(blobs), blob_(std::move(blob)), size_(size) {}
  ~FileBlobReader() override;
  std::uint64_t size() const override { return size_; }
  Task<Result<std::string>> read(std::uint64_t offset, std::size_t count) override;

 private:
  Result<std::string> read_now(std::uint64_t offset, std::size_t count);

  FileBlobs& blobs_;
  const BlobId blob_;
  const std::uint64_t size_;
  std::unique_ptr<rocksdb::RandomAccessFile> file_;  // opened by the first read
};

}  // namespace cloudlet::store
