#include "store/sequencer.h"

#include <rocksdb/perf_level.h>
#include <rocksdb/write_batch.h>

#include "base/log.h"
#include "store/disk_full.h"

namespace cloudlet::store {
namespace {

constexpr std::size_t group_jobs_max = 8192;
constexpr std::size_t group_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t timers_at_once = 64;  // then whoever else waits has a turn
constexpr Duration idle_before_release{1000};
constexpr unsigned rooms_after_erasing = 7;  // each merges one level of the engine's tables

Error unavailable(const char* why) { return Error(errors::service_unavailable, why); }
Error stopped() { return unavailable("the store is stopping"); }

// The raw form of Store::submit as a job.
class OwnedJob final : public Store::Job {
 public:
  OwnedJob(Store::Body body, Store::Done done) : body_(std::move(body)), done_(std::move(done)) {}
  Result<void> run(Txn& tx) override { return body_(tx); }
  void finish(Result<void> outcome) override {
    const std::unique_ptr<OwnedJob> self(this);
    done_(std::move(outcome));
  }

 private:
  Store::Body body_;
  Store::Done done_;
};

bool is_full(const Group& group) {
  return group.jobs.size() >= group_jobs_max || group.writes.bytes() >= group_bytes_max;
}

}  // namespace

Sequencer::Sequencer(Options options, Clock& clock, std::unique_ptr<Engine> engine,
                     std::unique_ptr<FileBlobs> blobs)
    : options_(std::move(options)),
      clock_(clock),
      engine_(std::move(engine)),
      blobs_(std::move(blobs)),
      timers_([this] { return snapshot(); }),
      tx_(*engine_),
      open_(std::make_unique<Group>()),
      spare_(std::make_unique<Group>()),
      published_(std::make_shared<Published>(engine_->shared())) {
  tx_.set_sequence(engine_->state().sequence);
}

Sequencer::~Sequencer() { stop(); }

void Sequencer::watch(View& view) {
  assert_that(phase_ == Phase::made, "views are watched before the store starts");
  views_.add(view);
}

void Sequencer::start() {
  assert_that(phase_ == Phase::made, "a store starts once");
  if (const auto free = engine_->free_bytes(); free < options_.reserve_bytes)
    log::warning("store",
                 "the disk that holds {} has {} MiB left: it is read, and writes are refused",
                 options_.folder.string(), free >> 20);
  const std::shared_ptr<const ReadTxn> state = snapshot();
  views_.fill(*state);
  // As of now: what is dropped later goes when that is synced.
  blobs_->start([state](const BlobId& blob) { return state->exists(blob_key(blob)); });
  jumps_ = clock_.on_jump([this] {
    std::scoped_lock lock(mutex_);
    clock_jumped_ = true;
    work_.notify_one();
  });
  phase_ = Phase::running;
  sequencing_ = std::thread([this] { sequence(); });
  if (options_.durability == Durability::sync)
    synchronising_ = std::thread([this] { sync_groups(); });
  if (options_.durability == Durability::interval)
    synchronising_ = std::thread([this] { sync_every_interval(); });
}

void Sequencer::stop() {
  Job* never_run = nullptr;
  {
    std::scoped_lock lock(mutex_);
    if (phase_ == Phase::stopping || phase_ == Phase::stopped) return;
    if (phase_ == Phase::made) never_run = std::exchange(queue_head_, nullptr);
    phase_ = Phase::stopping;
    work_.notify_one();
  }
  while (never_run != nullptr) std::exchange(never_run, never_run->next_)->finish(stopped());
  if (jumps_ != 0) clock_.unsubscribe(jumps_);
  if (sequencing_.joinable()) sequencing_.join();
  {
    std::scoped_lock lock(mutex_);
    sync_ends_ = true;
    syncing_.notify_one();
  }
  if (synchronising_.joinable()) synchronising_.join();
  blobs_->stop();
  open_.reset();
  tx_.release_iterators();
  {
    std::scoped_lock lock(published_mutex_);
    published_.reset();
  }
  engine_->close();
  std::scoped_lock lock(mutex_);
  phase_ = Phase::stopped;
}

void Sequencer::submit(Body body, Done done) {
  submit(*new OwnedJob(std::move(body), std::move(done)));
}

void Sequencer::submit(Job& job) {
  std::unique_lock lock(mutex_);
  if (phase_ >= Phase::stopping || queued_ >= options_.queue_max) {
    const bool stopping = phase_ >= Phase::stopping;
    lock.unlock();
    return job.finish(stopping ? stopped()
                               : unavailable("too many transactions are waiting; try again"));
  }
  job.next_ = nullptr;
  const bool was_empty = queue_head_ == nullptr;
  (was_empty ? queue_head_ : queue_tail_->next_) = &job;
  queue_tail_ = &job;
  ++queued_;
  lock.unlock();
  if (was_empty) work_.notify_one();
}

std::unique_ptr<ReadTxn> Sequencer::snapshot() const {
  std::scoped_lock lock(published_mutex_);
  assert_that(published_ != nullptr, "the store is closed");
  return std::make_unique<SnapshotTxn>(published_);
}

Store::Stats Sequencer::stats() const {
  std::scoped_lock lock(mutex_);
  return {
      .commits = commits_, .transactions = transactions_, .refused = refused_, .queued = queued_};
}

void Sequencer::sequence() {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);  // it counts each comparison otherwise
  for (;;) {
    std::unique_lock lock(mutex_);
    if (!wait_for_work(lock)) return;
    Job* jobs = nullptr;
    if (!is_full(*open_)) jobs = std::exchange(queue_head_, nullptr);
    clock_jumped_ = false;
    const bool running = phase_ == Phase::running;
    lock.unlock();
    if (open_->empty()) begin_group();
    if (running && timers_due()) fire_timers();
    run_jobs(jobs);
    lock.lock();
    const bool may_close = sync_idle_;
    lock.unlock();
    if (may_close && !open_->empty()) close_group();
  }
}

