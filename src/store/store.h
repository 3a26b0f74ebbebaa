// The one place where state lives: an ordered key-value space with serialisable transactions.
//
// A body runs on the store's sequencer thread, one after the other, each seeing all before it. Its
// writes are synced together with those of its neighbours (group commit), then whoever waits is
// told. A body that returns an error changes nothing. A failed write or sync ends the process: it
// restarts from the log rather than serve what may not be there. Readers never wait: a snapshot is
// the last synced commit.
//
//   auto sent = co_await store.transact([&](Txn& tx) -> Result<Receipt> { ... });
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "store/txn.h"

namespace rocksdb {
class Env;
}

namespace cloudlet::store {

class Blobs;
class Timers;
class View;

enum class Durability {
  sync,      // acknowledged means synced to disk
  interval,  // synced every `sync_interval`: a power cut may lose that much; a kill of the process
             // loses nothing
  memory,    // nothing on disk: for tests and trials
};

struct Options {
  std::filesystem::path
      folder;  // holds `db/`, `blobs/` and `format`; ignored with Durability::memory
  Durability durability = Durability::sync;
  Duration sync_interval{1000};
  rocksdb::Env* env = nullptr;  // a file system of the caller's (tests); default: the machine's
  // With less than this free on the disk only erasing goes on, until there is more again.
  std::uint64_t reserve_bytes = 64 * 1024 * 1024;
  std::size_t write_buffer_bytes = 8 * 1024 * 1024;  // log and memory before a table is written
  std::size_t queue_max = 65536;  // transactions waiting; beyond that: service_unavailable
};

class Store {
 public:
  // Opens or creates. Refuses, with a sentence that says which file and what to do: an unknown
  // format version, a folder in use, damaged data.
  static Result<std::unique_ptr<Store>> open(Options options, Clock& clock, Random& random);
  virtual ~Store() = default;

  // Views first, then `start`: views are filled by a scan, timers begin to fire, transactions are
  // taken.
  virtual void watch(View& view) = 0;
  virtual void start() = 0;
  // Finishes what is queued, syncs, closes. Later transactions fail with service_unavailable.
  virtual void stop() = 0;

  // The raw form. `body` runs on the sequencer; if it returns an error its writes are undone and
  // `done` gets the error. `done` runs on a thread of the store after the commit is durable (or the
  // body refused): post somewhere, no more.
  using Body = std::function<Result<void>(Txn&)>;
  using Done = std::function<void(Result<void>)>;
  virtual void submit(Body body, Done done) = 0;

  // The form that allocates nothing: the caller owns the job and keeps it until `finish`, which is
  // the last that the store does with it. Same threads and meaning as above; a full queue or a
  // stopped store calls `finish` at once.
  class Job {
   public:
    virtual ~Job() = default;
    virtual Result<void> run(Txn& tx) = 0;
    virtual void finish(Result<void> outcome) = 0;

   private:
    friend class Sequencer;
    Job* next_ = nullptr;
    std::optional<Error> refusal_;
  };
  virtual void submit(Job& job) = 0;

  // The last synced commit. Cheap; holds files while it lives, so don't keep it across waits.
  virtual std::unique_ptr<ReadTxn> snapshot() const = 0;

  virtual Timers& timers() = 0;
  virtual Blobs& blobs() = 0;

  // Awaits a body of type `Result<T>(Txn&)`; resumes on the awaiting coroutine's executor.
  template <class Body_>
  auto transact(Body_ body) -> Task<std::invoke_result_t<Body_&, Txn&>>;
  // Blocks the calling thread: for tests, start-up and command-line tools. Never on an I/O thread.
  template <class Body_>
  auto transact_blocking(Body_ body) -> std::invoke_result_t<Body_&, Txn&>;

  struct Stats {
    std::uint64_t commits = 0;       // groups synced
    std::uint64_t transactions = 0;  // bodies committed
    std::uint64_t refused = 0;       // bodies that returned an error
    std::size_t queued = 0;
  };
  virtual Stats stats() const = 0;
};

}  // namespace cloudlet::store

#include "store/transact.h"
