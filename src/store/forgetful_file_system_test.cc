// The forgetful file system, and the proof that it forgets.
#include "store/forgetful_file_system.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace cloudlet::store {

using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

std::string normal(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  for (std::size_t at; (at = path.find("//")) != std::string::npos;) path.erase(at, 1);
  return path;
}

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

struct Lock final : rocksdb::FileLock {
  explicit Lock(std::string p) : path(std::move(p)) {}
  std::string path;
};

}  // namespace

class ForgetfulWriter final : public rocksdb::FSWritableFile {
 public:
  ForgetfulWriter(ForgetfulFileSystem& fs, std::shared_ptr<ForgetfulFileSystem::File> file)
      : fs_(fs), file_(std::move(file)) {}
  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    std::scoped_lock lock(fs_.mutex_);
    if (fs_.full_for_merging_ && GetIOPriority() == rocksdb::Env::IO_LOW)
      return IOStatus::NoSpace("the test's disk is full");
    return fs_.append(*file_, data);
  }
  IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions&,
                    rocksdb::IODebugContext*) override {
    std::scoped_lock lock(fs_.mutex_);
    file_->bytes.resize(size);
    return IOStatus::OK();
  }
  IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    std::scoped_lock lock(fs_.mutex_);
    return fs_.sync(*file_);
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    std::scoped_lock lock(fs_.mutex_);
    return file_->bytes.size();
  }

 private:
  ForgetfulFileSystem& fs_;
  const std::shared_ptr<ForgetfulFileSystem::File> file_;
};

class ForgetfulReader final : public rocksdb::FSSequentialFile, public rocksdb::FSRandomAccessFile {
 public:
  ForgetfulReader(const ForgetfulFileSystem& fs, std::shared_ptr<ForgetfulFileSystem::File> file)
      : fs_(fs), file_(std::move(file)) {}
  IOStatus Read(std::size_t n, const rocksdb::IOOptions& options, Slice* result, char* scratch,
                rocksdb::IODebugContext* context) override {
    const auto status = Read(at_, n, options, result, scratch, context);
    at_ += result->size();
    return status;
  }
  IOStatus Skip(std::uint64_t n) override {
    at_ += n;
    return IOStatus::OK();
  }
  IOStatus Read(std::uint64_t offset, std::size_t n, const rocksdb::IOOptions&, Slice* result,
                char* scratch, rocksdb::IODebugContext*) const override {
    std::scoped_lock lock(fs_.mutex_);
    const std::string& bytes = file_->bytes;
    const std::size_t count =
        offset >= bytes.size() ? 0 : std::min<std::size_t>(n, bytes.size() - offset);
    if (count > 0) std::memcpy(scratch, bytes.data() + offset, count);
    *result = Slice(scratch, count);
    return IOStatus::OK();
  }
  IOStatus InvalidateCache(std::size_t, std::size_t) override { return IOStatus::OK(); }

 private:
  const ForgetfulFileSystem& fs_;
  const std::shared_ptr<ForgetfulFileSystem::File> file_;
  std::uint64_t at_ = 0;
};

class ForgetfulPatcher final : public rocksdb::FSRandomRWFile {
 public:
  ForgetfulPatcher(ForgetfulFileSystem& fs, std::shared_ptr<ForgetfulFileSystem::File> file)
      : fs_(fs), file_(std::move(file)) {}
  IOStatus Write(std::uint64_t offset, const Slice& data, const rocksdb::IOOptions&,
                 rocksdb::IODebugContext*) override {
    std::scoped_lock lock(fs_.mutex_);
    return fs_.overwrite(*file_, offset, data);
  }
  IOStatus Read(std::uint64_t offset, std::size_t n, const rocksdb::IOOptions& options,
                Slice* result, char* scratch, rocksdb::IODebugContext* context) const override {
    return ForgetfulReader(fs_, file_).Read(offset, n, options, result, scratch, context);
  }
  IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    std::scoped_lock lock(fs_.mutex_);
    return fs_.sync(*file_);
  }
  IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  ForgetfulFileSystem& fs_;
  const std::shared_ptr<ForgetfulFileSystem::File> file_;
};

