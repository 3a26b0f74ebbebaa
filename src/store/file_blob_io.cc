#include "store/file_blob_io.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "store/disk_full.h"
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

Error failed(const char* what, const rocksdb::Status& status) {
  if (is_disk_full(status)) return disk_full();
  return Error(errors::service_unavailable, fmt::format("{}: {}", what, status.ToString()));
}

}  // namespace

FileBlobWriter::~FileBlobWriter() {
  if (!file_) return;
  file_.reset();
  if (!finished_) (void)blobs_.env_.DeleteFile(place_.string());
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
  if (!file_) {
    const auto made = blobs_.env_.NewWritableFile(place_.string(), &file_, rocksdb::EnvOptions());
    if (!made.ok()) return failed("cannot create a blob", made);
  }
  const auto written = file_->Append(bytes);
  if (!written.ok()) return failed("cannot write a blob", written);
  return {};
}

Result<void> FileBlobWriter::put_in_place() {
  CHECK(append({}));
  const auto target = blobs_.place(blob_);
  {
    std::scoped_lock lock(blobs_.mutex_);
    if (blobs_.looking_for_orphans_) blobs_.fresh_.insert(blob_);
  }
  const auto folder = target.parent_path();
  auto status = blobs_.env_.CreateDirIfMissing(folder.string());
  if (!status.ok()) return failed("cannot create a folder for a blob", status);
  // A file system that could not write what it took may have forgotten it: see Store.
  if (!blobs_.is_temporary_ && !(status = file_->Sync()).ok())
    stop_process(fmt::format("syncing {} failed: {}", place_.string(), status.ToString()));
  status = file_->Close();
  if (status.ok()) status = blobs_.env_.RenameFile(place_.string(), target.string());
  if (!status.ok()) return failed("cannot put a blob in place", status);
  finished_ = true;
  if (!blobs_.is_temporary_) blobs_.sync_folders(folder);
  return {};
}

FileBlobReader::~FileBlobReader() { blobs_.release(blob_); }

Task<Result<std::string>> FileBlobReader::read(std::uint64_t offset, std::size_t count) {
  auto work = [this, offset, count] { return read_now(offset, count); };
  auto bytes = elsewhere(blobs_.threads_, std::move(work));
  co_return co_await std::move(bytes);
}

Result<std::string> FileBlobReader::read_now(std::uint64_t offset, std::size_t count) {
  if (!file_) {
    const auto opened =
        blobs_.env_.NewRandomAccessFile(blobs_.path(blob_), &file_, rocksdb::EnvOptions());
    if (!opened.ok()) return failed("cannot open a blob", opened);
  }
  std::string bytes(offset < size_ ? std::min<std::uint64_t>(count, size_ - offset) : 0, '\0');
  if (bytes.empty()) return bytes;
  rocksdb::Slice read;
  const auto status = file_->Read(offset, bytes.size(), &read, bytes.data());
  if (!status.ok()) return failed("cannot read a blob", status);
  if (read.size() != bytes.size())
    return Error(errors::service_unavailable, "cannot read a blob: its file was cut short");
  if (read.data() != bytes.data()) bytes.assign(read.data(), read.size());
  return bytes;
}

}  // namespace cloudlet::store
