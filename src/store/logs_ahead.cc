#include "store/logs_ahead.h"

namespace cloudlet::store {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr std::size_t zeros_at_once = 1024 * 1024;

// A log in a prepared file: appends where the last append ended.
class PreparedLog final : public rocksdb::FSWritableFile {
 public:
  explicit PreparedLog(std::unique_ptr<rocksdb::FSRandomRWFile> file) : file_(std::move(file)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    auto status = file_->Write(end_, data, options, context);
    if (status.ok()) end_ += data.size();
    return status;
  }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    return file_->Close(options, context);
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    return file_->Sync(options, context);
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return end_; }

 private:
  const std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  std::uint64_t end_ = 0;
};

}  // namespace

LogsAhead::LogsAhead(std::shared_ptr<rocksdb::FileSystem> below, const std::string& folder,
                     std::size_t bytes)
    : FileSystemWrapper(std::move(below)),
      folder_(folder),
      path_(folder + "/log.ahead"),
      bytes_(bytes) {}

LogsAhead::~LogsAhead() {
  ends_ = true;
  if (filling_.joinable()) filling_.join();
}

IOStatus LogsAhead::discard() {
  if (filling_.joinable()) filling_.join();
  state_ = State::none;
  if (!FileExists(path_, IOOptions(), nullptr).ok()) return IOStatus::OK();
  return DeleteFile(path_, IOOptions(), nullptr);
}

void LogsAhead::prepare(std::uint64_t spare) {
  if (state_ != State::none) return;
  std::uint64_t free = 0;
  if (!GetFreeSpace(folder_, IOOptions(), &free, nullptr).ok() || free < spare + bytes_) return;
  if (filling_.joinable()) filling_.join();
  state_ = State::preparing;
  filling_ = std::thread([this] { state_ = fill().ok() ? State::ready : State::none; });
}

// Synced piece by piece: one large piece would hold up everybody else's syncs.
IOStatus LogsAhead::fill() const {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = target()->NewWritableFile(path_, FileOptions(), &file, nullptr);
  const std::string zeros(std::min(bytes_, zeros_at_once), '\0');
  for (std::size_t written = 0; status.ok() && written < bytes_; written += zeros.size()) {
    if (ends_) return IOStatus::Aborted();
    status = file->Append(zeros, IOOptions(), nullptr);
    if (status.ok()) status = file->Sync(IOOptions(), nullptr);
  }
  if (status.ok()) status = file->Close(IOOptions(), nullptr);
  if (!status.ok()) (void)target()->DeleteFile(path_, IOOptions(), nullptr);  // its space is wanted
  return status;
}

IOStatus LogsAhead::NewWritableFile(const std::string& path, const FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    IODebugContext* context) {
  auto expected = State::ready;
  if (!path.ends_with(".log") || !state_.compare_exchange_strong(expected, State::none))
    return target()->NewWritableFile(path, options, result, context);
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  auto status = target()->RenameFile(path_, path, options.io_options, context);
  if (status.ok()) status = target()->NewRandomRWFile(path, options, &file, context);
  if (!status.ok()) return status;
  *result = std::make_unique<PreparedLog>(std::move(file));
  return status;
}

}  // namespace cloudlet::store