class ForgetfulDirectory final : public rocksdb::FSDirectory {
 public:
  ForgetfulDirectory(ForgetfulFileSystem& fs, std::string path) : fs_(fs), path_(std::move(path)) {}
  IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return fs_.sync_directory(path_);
  }

 private:
  ForgetfulFileSystem& fs_;
  const std::string path_;
};

void ForgetfulFileSystem::interrupt_after(std::size_t operations, std::function<void()> then) {
  std::scoped_lock lock(mutex_);
  until_interrupt_ = operations;
  interrupt_ = std::move(then);
}

void ForgetfulFileSystem::count_operation() {
  if (!interrupt_ || until_interrupt_-- > 0) return;
  std::exchange(interrupt_, nullptr)();
}

std::shared_ptr<ForgetfulFileSystem> ForgetfulFileSystem::image(Random& random) const {
  std::scoped_lock lock(mutex_);
  return image_locked(random);
}

std::shared_ptr<ForgetfulFileSystem> ForgetfulFileSystem::image_locked(Random& random) const {
  auto image = std::make_shared<ForgetfulFileSystem>();
  Entries entries = durable_;
  for (const auto& [directory, changes] : pending_) {
    const std::size_t kept = random.below(changes.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) apply(entries, changes[i]);
  }
  for (const auto& [path, entry] : entries) {
    const std::string above = parent(path);
    if (!above.empty() && !image->live_.contains(above)) continue;  // its directory is lost
    auto copy = entry ? std::make_shared<File>(*entry) : nullptr;
    const bool is_log = path.ends_with(".log");
    if (copy && is_log) undo_some(*copy, random);
    if (copy) lose_some(*copy, is_log, random);
    image->live_.emplace(path, copy);
  }
  image->durable_ = image->live_;
  return image;
}

// Pages reach the disk in any order: one that did not is zeros (ext4, XFS). Logs must stand worse.
void ForgetfulFileSystem::spoil_some(File& file, bool may_be_garbage, Random& random) {
  constexpr std::size_t page = 4096;
  std::size_t from = file.synced + random.below(file.bytes.size() - file.synced);
  std::size_t to = std::min(file.bytes.size(), from + 1 + random.below(page));
  if (may_be_garbage && random.below(2) == 0) {
    file.bytes.replace(from, to - from, random.bytes(to - from));
    return;
  }
  from = std::max(file.synced, from / page * page);
  to = std::min(file.bytes.size(), (from / page + 1) * page);
  file.bytes.replace(from, to - from, std::string(to - from, '\0'));
}

// Of what was written over all, nothing, or any of its pages, some of them torn.
void ForgetfulFileSystem::undo_some(File& file, Random& random) {
  constexpr std::size_t page = 4096;
  const auto fate = random.below(3);
  for (const auto& [offset, before] : file.before) {
    for (std::size_t at = offset; at < offset + before.size();) {
      const std::size_t size = std::min(page - at % page, offset + before.size() - at);
      if (fate == 0 || (fate == 1 && random.below(2) == 0))
        file.bytes.replace(at, size, before, at - offset, size);
      else if (fate == 1 && random.below(8) == 0)
        file.bytes.replace(at, size, random.bytes(size));
      at += size;
    }
  }
  file.before.clear();
}

void ForgetfulFileSystem::lose_some(File& file, bool may_be_garbage, Random& random) {
  const std::size_t unsynced = file.bytes.size() - file.synced;
  if (unsynced > 0 && random.below(3) > 0) {
    const bool all_lost = random.below(2) == 0;
    file.bytes.resize(file.synced + (all_lost ? 0 : random.below(unsynced + 1)));
  }
  if (file.bytes.size() > file.synced && random.below(3) == 0)
    spoil_some(file, may_be_garbage, random);
  file.synced = file.bytes.size();
}

void ForgetfulFileSystem::set_full(bool full) {
  std::scoped_lock lock(mutex_);
  full_ = full;
}

void ForgetfulFileSystem::set_full_for_merging(bool full) {
  std::scoped_lock lock(mutex_);
  full_for_merging_ = full;
}