// False: stopping, and nothing is left to do.
bool Sequencer::wait_for_work(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    if (queue_head_ != nullptr && !is_full(*open_)) return true;
    if (!open_->empty() && sync_idle_) return true;
    if (phase_ == Phase::stopping) {
      if (queue_head_ == nullptr && open_->empty() && sync_idle_) return false;
    } else if (clock_jumped_ || (timers_due() && !is_full(*open_))) {
      return true;
    }
    const auto until = next_wake();
    if (until == std::chrono::steady_clock::time_point::max())
      work_.wait(lock);
    else if (work_.wait_until(lock, until) == std::cv_status::timeout)
      tx_.release_iterators();
  }
}

std::chrono::steady_clock::time_point Sequencer::next_wake() const {
  const auto now = std::chrono::steady_clock::now();
  auto until = std::chrono::steady_clock::time_point::max();
  if (tx_.holds_iterators()) until = now + idle_before_release;
  if (const Time next = timers_.next(); next != Time::max() && phase_ == Phase::running) {
    if (timers_wait_until_ > now)
      until = std::min(until, timers_wait_until_);
    else if (!clock_.frozen())
      until = std::min(until, now + std::min<Duration>(next - clock_.now(), std::chrono::hours(1)));
  }
  return until;
}

bool Sequencer::timers_due() const {
  return timers_.next() <= clock_.now() && timers_wait_until_ <= std::chrono::steady_clock::now();
}

void Sequencer::begin_group() {
  tx_.use(*open_);
  const std::uint64_t free = engine_->free_bytes();
  space_ = free < options_.reserve_bytes / 8 ? Space::none
           : free < options_.reserve_bytes   ? Space::low
                                             : Space::enough;
  if (lost_) recover();
}

// After a group was lost for want of space. Readers wait meanwhile; what they get is what they had.
void Sequencer::recover() {
  tx_.release_iterators();
  std::scoped_lock lock(published_mutex_);
  published_.reset();
  lost_ = space_ != Space::enough || !engine_->recover();
  if (lost_) space_ = Space::none;
  published_ = std::make_shared<Published>(engine_->shared());
}

void Sequencer::fire_timers() {
  // A full disk would have them fail over and over.
  if (space_ != Space::enough) {
    timers_wait_until_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    return;
  }
  timers_.fire(tx_, clock_.now(), timers_at_once);
  timers_.heed(tx_.take_earliest_timer());
}

void Sequencer::run_jobs(Job* first) {
  std::size_t ran = 0;
  while (first != nullptr && !is_full(*open_)) {
    Job& job = *std::exchange(first, first->next_);
    ++ran;
    run_job(job);
  }
  timers_.heed(tx_.take_earliest_timer());
  std::scoped_lock lock(mutex_);
  queued_ -= ran;
  if (first == nullptr) return;
  // What did not fit goes back to the front.
  Job* last = first;
  while (last->next_ != nullptr) last = last->next_;
  if (queue_head_ == nullptr) queue_tail_ = last;
  last->next_ = std::exchange(queue_head_, first);
}

void Sequencer::run_job(Job& job) {
  const auto mark = tx_.mark();
  job.refusal_.reset();
  try {
    auto outcome = job.run(tx_);
    if (outcome.has_error())
      job.refusal_ = std::move(outcome).error();
    else if (space_ != Space::enough)
      refuse_unless_it_erases(job, mark);
  } catch (const std::exception& bug) {
    log::error("store", "a transaction failed: {}", bug.what());
    job.refusal_ = Error(errors::internal_failure, "an internal error occurred");
  }
  open_->jobs.push_back(&job);
  if (job.refusal_)
    tx_.undo(mark);
  else
    ++open_->committed;
}

