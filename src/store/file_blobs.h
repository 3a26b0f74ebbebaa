// Blobs as files under `blobs/`, in folders named after their first two digits; those being written
// in `blobs/new/`. They go through the store's file system, so that the tests' one can forget them.
#pragma once

#include <rocksdb/env.h>

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "store/blobs.h"
#include "store/store.h"

namespace cloudlet::store {

class FileBlobs final : public Blobs {
 public:
  static Result<std::unique_ptr<FileBlobs>> open(const Options& options, Random& random);
  ~FileBlobs() override;

  std::unique_ptr<BlobWriter> create() override;
  Result<std::unique_ptr<BlobReader>> open(const BlobId& blob) override;
  std::string path(const BlobId& blob) const override;

  // Removes, in the background, what no transaction kept (`is_kept` is asked) before the process
  // ended last.
  void start(std::function<bool(const BlobId&)> is_kept);
  // After the commit that dropped it: once nobody reads it any more.
  void remove(const BlobId& blob);
  // Takes what was dropped from those who still read it.
  void stop();

 private:
  friend class FileBlobWriter;
  friend class FileBlobReader;
  FileBlobs(std::filesystem::path folder, const Options& options, Random& random);
  Result<void> prepare();
  void remove_orphans(const std::function<bool(const BlobId&)>& is_kept);
  std::filesystem::path place(const BlobId& blob) const;
  // One reader less.
  void release(const BlobId& blob);
  void unlink_soon(const BlobId& blob);
  // With less than the store's reserve free on the disk, blobs leave it to the log.
  bool has_space() const;
  void sync_folder(const std::filesystem::path& folder) const;
  void sync_folders(const std::filesystem::path& of_blob);

  rocksdb::Env& env_;
  const std::filesystem::path folder_;
  const bool is_temporary_;
  const std::uint64_t reserve_bytes_;
  Random& random_;
  std::mutex mutex_;
  std::set<BlobId> fresh_;  // finished before all orphans were found: not kept then, but no orphans
  struct Readers {
    std::size_t count = 0;
    bool dropped = false;
  };
  std::map<BlobId, Readers> read_;         // those with readers
  std::set<BlobId> going_;                 // to be unlinked, by nobody read
  std::set<std::filesystem::path> there_;  // folders that a power cut leaves where they are
  bool looking_for_orphans_ = !is_temporary_;
  std::atomic<bool> stopping_ = false;
  asio::thread_pool threads_{3};
};

}  // namespace cloudlet::store