void ForgetfulFileSystem::set_free_bytes(std::uint64_t bytes) {
  std::scoped_lock lock(mutex_);
  free_bytes_ = bytes;
}

void ForgetfulFileSystem::fail_syncs(bool fail) {
  std::scoped_lock lock(mutex_);
  syncs_fail_ = fail;
}

std::string ForgetfulFileSystem::spoil(const std::string& ending, std::int64_t offset) {
  std::scoped_lock lock(mutex_);
  for (auto place = live_.rbegin(); place != live_.rend(); ++place) {
    if (!place->second || !place->first.ends_with(ending) || place->second->bytes.empty()) continue;
    std::string& bytes = place->second->bytes;
    bytes.at(offset < 0 ? bytes.size() + offset : offset) ^= 0x55;
    return place->first;
  }
  return "";
}

std::vector<std::string> ForgetfulFileSystem::files() const {
  std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [path, entry] : live_) names.push_back(path);
  return names;
}

void ForgetfulFileSystem::apply(Entries& entries, const Change& change) {
  if (!change.removed.empty()) entries.erase(change.removed);
  if (!change.added.empty()) entries[change.added] = change.entry;
}

void ForgetfulFileSystem::change(Change change) {
  count_operation();
  apply(live_, change);
  pending_[parent(change.added.empty() ? change.removed : change.added)].push_back(
      std::move(change));
}

