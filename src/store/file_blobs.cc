#include "store/file_blobs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

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
  fs::path folder = in_memory ? fs::temp_directory_path() / ("cloudlet-" + random.hex(24))
                              : options.folder / "blobs";
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) fs::permissions(folder, fs::perms::owner_all, failure);
  if (!failure) fs::remove_all(folder / new_folder, failure);
  if (!failure) fs::create_directory(folder / new_folder, failure);
  if (failure)
    return Error(errors::service_unavailable, fmt::format("cannot create the folder {}: {}",
                                                          folder.string(), failure.message()));
  return std::unique_ptr<FileBlobs>(new FileBlobs(std::move(folder), options, random));
}

FileBlobs::FileBlobs(fs::path folder, const Options& options, Random& random)
    : folder_(std::move(folder)),
      is_temporary_(options.durability == Durability::memory),
      syncs_(options.durability == Durability::sync),
      reserve_bytes_(options.reserve_bytes),
      random_(random) {}

FileBlobs::~FileBlobs() { stop(); }

fs::path FileBlobs::place(const BlobId& blob) const {
  assert_that(is_name(blob.name), "this is no blob's name");
  return folder_ / blob.name.substr(0, 2) / blob.name;
}

std::string FileBlobs::path(const BlobId& blob) const { return place(blob).string(); }

bool FileBlobs::has_space() const {
  struct statvfs disk{};
  return is_temporary_ || ::statvfs(folder_.c_str(), &disk) != 0 ||
         std::uint64_t{disk.f_bavail} * disk.f_frsize >= reserve_bytes_;
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
  struct stat about{};
  if (::stat(file.c_str(), &about) == 0)
    return std::make_unique<FileBlobReader>(*this, blob, static_cast<std::uint64_t>(about.st_size));
  const int why = errno;
  release(blob);
  if (why == ENOENT) return missing();
  return Error(errors::service_unavailable,
               std::string("cannot open a blob: ") + std::strerror(why));
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
    ::unlink(place(blob).c_str());
    std::scoped_lock lock(mutex_);
    going_.erase(blob);
  });
}

void FileBlobs::start(std::function<bool(const BlobId&)> is_kept) {
  if (is_temporary_) return;
  looking_for_orphans_ = true;
  asio::post(threads_, [this, is_kept = std::move(is_kept)] {
    remove_orphans(is_kept);
    std::scoped_lock lock(mutex_);
    looking_for_orphans_ = false;
    fresh_.clear();
  });
}

void FileBlobs::remove_orphans(const std::function<bool(const BlobId&)>& is_kept) {
  std::error_code failure;
  std::size_t removed = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_, failure)) {
    if (stopping_) return;
    const BlobId blob{entry.path().filename().string()};
    if (!is_name(blob.name) || entry.path().parent_path().filename() == new_folder || is_kept(blob))
      continue;
    std::scoped_lock lock(mutex_);
    if (fresh_.contains(blob)) continue;
    ::unlink(entry.path().c_str());
    ++removed;
  }
  if (removed > 0) log::info("store", "removed {} blobs that nothing refers to", removed);
}

void FileBlobs::stop() {
  if (stopping_.exchange(true)) return;
  threads_.join();
  {
    std::scoped_lock lock(mutex_);
    for (const auto& [blob, readers] : read_)
      if (readers.dropped) ::unlink(place(blob).c_str());
  }
  std::error_code ignored;
  if (is_temporary_) fs::remove_all(folder_, ignored);
}

}  // namespace cloudlet::store
