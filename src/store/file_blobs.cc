#include "store/file_blobs.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "store/fatal.h"
#include "store/file_blob_io.h"

namespace cloudlet::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view new_folder = "new";

bool is_name(std::string_view name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<std::unique_ptr<FileBlobs>> FileBlobs::open(const Options& options, Random& random) {
  const bool in_memory = options.durability == Durability::memory;
  // Not from `random`: two processes with one seed must not share it.
  fs::path folder = in_memory ? fs::temp_directory_path() / ("cloudlet-" + system_random()->hex(24))
                              : options.folder / "blobs";
  std::unique_ptr<FileBlobs> blobs(new FileBlobs(std::move(folder), options, random));
  CHECK(blobs->prepare());
  return blobs;
}

FileBlobs::FileBlobs(fs::path folder, const Options& options, Random& random)
    : env_(options.env != nullptr && options.durability != Durability::memory
               ? *options.env
               : *rocksdb::Env::Default()),
      folder_(std::move(folder)),
      is_temporary_(options.durability == Durability::memory),
      reserve_bytes_(options.reserve_bytes),
      random_(random) {}

// The folders; what was being written when the process ended last is removed.
Result<void> FileBlobs::prepare() {
  const fs::path fresh = folder_ / new_folder;
  std::vector<std::string> unfinished;
  auto status = env_.CreateDirIfMissing(folder_.string());
  if (status.ok()) status = env_.CreateDirIfMissing(fresh.string());
  if (status.ok()) status = env_.GetChildren(fresh.string(), &unfinished);
  for (const std::string& name : unfinished)
    if (status.ok() && is_name(name)) status = env_.DeleteFile((fresh / name).string());
  std::error_code failure;
  if (status.ok() && &env_ == rocksdb::Env::Default())
    fs::permissions(folder_, fs::perms::owner_all, failure);
  if (status.ok() && !failure) return {};
  return Error(errors::service_unavailable,
               fmt::format("cannot prepare the folder {}: {}", folder_.string(),
                           failure ? failure.message() : status.ToString()));
}

FileBlobs::~FileBlobs() { stop(); }

fs::path FileBlobs::place(const BlobId& blob) const {
  assert_that(is_name(blob.name), "this is no blob's name");
  return folder_ / blob.name.substr(0, 2) / blob.name;
}

std::string FileBlobs::path(const BlobId& blob) const { return place(blob).string(); }

bool FileBlobs::has_space() const {
  std::uint64_t free = 0;
  return is_temporary_ || !env_.GetFreeSpace(folder_.string(), &free).ok() ||
         free >= reserve_bytes_;
}

void FileBlobs::sync_folder(const fs::path& folder) const {
  std::unique_ptr<rocksdb::Directory> directory;
  auto status = env_.NewDirectory(folder.string(), &directory);
  if (status.ok()) status = directory->Fsync();
  if (!status.ok())
    stop_process(fmt::format("syncing {} failed: {}", folder.string(), status.ToString()));
}

// After this a power cut leaves `of_blob` and what was put into it. That a folder exists says
// nothing of that: whoever made it may have died, or be on its way here.
void FileBlobs::sync_folders(const fs::path& of_blob) {
  sync_folder(of_blob);
  {
    const std::scoped_lock lock(mutex_);
    if (there_.contains(of_blob)) return;
  }
  sync_folder(folder_);
  sync_folder(folder_.parent_path());
  const std::scoped_lock lock(mutex_);
  there_.insert(of_blob);
}

std::unique_ptr<BlobWriter> FileBlobs::create() {
  BlobId blob{random_.hex(32)};
  auto place_now = folder_ / new_folder / blob.name;
  return std::make_unique<FileBlobWriter>(*this, std::move(blob), std::move(place_now));
}

Result<std::unique_ptr<BlobReader>> FileBlobs::open(const BlobId& blob) {
  const fs::path file = place(blob);
  const auto missing = [&] { return Error(errors::not_found, "there is no blob " + blob.name); };
  {
    std::scoped_lock lock(mutex_);
    if (going_.contains(blob)) return missing();
    ++read_[blob].count;
  }
  std::uint64_t size = 0;
  const auto status = env_.GetFileSize(file.string(), &size);
  if (status.ok()) return std::make_unique<FileBlobReader>(*this, blob, size);
  release(blob);
  if (status.IsNotFound() || status.IsPathNotFound()) return missing();
  return Error(errors::service_unavailable, "cannot open a blob: " + status.ToString());
}

void FileBlobs::release(const BlobId& blob) {
  {
    std::scoped_lock lock(mutex_);
    const auto readers = read_.find(blob);
    if (--readers->second.count > 0) return;
    const bool dropped = readers->second.dropped;
    read_.erase(readers);
    if (!dropped) return;
    going_.insert(blob);
  }
  unlink_soon(blob);
}

void FileBlobs::remove(const BlobId& blob) {
  {
    std::scoped_lock lock(mutex_);
    if (const auto readers = read_.find(blob); readers != read_.end()) {
      readers->second.dropped = true;
      return;
    }
    going_.insert(blob);
  }
  unlink_soon(blob);
}

void FileBlobs::unlink_soon(const BlobId& blob) {
  asio::post(threads_, [this, blob] {
    (void)env_.DeleteFile(place(blob).string());
    std::scoped_lock lock(mutex_);
    going_.erase(blob);
  });
}

void FileBlobs::start(std::function<bool(const BlobId&)> is_kept) {
  if (is_temporary_) return;
  asio::post(threads_, [this, is_kept = std::move(is_kept)] {
    remove_orphans(is_kept);
    std::scoped_lock lock(mutex_);
    looking_for_orphans_ = false;
    fresh_.clear();
  });
}

void FileBlobs::remove_orphans(const std::function<bool(const BlobId&)>& is_kept) {
  std::size_t removed = 0;
  std::vector<std::string> folders, names;
  (void)env_.GetChildren(folder_.string(), &folders);
  for (const std::string& folder : folders) {
    if (folder.size() != 2 || !env_.GetChildren((folder_ / folder).string(), &names).ok()) continue;
    for (std::string& name : names) {
      if (stopping_) return;
      const BlobId blob{std::move(name)};
      if (!is_name(blob.name) || is_kept(blob)) continue;
      std::scoped_lock lock(mutex_);
      if (fresh_.contains(blob)) continue;
      (void)env_.DeleteFile(place(blob).string());
      ++removed;
    }
  }
  if (removed > 0) log::info("store", "removed {} blobs that nothing refers to", removed);
}

void FileBlobs::stop() {
  if (stopping_.exchange(true)) return;
  threads_.join();
  {
    std::scoped_lock lock(mutex_);
    for (const auto& [blob, readers] : read_)
      if (readers.dropped) (void)env_.DeleteFile(place(blob).string());
  }
  std::error_code ignored;
  if (is_temporary_) fs::remove_all(folder_, ignored);
}

}  // namespace cloudlet::store
