// The store's two threads: one runs bodies back to back and writes them as a group, the other syncs
// that group, feeds the views and tells the callers, while the first already runs the bodies of the
// next.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/durable_timers.h"
#include "store/engine.h"
#include "store/file_blobs.h"
#include "store/group.h"
#include "store/group_txn.h"
#include "store/store.h"
#include "store/view_feed.h"

namespace cloudlet::store {

class Sequencer final : public Store {
 public:
  Sequencer(Options options, Clock& clock, std::unique_ptr<Engine> engine,
            std::unique_ptr<FileBlobs> blobs);
  ~Sequencer() override;

  void watch(View& view) override;
  void start() override;
  void stop() override;
  void submit(Body body, Done done) override;
  void submit(Job& job) override;
  std::unique_ptr<ReadTxn> snapshot() const override;
  Timers& timers() override { return timers_; }
  Blobs& blobs() override { return *blobs_; }
  Stats stats() const override;

 private:
  enum class Phase { made, running, stopping, stopped };

  // The first thread.
  void sequence();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  std::chrono::steady_clock::time_point next_wake() const;
  bool timers_due() const;
  void begin_group();
  void recover();
  void run_jobs(Job* first);
  void run_job(Job& job);
  void fire_timers();
  void make_room();
  void close_group();
  bool write_group(Group& group);
  void lose_group();
  void refuse_unless_it_erases(Job& job, const GroupTxn::Mark& mark);
  bool may_write(const GroupTxn::Mark& mark) const;

  // The second thread.
  void sync_groups();
  void complete(Group& group);
  void sync_every_interval();

  const Options options_;
  Clock& clock_;
  const std::unique_ptr<Engine> engine_;
  const std::unique_ptr<FileBlobs> blobs_;
  ViewFeed views_;
  DurableTimers timers_;

  // The first thread's own.
  GroupTxn tx_;
  std::unique_ptr<Group> open_;
  enum class Space { enough, low, none } space_ = Space::enough;
  bool lost_ = false;            // a write failed for want of space
  bool space_is_asked_ = false;  // by one who was refused in the open group
  unsigned room_to_make_ = 0;    // so many more times: something was erased
  std::chrono::steady_clock::time_point timers_wait_until_{};

  mutable std::mutex mutex_;
  std::condition_variable work_;     // for the first thread
  std::condition_variable syncing_;  // for the second
  Phase phase_ = Phase::made;
  Job* queue_head_ = nullptr;
  Job* queue_tail_ = nullptr;
  std::size_t queued_ = 0;
  bool clock_jumped_ = false;
  std::unique_ptr<Group> closed_;  // written, to be synced
  std::unique_ptr<Group> spare_;   // emptied, to be used again
  bool sync_idle_ = true;
  bool sync_ends_ = false;
  std::uint64_t unsynced_ = 0;  // Durability::interval: the last group written, if not synced yet
  std::vector<BlobId> unsynced_drops_;  // Durability::interval: what may go once that is synced

  mutable std::mutex published_mutex_;
  std::shared_ptr<const Published> published_;

  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> transactions_{0};
  std::atomic<std::uint64_t> refused_{0};
  Clock::Subscription jumps_ = 0;
  std::thread sequencing_;
  std::thread synchronising_;
};

}  // namespace cloudlet::store
