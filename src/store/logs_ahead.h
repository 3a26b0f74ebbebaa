// The next log's file, ready before it is needed: full of zeros and synced.
//
// Appending to a file changes its size, so that each sync of the log would wait for the file
// system's own journal as well. Writing over zeros that are there already changes nothing but the
// data (2 to 3 times faster on ext4). A file is used once and never again: what stands behind the
// log's end are zeros, which RocksDB's log reader passes over. That holds as long as only one
// record of the log may be unsynced, so this is for Durability::sync alone.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace cloudlet::store {

// A file system whose new logs (`*.log`) get the prepared file if there is one. All else passes
// through.
class LogsAhead final : public rocksdb::FileSystemWrapper {
 public:
  // `bytes`: what a log should have room for; it may grow beyond that, only slower.
  LogsAhead(std::shared_ptr<rocksdb::FileSystem> below, const std::string& folder,
            std::size_t bytes);
  ~LogsAhead() override;
  const char* Name() const override { return "LogsAhead"; }

  // Removes what an earlier process prepared: part of it may be written over.
  rocksdb::IOStatus discard();
  // Begins, on a thread of its own, unless one is ready. Not on a disk that is short of space
  // (`spare` bytes must stay free). A failure is no harm: the next log grows as it is written.
  void prepare(std::uint64_t spare);
  bool ready() const { return state_ == State::ready; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;

 private:
  enum class State { none, preparing, ready };

  rocksdb::IOStatus fill() const;

  const std::string folder_;
  const std::string path_;
  const std::size_t bytes_;
  std::atomic<State> state_ = State::none;
  std::atomic<bool> ends_ = false;
  std::thread filling_;
};

}  // namespace cloudlet::store
