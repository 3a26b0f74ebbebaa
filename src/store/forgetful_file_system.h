// For tests: a file system in memory that knows what was synced. `image` is what a power cut at
// this moment might leave.
//
// A file keeps a synced length, a directory the changes since its last sync. An image keeps at
// least what was synced, and of the rest some prefix: of each directory's changes, of each file's
// bytes (whose end may be garbage). Of what was written over in a log since its last sync an image
// keeps any pages; in other files all of it, and nobody may rely on that.
#pragma once

#include <rocksdb/file_system.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace cloudlet::store {

class ForgetfulFileSystem final : public rocksdb::FileSystem {
 public:
  using IOStatus = rocksdb::IOStatus;
  using IOOptions = rocksdb::IOOptions;
  using FileOptions = rocksdb::FileOptions;
  using IODebugContext = rocksdb::IODebugContext;

  struct File {
    std::string bytes;
    std::size_t synced = 0;
    std::map<std::size_t, std::string> before;  // what was written over since, by its offset
  };

  // After `operations` more changes `then` is called, before the next one, with nothing else going
  // on in here. It may call `image_locked`.
  void interrupt_after(std::size_t operations, std::function<void()> then);
  std::shared_ptr<ForgetfulFileSystem> image(Random& random) const;
  std::shared_ptr<ForgetfulFileSystem> image_locked(Random& random) const;

  void set_full(bool full);                  // appending fails as on a full disk
  void set_full_for_merging(bool full);      // the same for what the engine merges only
  void set_free_bytes(std::uint64_t bytes);  // what it says is free
  void fail_syncs(bool fail);
  // Spoils the byte at `offset` (from the end if negative) of the newest file whose name ends so.
  // Its name, or "".
  std::string spoil(const std::string& ending, std::int64_t offset);
  std::vector<std::string> files() const;

  const char* Name() const override { return "ForgetfulFileSystem"; }
  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext*) override;
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext*) override;
  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext*) override;
  IOStatus NewRandomRWFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                           IODebugContext*) override;
  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) override;
  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* result,
                       IODebugContext*) override;
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override;
  IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* size,
                       IODebugContext*) override;
  IOStatus GetFileModificationTime(const std::string& path, const IOOptions&, std::uint64_t* time,
                                   IODebugContext*) override;
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override;
  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override;
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override;
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override;
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result,
                           IODebugContext*) override;
  IOStatus GetFreeSpace(const std::string& path, const IOOptions&, std::uint64_t* bytes,
                        IODebugContext*) override;
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is,
                       IODebugContext*) override;

 private:
  friend class ForgetfulWriter;
  friend class ForgetfulReader;
  friend class ForgetfulPatcher;
  friend class ForgetfulDirectory;
  using Entry = std::shared_ptr<File>;  // null: a directory
  using Entries = std::map<std::string, Entry>;
  struct Change {
    std::string removed;
    std::string added;
    Entry entry;
  };

  void count_operation();  // with mutex_ held, before any change
  void change(Change change);
  IOStatus append(File& file, const rocksdb::Slice& data);
  IOStatus overwrite(File& file, std::size_t offset, const rocksdb::Slice& data);
  IOStatus sync(File& file);
  IOStatus sync_directory(const std::string& path);
  static void apply(Entries& entries, const Change& change);
  static void undo_some(File& file, Random& random);
  static void lose_some(File& file, bool may_be_garbage, Random& random);
  static void spoil_some(File& file, bool may_be_garbage, Random& random);
  Entry find(const std::string& path) const;

  mutable std::mutex mutex_;
  Entries live_;
  Entries durable_;
  std::map<std::string, std::vector<Change>> pending_;  // by directory, since its last sync
  std::set<std::string> locked_;
  std::size_t until_interrupt_ = 0;
  std::function<void()> interrupt_;
  bool full_ = false;
  bool full_for_merging_ = false;
  bool syncs_fail_ = false;
  std::uint64_t free_bytes_ = std::uint64_t{1} << 40;
};

}  // namespace cloudlet::store
