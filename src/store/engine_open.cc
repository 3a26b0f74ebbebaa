// Opening: what a kill or a power cut leaves is repaired, what only damage can leave is refused.
//
// An unfinished or unsynced end of the log is what a crash leaves; it was never acknowledged and is
// dropped. RocksDB cannot tell that from damage in the middle. So it opens strictly first; if it
// finds anything wrong with the log, the store is read (changing nothing) up to the flaw, and only
// if all that was acknowledged lies before it, it is dropped.
#include <rocksdb/env.h>

#include "base/log.h"
#include "store/disk_full.h"
#include "store/engine.h"
#include "store/engine_format.h"
#include "store/engine_options.h"

namespace cloudlet::store {
namespace {

using rocksdb::Status;
using rocksdb::WALRecoveryMode;

Error refused(std::string text) { return Error(errors::service_unavailable, std::move(text)); }

Error damaged(const std::string& folder, const std::string& text) {
  return refused(fmt::format(
      "the store in {} is damaged: {}. Nothing was changed. Put the folder back from a copy, or "
      "move it away to begin with an empty store",
      folder, text));
}

// The store's own words for what RocksDB says when it cannot open.
Error cannot_open(const std::string& folder, const Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("lock") != std::string::npos)
    return refused(fmt::format(
        "the data folder {} is in use by another cloudlet process; stop that one first, or give "
        "this one a folder of its own",
        folder));
  if (status.IsCorruption()) return damaged(folder + "/db", text);
  if (is_disk_full(status))
    return refused(fmt::format(
        "the disk that holds the data folder {} is full: to be opened it needs some 16 MiB; free "
        "them and start again. Nothing is lost ({})",
        folder, text));
  return refused(fmt::format("cannot open the store in {}: {}", folder, text));
}

Engine::State read_state(rocksdb::DB& db) {
  std::string bytes;
  const auto status = db.Get(rocksdb::ReadOptions(), state_key().bytes(), &bytes);
  if (!status.ok() && !status.IsNotFound())
    throw BrokenInvariant("cannot read the store: " + status.ToString());
  return decode_state(bytes);
}

}  // namespace

