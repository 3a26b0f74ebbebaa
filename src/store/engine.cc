// How groups get into RocksDB's log and tables. The log is only ever changed for a new one here,
// when all that it holds is synced: with an unsynced end in an older log and a newer one behind it
// a power cut could leave a hole.
#include "store/engine.h"

#include <rocksdb/env.h>
#include <rocksdb/experimental.h>
#include <rocksdb/write_batch.h>

#include "base/log.h"
#include "store/disk_full.h"
#include "store/engine_format.h"
#include "store/fatal.h"

namespace cloudlet::store {

Engine::~Engine() { close(); }

Engine::Written Engine::write(rocksdb::WriteBatch& batch, const State& state) {
  if (log_is_due()) change_log();
  batch.Put(state_key().bytes(), encode(state));
  rocksdb::WriteOptions how;
  how.disableWAL = options_.durability == Durability::memory;
  const auto status = db_->Write(how, &batch);
  if (is_disk_full(status)) return Written::disk_full;
  if (!status.ok())
    stop_process(fmt::format("writing to the store in {} failed: {}", folder_, status.ToString()));
  bytes_in_log_ += batch.GetDataSize();
  state_ = state;
  if (logs_ && !log_ordered_ && bytes_in_log_ > options_.write_buffer_bytes / 64) {
    log_ordered_ = true;
    logs_->prepare(options_.reserve_bytes + 2 * options_.write_buffer_bytes);
  }
  return Written::yes;
}

// Full, or the first one of this process, which nobody prepared, while a better one is ready.
bool Engine::log_is_due() const {
  if (bytes_in_log_ > options_.write_buffer_bytes) return true;
  return logs_ && !log_prepared_ && logs_->ready() &&
         bytes_in_log_ > options_.write_buffer_bytes / 16;
}

void Engine::change_log() {
  if (options_.durability == Durability::interval) sync(state_.group);
  // There may be room by now for what the disk was too full for.
  if (merging_failed_->exchange(false) && !db_->Resume().ok()) *merging_failed_ = true;
  const bool prepared = logs_ && logs_->ready();
  rocksdb::FlushOptions in_the_background;
  in_the_background.wait = false;
  in_the_background.allow_write_stall = true;
  // A full disk shows in the next write.
  if (!db_->Flush(in_the_background).ok()) return;
  bytes_in_log_ = 0;
  log_prepared_ = prepared;
  log_ordered_ = false;
}

void Engine::sync(std::uint64_t group) {
  const auto status = db_->SyncWAL();
  if (!status.ok())
    stop_process(fmt::format("syncing the store in {} failed: {}", folder_, status.ToString()));
  // Not synced itself: too old a number only means that less can be checked.
  if (const auto marked = acknowledged_->Write(0, encode_marker(group)); !marked.ok())
    stop_process(fmt::format("writing {} failed: {}", marker_path(folder_), marked.ToString()));
}

bool Engine::recover() {
  if (db_.use_count() > 1 || !has_space()) return false;
  db_.reset();
  if (const auto opened = open_db(); opened.has_error()) stop_process(opened.error().message());
  log::info("store", "there is space on the disk again");
  return true;
}

bool Engine::make_room() {
  const auto now = std::chrono::steady_clock::now();
  if (now < room_made_ + std::chrono::seconds(1)) return false;
  room_made_ = now;
  if (bytes_in_log_ > 0) change_log();
  return rocksdb::experimental::SuggestCompactRange(db_.get(), nullptr, nullptr).ok();
}

// Can as much be written as opening may need? Quotas and the like do not show in what is said to be
// free.
bool Engine::has_space() const {
  const std::string probe = folder_ + "/probe";
  const auto status = rocksdb::WriteStringToFile(
      env_, std::string(2 * options_.write_buffer_bytes, 'x'), probe, true);
  return env_->DeleteFile(probe).ok() && status.ok();
}

std::uint64_t Engine::free_bytes() const {
  std::uint64_t bytes = unlimited;
  if (options_.durability == Durability::memory || !env_->GetFreeSpace(folder_, &bytes).ok())
    return unlimited;
  return bytes;
}

// What is in tables already need not be replayed: the next start is quick.
void Engine::close() {
  if (!db_) return;
  if (options_.durability != Durability::memory) {
    if (const auto status = db_->Flush(rocksdb::FlushOptions()); !status.ok())
      log::warning("store", "the next start replays the log, for flushing failed: {}",
                   status.ToString());
  }
  db_.reset();
}

}  // namespace cloudlet::store