void Sequencer::refuse_unless_it_erases(Job& job, const GroupTxn::Mark& mark) {
  if (!may_write(mark)) {
    job.refusal_ = disk_full();
    space_is_asked_ = true;
  } else if (open_->writes.log().size() > mark.writes) {
    room_to_make_ = rooms_after_erasing;
  }
}

// Short of space: what only erases goes on as long as there is any, for that is how space comes
// back.
bool Sequencer::may_write(const GroupTxn::Mark& mark) const {
  const auto& log = open_->writes.log();
  if (log.size() == mark.writes) return true;
  if (space_ == Space::none) return false;
  for (std::size_t i = mark.writes; i < log.size(); ++i)
    if (log[i].value) return false;
  return true;
}

void Sequencer::make_room() {
  tx_.release_iterators();
  if (engine_->make_room()) --room_to_make_;
}

void Sequencer::close_group() {
  const bool writes = !open_->writes.log().empty();
  if (std::exchange(space_is_asked_, false) && !lost_ && room_to_make_ > 0) make_room();
  if (writes && !write_group(*open_)) return lose_group();
  if (options_.durability != Durability::sync) {
    complete(*open_);
    if (writes) {
      std::scoped_lock lock(mutex_);
      unsynced_ = open_->number;
      if (options_.durability == Durability::interval)
        unsynced_drops_.insert(unsynced_drops_.end(), open_->dropped.begin(), open_->dropped.end());
    }
    return open_->clear();
  }
  // One that writes nothing too: its bodies may have read what the group before it wrote, whose
  // callers are told first.
  std::scoped_lock lock(mutex_);
  closed_ = std::move(open_);
  open_ = spare_ ? std::move(spare_) : std::make_unique<Group>();
  sync_idle_ = false;
  syncing_.notify_one();
}

bool Sequencer::write_group(Group& group) {
  group.number = engine_->state().group + 1;
  rocksdb::WriteBatch batch(group.writes.bytes() + group.writes.map().size() * 16 + 64);
  for (const auto& [key, value] : group.writes.map())
    value ? batch.Put(key, *value) : batch.Delete(key);
  const Engine::State state{.group = group.number, .sequence = tx_.sequence()};
  if (engine_->write(batch, state) != Engine::Written::yes) return false;
  tx_.engine_changed();
  group.state = std::make_shared<Published>(engine_->shared());
  return true;
}

void Sequencer::lose_group() {
  log::error("store", "the disk is full: {} transactions refused", open_->jobs.size());
  lost_ = true;
  timers_.look_again();
  timers_wait_until_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (Job* job : open_->jobs) job->finish(job->refusal_ ? std::move(*job->refusal_) : disk_full());
  open_->clear();
}

void Sequencer::complete(Group& group) {
  if (group.state) {
    ++commits_;
    std::scoped_lock lock(published_mutex_);
    published_.swap(group.state);
  }
  views_.feed(group.writes);
  if (options_.durability != Durability::interval)
    for (const BlobId& blob : group.dropped) blobs_->remove(blob);
  for (const auto& action : group.on_commit) action();
  transactions_ += group.committed;
  refused_ += group.jobs.size() - group.committed;
  for (Job* job : group.jobs) {
    if (job->refusal_)
      job->finish(std::move(*job->refusal_));
    else
      job->finish({});
  }
}

void Sequencer::sync_groups() {
  std::unique_lock lock(mutex_);
  for (;;) {
    syncing_.wait(lock, [this] { return closed_ != nullptr || sync_ends_; });
    if (!closed_) return;
    auto group = std::move(closed_);
    lock.unlock();
    if (group->state) engine_->sync(group->number);
    lock.lock();
    sync_idle_ = true;  // the next one may be written while this one's callers are told
    work_.notify_one();
    lock.unlock();
    complete(*group);
    group->clear();
    lock.lock();
    spare_ = std::move(group);
  }
}

// A blob goes once its drop is on the disk: a power cut may bring back who refers to it.
void Sequencer::sync_every_interval() {
  std::unique_lock lock(mutex_);
  do {
    syncing_.wait_for(lock, options_.sync_interval, [this] { return sync_ends_; });
    const std::uint64_t group = std::exchange(unsynced_, 0);
    if (group == 0) continue;
    const auto dropped = std::exchange(unsynced_drops_, {});
    lock.unlock();
    engine_->sync(group);
    for (const BlobId& blob : dropped) blobs_->remove(blob);
    lock.lock();
  } while (!sync_ends_);
}

}  // namespace cloudlet::store