IOStatus ForgetfulFileSystem::append(File& file, const Slice& data) {
  count_operation();
  if (full_) return IOStatus::NoSpace("the test's disk is full");
  file.bytes.append(data.data(), data.size());
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::overwrite(File& file, std::size_t offset, const Slice& data) {
  count_operation();
  const std::size_t end = offset + data.size();
  if (full_ && end > file.bytes.size()) return IOStatus::NoSpace("the test's disk is full");
  if (offset < file.synced)
    file.before.try_emplace(offset, file.bytes, offset, std::min(end, file.synced) - offset);
  file.bytes.resize(std::max(file.bytes.size(), end));
  file.bytes.replace(offset, data.size(), data.data(), data.size());
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::sync(File& file) {
  count_operation();
  if (syncs_fail_) return IOStatus::IOError("the test's disk fails");
  file.synced = file.bytes.size();
  file.before.clear();
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::sync_directory(const std::string& path) {
  std::scoped_lock lock(mutex_);
  count_operation();
  if (syncs_fail_) return IOStatus::IOError("the test's disk fails");
  for (const Change& change : std::exchange(pending_[path], {})) apply(durable_, change);
  return IOStatus::OK();
}

ForgetfulFileSystem::Entry ForgetfulFileSystem::find(const std::string& path) const {
  const auto place = live_.find(normal(path));
  return place == live_.end() ? nullptr : place->second;
}

IOStatus ForgetfulFileSystem::NewSequentialFile(const std::string& path, const FileOptions&,
                                                std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                                IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *result = std::make_unique<ForgetfulReader>(*this, file);
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::NewRandomAccessFile(
    const std::string& path, const FileOptions&,
    std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *result = std::make_unique<ForgetfulReader>(*this, file);
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::NewWritableFile(const std::string& path, const FileOptions&,
                                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                                              IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const std::string name = normal(path);
  if (!live_.contains(parent(name))) return IOStatus::PathNotFound(path);
  if (full_) return IOStatus::NoSpace("the test's disk is full");
  auto file = std::make_shared<File>();
  change({.removed = {}, .added = name, .entry = file});
  *result = std::make_unique<ForgetfulWriter>(*this, file);
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::NewRandomRWFile(const std::string& path, const FileOptions&,
                                              std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                                              IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *result = std::make_unique<ForgetfulPatcher>(*this, file);
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::NewDirectory(const std::string& path, const IOOptions&,
                                           std::unique_ptr<rocksdb::FSDirectory>* result,
                                           IODebugContext*) {
  std::scoped_lock lock(mutex_);
  if (normal(path) != "/" && !live_.contains(normal(path))) return IOStatus::PathNotFound(path);
  *result = std::make_unique<ForgetfulDirectory>(*this, normal(path) == "/" ? "" : normal(path));
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::FileExists(const std::string& path, const IOOptions&,
                                         IODebugContext*) {
  std::scoped_lock lock(mutex_);
  return normal(path) == "/" || live_.contains(normal(path)) ? IOStatus::OK()
                                                             : IOStatus::NotFound(path);
}

IOStatus ForgetfulFileSystem::GetChildren(const std::string& path, const IOOptions&,
                                          std::vector<std::string>* result, IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const std::string name = normal(path);
  if (!live_.contains(name)) return IOStatus::PathNotFound(path);
  result->clear();
  for (const auto& [child, entry] : live_)
    if (parent(child) == name) result->push_back(child.substr(name.size() + 1));
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::DeleteFile(const std::string& path, const IOOptions&,
                                         IODebugContext*) {
  std::scoped_lock lock(mutex_);
  if (!live_.contains(normal(path))) return IOStatus::PathNotFound(path);
  change({.removed = normal(path), .added = {}, .entry = nullptr});
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::CreateDir(const std::string& path, const IOOptions&,
                                        IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const std::string name = normal(path);
  if (live_.contains(name)) return IOStatus::IOError(path, "exists");
  if (!parent(name).empty() && !live_.contains(parent(name))) return IOStatus::PathNotFound(path);
  change({.removed = {}, .added = name, .entry = nullptr});
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                                 IODebugContext* context) {
  const auto status = CreateDir(path, options, context);
  if (status.ok()) return status;
  std::scoped_lock lock(mutex_);  // somebody else may have made it just before
  return live_.contains(normal(path)) ? IOStatus::OK() : status;
}

IOStatus ForgetfulFileSystem::DeleteDir(const std::string& path, const IOOptions& options,
                                        IODebugContext* context) {
  return DeleteFile(path, options, context);
}

IOStatus ForgetfulFileSystem::GetFileSize(const std::string& path, const IOOptions&,
                                          std::uint64_t* size, IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const auto file = find(path);
  if (!file) return IOStatus::PathNotFound(path);
  *size = file->bytes.size();
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::GetFileModificationTime(const std::string&, const IOOptions&,
                                                      std::uint64_t* time, IODebugContext*) {
  *time = 0;
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::RenameFile(const std::string& from, const std::string& to,
                                         const IOOptions&, IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const auto file = find(from);
  if (!file) return IOStatus::PathNotFound(from);
  change({.removed = normal(from), .added = normal(to), .entry = file});
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::LockFile(const std::string& path, const IOOptions&,
                                       rocksdb::FileLock** lock, IODebugContext*) {
  std::scoped_lock guard(mutex_);
  if (!locked_.insert(path).second) return IOStatus::IOError("lock " + path, "held");
  *lock = new Lock(path);
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::UnlockFile(rocksdb::FileLock* lock, const IOOptions&,
                                         IODebugContext*) {
  const std::unique_ptr<Lock> held(static_cast<Lock*>(lock));
  std::scoped_lock guard(mutex_);
  locked_.erase(held->path);
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::GetTestDirectory(const IOOptions&, std::string* path,
                                               IODebugContext*) {
  *path = "/test";
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::GetAbsolutePath(const std::string& path, const IOOptions&,
                                              std::string* result, IODebugContext*) {
  *result = normal(path);
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::GetFreeSpace(const std::string&, const IOOptions&,
                                           std::uint64_t* bytes, IODebugContext*) {
  std::scoped_lock lock(mutex_);
  *bytes = free_bytes_;
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::IsDirectory(const std::string& path, const IOOptions&, bool* is,
                                          IODebugContext*) {
  std::scoped_lock lock(mutex_);
  const auto place = live_.find(normal(path));
  if (place == live_.end()) return IOStatus::PathNotFound(path);
  *is = place->second == nullptr;
  return IOStatus::OK();
}

namespace {

TEST(ForgetfulFileSystem, KeepsWhatWasSyncedAndLosesTheRestSooner) {
  ForgetfulFileSystem fs;
  ASSERT_TRUE(fs.CreateDir("/d", {}, nullptr).ok());
  std::unique_ptr<rocksdb::FSDirectory> root;
  std::unique_ptr<rocksdb::FSDirectory> directory;
  ASSERT_TRUE(fs.NewDirectory("/", {}, &root, nullptr).ok());
  ASSERT_TRUE(fs.NewDirectory("/d", {}, &directory, nullptr).ok());
  ASSERT_TRUE(root->Fsync({}, nullptr).ok());
  std::unique_ptr<rocksdb::FSWritableFile> synced;
  std::unique_ptr<rocksdb::FSWritableFile> unsynced;
  ASSERT_TRUE(fs.NewWritableFile("/d/synced", {}, &synced, nullptr).ok());
  ASSERT_TRUE(directory->Fsync({}, nullptr).ok());
  ASSERT_TRUE(fs.NewWritableFile("/d/unsynced", {}, &unsynced, nullptr).ok());
  ASSERT_TRUE(synced->Append("kept", {}, nullptr).ok());
  ASSERT_TRUE(synced->Sync({}, nullptr).ok());
  ASSERT_TRUE(synced->Append("lost", {}, nullptr).ok());
  std::set<std::uint64_t> sizes;
  std::set<bool> there;
  const auto random = seeded_random(1);
  for (int i = 0; i < 100; ++i) {
    const auto image = fs.image(*random);
    std::uint64_t size = 0;
    ASSERT_TRUE(image->GetFileSize("/d/synced", {}, &size, nullptr).ok());
    sizes.insert(size);
    there.insert(image->FileExists("/d/unsynced", {}, nullptr).ok());
  }
  EXPECT_EQ(*sizes.begin(), 4);
  EXPECT_EQ(*sizes.rbegin(), 8);
  EXPECT_EQ(there.size(), 2)
      << "an entry whose directory was not synced is there at times, and at times not";
}

}  // namespace
TEST(ForgetfulFileSystem, KeepsAnyPagesOfWhatWasWrittenOverInALogUnlessItWasSynced) {
  ForgetfulFileSystem fs;
  ASSERT_TRUE(fs.CreateDir("/d", {}, nullptr).ok());
  std::unique_ptr<rocksdb::FSDirectory> directory;
  std::unique_ptr<rocksdb::FSWritableFile> zeros;
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  ASSERT_TRUE(fs.NewDirectory("/", {}, &directory, nullptr).ok());
  ASSERT_TRUE(directory->Fsync({}, nullptr).ok());
  ASSERT_TRUE(fs.NewDirectory("/d", {}, &directory, nullptr).ok());
  ASSERT_TRUE(fs.NewWritableFile("/d/1.log", {}, &zeros, nullptr).ok());
  ASSERT_TRUE(zeros->Append(std::string(12'288, '0'), {}, nullptr).ok());
  ASSERT_TRUE(zeros->Sync({}, nullptr).ok());
  ASSERT_TRUE(directory->Fsync({}, nullptr).ok());
  ASSERT_TRUE(fs.NewRandomRWFile("/d/1.log", {}, &file, nullptr).ok());
  ASSERT_TRUE(file->Write(0, std::string(100, 's'), {}, nullptr).ok());
  ASSERT_TRUE(file->Sync({}, nullptr).ok());
  ASSERT_TRUE(file->Write(100, std::string(8'000, 'u'), {}, nullptr).ok());
  std::set<std::string> left;
  const auto random = seeded_random(1);
  for (int i = 0; i < 200; ++i) {
    const auto image = fs.image(*random);
    std::unique_ptr<rocksdb::FSRandomRWFile> found;
    ASSERT_TRUE(image->NewRandomRWFile("/d/1.log", {}, &found, nullptr).ok());
    std::string bytes(12'288, ' ');
    Slice read;
    ASSERT_TRUE(found->Read(0, bytes.size(), {}, &read, bytes.data(), nullptr).ok());
    ASSERT_EQ(bytes.substr(0, 100), std::string(100, 's'));
    ASSERT_EQ(bytes.substr(8'100), std::string(4'188, '0'));
    left.insert({bytes[100], bytes[5'000]});
  }
  for (const auto* pages : {"00", "0u", "u0", "uu"}) EXPECT_TRUE(left.contains(pages)) << pages;
  EXPECT_GT(left.size(), 4u) << "a page is torn at times";
}

}  // namespace cloudlet::store
