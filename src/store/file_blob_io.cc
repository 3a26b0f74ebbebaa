#include "store/file_blob_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "store/fatal.h"

namespace cloudlet::store {
namespace {

// Runs `work` (which blocks) on `threads`; goes on where the caller ran. The guard keeps that place
// alive until the post has returned, not only until what was posted has run.
template <class Work>
auto elsewhere(asio::thread_pool& threads, Work work) -> Task<std::invoke_result_t<Work&>> {
  using Answer = std::invoke_result_t<Work&>;
  auto start = [&threads, work = std::move(work)](auto handler) mutable {
    auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
    asio::post(threads, [handler = std::move(handler), guard = std::move(guard),
                         work = std::move(work)]() mutable {
      const auto held = std::move(guard);
      asio::post(held.get_executor(), [handler = std::move(handler), answer = work()]() mutable {
        std::move(handler)(std::move(answer));
      });
    });
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Answer)>(
      std::move(start), asio::use_awaitable);
}

Error disk_full() {
  return {errors::service_unavailable,
          "the disk is full: writes are refused until there is space again"};
}

Error failed(const char* what) {
  if (errno == ENOSPC || errno == EDQUOT) return disk_full();
  return Error(errors::service_unavailable, std::string(what) + ": " + std::strerror(errno));
}

// A file system that could not write what it took may have forgotten it: see Store.
void sync_or_stop(int file, const std::filesystem::path& place) {
  if (::fsync(file) != 0)
    stop_process("syncing " + place.string() + " failed: " + std::strerror(errno));
}

}  // namespace

void sync_folder(const std::filesystem::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) stop_process("opening " + folder.string() + " failed: " + std::strerror(errno));
  sync_or_stop(file, folder);
  ::close(file);
}

FileBlobWriter::~FileBlobWriter() {
  if (file_ >= 0) ::close(file_);
  if (file_ >= 0 && !finished_) ::unlink(place_.c_str());
}

Task<Result<void>> FileBlobWriter::write(std::string bytes) {
  auto work = [this, bytes = std::move(bytes)] { return append(bytes); };
  auto written = elsewhere(blobs_.threads_, std::move(work));
  co_return co_await std::move(written);
}

Task<Result<BlobId>> FileBlobWriter::finish() {
  auto work = [this]() -> Result<void> { return put_in_place(); };
  auto placed = elsewhere(blobs_.threads_, std::move(work));
  CO_CHECK(co_await std::move(placed));
  co_return blob_;
}

Result<void> FileBlobWriter::append(const std::string& bytes) {
  assert_that(!finished_, "a finished blob is written to");
  if (!bytes.empty() && !blobs_.has_space()) return disk_full();
  if (file_ < 0) file_ = ::open(place_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) return failed("cannot create a blob");
  for (std::size_t done = 0; done < bytes.size();) {
    const auto count = ::write(file_, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("cannot write a blob");
    done += static_cast<std::size_t>(count);
  }
  return {};
}

Result<void> FileBlobWriter::put_in_place() {
  CHECK(append({}));
  const auto target = blobs_.place(blob_);
  {
    std::scoped_lock lock(blobs_.mutex_);
    if (blobs_.looking_for_orphans_) blobs_.fresh_.insert(blob_);
  }
  if (::mkdir(target.parent_path().c_str(), 0700) != 0 && errno != EEXIST)
    return failed("cannot create a folder for a blob");
  if (blobs_.syncs_) sync_or_stop(file_, place_);
  if (::rename(place_.c_str(), target.c_str()) != 0) return failed("cannot put a blob in place");
  finished_ = true;
  if (blobs_.syncs_) blobs_.sync_folders(target.parent_path());
  return {};
}

FileBlobReader::~FileBlobReader() {
  if (file_ >= 0) ::close(file_);
  blobs_.release(blob_);
}

Task<Result<std::string>> FileBlobReader::read(std::uint64_t offset, std::size_t count) {
  auto work = [this, offset, count] { return read_now(offset, count); };
  auto bytes = elsewhere(blobs_.threads_, std::move(work));
  co_return co_await std::move(bytes);
}

Result<std::string> FileBlobReader::read_now(std::uint64_t offset, std::size_t count) {
  if (file_ < 0) file_ = ::open(blobs_.path(blob_).c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) return failed("cannot open a blob");
  std::string bytes(offset < size_ ? std::min<std::uint64_t>(count, size_ - offset) : 0, '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const auto got =
        ::pread(file_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failed("cannot read a blob");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace cloudlet::store
