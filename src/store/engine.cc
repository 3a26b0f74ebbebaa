#include "store/engine.h"

#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include "base/log.h"
#include "store/engine_options.h"
#include "store/fatal.h"

namespace cloudlet::store {
namespace {

constexpr std::string_view format_version = "cloudlet store 1\n";

Error refused(std::string text) { return Error(errors::service_unavailable, std::move(text)); }

// The store's own words for what RocksDB says when it cannot open.
Error cannot_open(const std::string& folder, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("lock") != std::string::npos)
    return refused(fmt::format(
        "the data folder {} is in use by another cloudlet process; stop that one first, or give "
        "this one a folder of its own",
        folder));
  if (status.IsCorruption())
    return refused(fmt::format(
        "the store in {} is damaged ({}); nothing was changed: put the folder back from a copy, "
        "or move it away to begin with an empty store",
        folder, text));
  return refused(fmt::format("cannot open the store in {}: {}", folder, text));
}

}  // namespace

Engine::~Engine() { close(); }

Result<std::unique_ptr<Engine>> Engine::open(const Options& options) {
  std::unique_ptr<Engine> engine(new Engine);
  engine->durability_ = options.durability;
  if (options.durability == Durability::memory) {
    engine->memory_.reset(rocksdb::NewMemEnv(rocksdb::Env::Default()));
    engine->env_ = engine->memory_.get();
    engine->folder_ = "/cloudlet";
  } else {
    engine->env_ = options.env != nullptr ? options.env : rocksdb::Env::Default();
    engine->folder_ = options.folder.string();
  }
  CHECK(engine->prepare(options));
  rocksdb::DB* db = nullptr;
  const auto status =
      rocksdb::DB::Open(engine_options(options, engine->env_), engine->folder_ + "/db", &db);
  if (!status.ok()) return cannot_open(engine->folder_, status);
  engine->db_.reset(db);
  return engine;
}

// The folder, and the file that says which format it has: written before anything else, checked
// before anything else.
Result<void> Engine::prepare(const Options& options) {
  if (durability_ == Durability::memory) return {};
  const std::string file = folder_ + "/format";
  auto status = env_->CreateDirIfMissing(folder_);
  if (!status.ok())
    return refused(fmt::format("cannot create the data folder {}: {}", folder_, status.ToString()));
  std::string found;
  status = rocksdb::ReadFileToString(env_, file, &found);
  if (status.ok() && found == format_version) return {};
  if (status.ok())
    return refused(fmt::format(
        "{} names a format that this cloudlet does not know; use the cloudlet that wrote it, or "
        "another data folder",
        file));
  if (!status.IsNotFound() && !status.IsPathNotFound())
    return refused(fmt::format("cannot read {}: {}", file, status.ToString()));
  const std::string fresh = file + ".new";
  status = rocksdb::WriteStringToFile(env_, std::string(format_version), fresh, true);
  if (status.ok()) status = env_->RenameFile(fresh, file);
  if (!status.ok()) return refused(fmt::format("cannot write {}: {}", file, status.ToString()));
  return {};
}

Engine::Written Engine::write(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions how;
  how.disableWAL = durability_ == Durability::memory;
  const auto status = db_->Write(how, &batch);
  if (status.ok()) return Written::yes;
  if (status.IsNoSpace()) return Written::disk_full;
  stop_process(fmt::format("writing to the store in {} failed: {}", folder_, status.ToString()));
}

void Engine::sync() {
  const auto status = db_->SyncWAL();
  if (!status.ok())
    stop_process(fmt::format("syncing the store in {} failed: {}", folder_, status.ToString()));
}

bool Engine::recover() { return db_->Resume().ok(); }

std::uint64_t Engine::free_bytes() const {
  std::uint64_t bytes = unlimited;
  if (durability_ == Durability::memory || !env_->GetFreeSpace(folder_, &bytes).ok())
    return unlimited;
  return bytes;
}

// What is in tables already need not be replayed: the next start is quick.
void Engine::close() {
  if (!db_) return;
  if (const auto status = db_->Flush(rocksdb::FlushOptions()); !status.ok())
    log::warning("store", "the next start replays the log, for flushing failed: {}",
                 status.ToString());
  db_.reset();
}

}  // namespace cloudlet::store