Engine::Engine(const Options& options) : options_(options) {
  if (options.durability == Durability::memory) {
    made_env_.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
    env_ = made_env_.get();
    folder_ = "/cloudlet";
    return;
  }
  env_ = options.env != nullptr ? options.env : rocksdb::Env::Default();
  folder_ = options.folder.lexically_normal().string();
  if (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
  if (options.durability != Durability::sync) return;
  logs_ = std::make_shared<LogsAhead>(env_->GetFileSystem(), folder_ + "/db",
                                      options.write_buffer_bytes + options.write_buffer_bytes / 4);
  made_env_ = rocksdb::NewCompositeEnv(logs_);
  env_ = made_env_.get();
}

Result<std::unique_ptr<Engine>> Engine::open(const Options& options) {
  std::unique_ptr<Engine> engine(new Engine(options));
  CHECK(engine->prepare());
  CHECK(engine->open_db());
  CHECK(engine->prepare_marker());
  return engine;
}

Status Engine::sync_folder(const std::string& folder) const {
  std::unique_ptr<rocksdb::Directory> directory;
  const auto status = env_->NewDirectory(folder, &directory);
  return status.ok() ? directory->Fsync() : status;
}

// With what is missing above it; each is there after a power cut too.
Status Engine::create_folder(const std::string& folder) const {
  if (env_->FileExists(folder).ok()) return Status::OK();
  std::string above = std::filesystem::path(folder).parent_path().string();
  if (above.empty()) above = ".";
  auto status = create_folder(above);
  if (status.ok()) status = env_->CreateDirIfMissing(folder);
  return status.ok() ? sync_folder(above) : status;
}

// The folder, and the file that says which format it has: written before anything else, checked
// before anything else.
Result<void> Engine::prepare() {
  if (options_.durability == Durability::memory) {
    if (!env_->CreateDirIfMissing(folder_).ok()) return refused("cannot begin a store in memory");
    return {};
  }
  const std::string file = folder_ + "/format";
  std::string found;
  auto status = rocksdb::ReadFileToString(env_, file, &found);
  if (status.ok() && found == format_version) return {};
  if (status.ok())
    return refused(fmt::format(
        "{} names a format that this cloudlet does not know; use the cloudlet that wrote it, or "
        "another data folder",
        file));
  if (!status.IsNotFound() && !status.IsPathNotFound())
    return refused(fmt::format("cannot read {}: {}", file, status.ToString()));
  if (env_->FileExists(folder_ + "/db/CURRENT").ok())
    return damaged(folder_, file + " is missing, so nobody can say which format this is");
  const std::string fresh = file + ".new";
  status = create_folder(folder_);
  if (status.ok())
    status = rocksdb::WriteStringToFile(env_, std::string(format_version), fresh, true);
  if (status.ok()) status = env_->RenameFile(fresh, file);
  if (status.ok()) status = sync_folder(folder_);
  if (!status.ok())
    return refused(fmt::format("cannot begin a store in {}: {}", folder_, status.ToString()));
  return {};
}

// Readers may hold the database longer than this lives; it needs its file system.
void Engine::own(rocksdb::DB* db) {
  db_ = std::shared_ptr<rocksdb::DB>(db, [env = made_env_](rocksdb::DB* last) { delete last; });
  log_prepared_ = false;
}

Result<void> Engine::open_db() {
  auto strict = engine_options(options_, env_, merging_failed_);
  strict.wal_recovery_mode = WALRecoveryMode::kAbsoluteConsistency;
  rocksdb::DB* db = nullptr;
  auto status = env_->CreateDirIfMissing(folder_ + "/db");
  if (status.ok() && logs_) status = logs_->discard();
  if (status.ok()) status = rocksdb::DB::Open(strict, folder_ + "/db", &db);
  if (status.IsCorruption()) return open_without_torn_end(status);
  if (!status.ok()) return cannot_open(folder_, status);
  own(db);
  state_ = read_state(*db_);
  CHECK(check_acknowledged(state_));
  // RocksDB syncs what is in `db`, not that `db` is in the folder.
  if (options_.durability != Durability::memory) status = sync_folder(folder_);
  if (!status.ok()) return refused(fmt::format("cannot sync {}: {}", folder_, status.ToString()));
  return {};
}

Result<void> Engine::open_without_torn_end(const Status& why) {
  auto lenient = engine_options(options_, env_, merging_failed_);
  lenient.wal_recovery_mode = WALRecoveryMode::kPointInTimeRecovery;
  rocksdb::DB* db = nullptr;
  auto status = rocksdb::DB::OpenForReadOnly(lenient, folder_ + "/db", &db);
  if (!status.ok()) return cannot_open(folder_, why);
  {
    const std::unique_ptr<rocksdb::DB> reading(db);
    CHECK(check_acknowledged(read_state(*reading)));
  }
  log::info("store", "dropped an end of the log that was never acknowledged");
  status = rocksdb::DB::Open(lenient, folder_ + "/db", &db);
  if (!status.ok()) return cannot_open(folder_, status);
  own(db);
  state_ = read_state(*db_);
  return {};
}

Result<void> Engine::check_acknowledged(const State& found) const {
  if (options_.durability == Durability::memory) return {};
  std::string bytes;
  const auto status = rocksdb::ReadFileToString(env_, marker_path(folder_), &bytes);
  if (status.IsNotFound() || status.IsPathNotFound()) return {};
  if (!status.ok())
    return refused(fmt::format("cannot read {}: {}", marker_path(folder_), status.ToString()));
  const auto acknowledged = decode_marker(bytes);
  if (!acknowledged || found.group >= *acknowledged) return {};
  return damaged(
      folder_ + "/db",
      fmt::format(
          "its log ends at commit {}, but commits up to {} were acknowledged (to go on without the "
          "missing ones, remove {})",
          found.group, *acknowledged, marker_path(folder_)));
}

Result<void> Engine::prepare_marker() {
  if (options_.durability == Durability::memory) return {};
  const std::string file = marker_path(folder_);
  auto status = env_->FileExists(file);
  if (status.IsNotFound()) {
    status = rocksdb::WriteStringToFile(env_, encode_marker(state_.group), file, true);
    if (status.ok()) status = sync_folder(folder_);
  }
  if (status.ok()) status = env_->NewRandomRWFile(file, &acknowledged_, rocksdb::EnvOptions());
  if (!status.ok()) return refused(fmt::format("cannot write {}: {}", file, status.ToString()));
  return {};
}

}  // namespace cloudlet::store
