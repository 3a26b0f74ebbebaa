// How much the store costs beside the disk: small transactions a second with many outstanding, and
// beside them, in the same run, a bare loop that group-commits the same bytes with write() and
// fdatasync().
//
//   store_bench [FOLDER]     default: ./store_bench.data, emptied first
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/random.h"
#include "store/store.h"

namespace cloudlet::store {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto run_time = std::chrono::seconds(2);
constexpr std::size_t value_bytes = 120;

struct Figures {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double per_sync = 0;
  double cpu_us = 0;  // of the whole process, a transaction
};

Figures figures(std::vector<float>& latencies, double seconds, std::uint64_t syncs) {
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double part) {
    return latencies.empty() ? 0 : latencies[(latencies.size() - 1) * part];
  };
  return {.per_second = latencies.size() / seconds,
          .p50_us = at(0.5),
          .p99_us = at(0.99),
          .per_sync = syncs == 0 ? 0 : static_cast<double>(latencies.size()) / syncs};
}

double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec + used.tv_nsec / 1e9;
}

void print(const char* what, std::size_t outstanding, const Figures& f) {
  fmt::print(
      "{:<44} {:>6} outstanding {:>9.0f}/s  p50 {:>7.0f} us  p99 {:>7.0f} us  {:>6.1f} a sync  cpu "
      "{:>5.2f} us\n",
      what, outstanding, f.per_second, f.p50_us, f.p99_us, f.per_sync, f.cpu_us);
}

// One of the many that wait for their transaction and then begin the next.
class Submitter final : public Store::Job {
 public:
  enum class Kind { put, read_and_put };
  struct Shared {
    Store& store;
    Kind kind;
    Steady::time_point end;
    std::atomic<std::size_t> running;
    std::vector<float> latencies;  // touched by the store's finishing thread only
  };
  Submitter(Shared& shared, std::size_t number) : shared_(shared), number_(number) {}

  void begin() {
    started_ = Steady::now();
    shared_.store.submit(*this);
  }
  Result<void> run(Txn& tx) override {
    const Key key = make_key("bench", "000000000000", "eu-west-1", number_, ++count_);
    if (shared_.kind == Kind::read_and_put) {
      if (tx.exists(make_key("bench", "000000000000", "eu-west-1", number_, count_ - 1)) ==
          (count_ == 1))
        return invalid("the row before is missing");
    }
    tx.put(key, std::string_view(value_, sizeof value_));
    return {};
  }
  void finish(Result<void> outcome) override {
    const auto now = Steady::now();
    shared_.latencies.push_back(std::chrono::duration<float, std::micro>(now - started_).count());
    if (now >= shared_.end || outcome.has_error()) {
      shared_.running.fetch_sub(1);
      shared_.running.notify_all();
      return;
    }
    begin();
  }

 private:
  Shared& shared_;
  const std::uint64_t number_;
  std::uint64_t count_ = 0;
  Steady::time_point started_;
  char value_[value_bytes]{};
};

Figures run_store(const std::filesystem::path& folder, Durability durability,
                  std::size_t outstanding, Submitter::Kind kind) {
  std::filesystem::remove_all(folder);
  Clock clock;
  const auto random = system_random();
  auto store = Store::open({.folder = folder, .durability = durability}, clock, *random).value();
  store->start();
  const double cpu_before = cpu_seconds();
  const auto begin = Steady::now();
  Submitter::Shared shared{.store = *store,
                           .kind = kind,
                           .end = begin + run_time,
                           .running = outstanding,
                           .latencies = {}};
  shared.latencies.reserve(4'000'000);
  std::vector<std::unique_ptr<Submitter>> submitters;
  for (std::size_t i = 0; i < outstanding; ++i)
    submitters.push_back(std::make_unique<Submitter>(shared, i));
  for (const auto& submitter : submitters) submitter->begin();
  for (std::size_t left = shared.running; left != 0; left = shared.running)
    shared.running.wait(left);
  const double seconds = std::chrono::duration<double>(Steady::now() - begin).count();
  const auto syncs = store->stats().commits;
  const double cpu = cpu_seconds() - cpu_before;
  store->stop();
  std::filesystem::remove_all(folder);
  auto result = figures(shared.latencies, seconds, syncs);
  result.cpu_us = cpu * 1e6 / shared.latencies.size();
  return result;
}

// The bare limit: `outstanding` records of the same size, one write() and one fdatasync() for all
// of them, again and again, on a preallocated file.
Figures run_bare(const std::filesystem::path& folder, std::size_t outstanding) {
  std::filesystem::create_directories(folder);
  const auto path = folder / "bare";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string bytes(outstanding * (value_bytes + 60), 'x');
  std::vector<float> latencies;
  std::uint64_t syncs = 0;
  const auto begin = Steady::now();
  auto now = begin;
  while (now < begin + run_time) {
    if (::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0) break;
    ++syncs;
    const auto then = std::exchange(now, Steady::now());
    latencies.insert(latencies.end(), outstanding,
                     std::chrono::duration<float, std::micro>(now - then).count());
  }
  ::close(file);
  const double seconds = std::chrono::duration<double>(now - begin).count();
  std::filesystem::remove_all(folder);
  return figures(latencies, seconds, syncs);
}

// A store of a million small objects: how long until it is ready, and what it then holds in memory.
void run_start(const std::filesystem::path& folder, std::size_t objects) {
  std::filesystem::remove_all(folder);
  Clock clock;
  const auto random = system_random();
  {
    auto store =
        Store::open({.folder = folder, .durability = Durability::interval}, clock, *random).value();
    store->start();
    for (std::size_t i = 0; i < objects; i += 1000) {
      const auto filled = store->transact_blocking([i](Txn& tx) -> Result<void> {
        const std::string value(value_bytes, 'x');
        for (std::size_t j = i; j < i + 1000; ++j)
          tx.put(make_key("s3", "000000000000", "eu-west-1", "object", j), value);
        return {};
      });
      if (filled.has_error()) return;
    }
  }
  const pid_t child = ::fork();
  if (child == 0) {
    const auto begin = Steady::now();
    auto store =
        Store::open({.folder = folder, .durability = Durability::sync}, clock, *random).value();
    store->start();
    const double ms = std::chrono::duration<double, std::milli>(Steady::now() - begin).count();
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmRSS"))
        fmt::print("ready with {} objects after {:.1f} ms, {}\n", objects, ms, line);
    std::fflush(stdout);
    ::_exit(0);
  }
  int ended = 0;
  ::waitpid(child, &ended, 0);
  std::filesystem::remove_all(folder);
}

void run_all(const std::filesystem::path& folder) {
  using Kind = Submitter::Kind;
  run_start(folder, 1'000'000);
  for (const std::size_t outstanding : {1UL, 8UL, 32UL, 128UL, 1024UL}) {
    const auto bare = run_bare(folder, outstanding);
    print("bare write+fdatasync", outstanding, bare);
    const auto put = run_store(folder, Durability::sync, outstanding, Kind::put);
    print("store, sync: put", outstanding, put);
    print("store, sync: read and put", outstanding,
          run_store(folder, Durability::sync, outstanding, Kind::read_and_put));
    fmt::print("{:<44} {:.2f}\n", "ratio put/bare", put.per_second / bare.per_second);
  }
  print("store, interval: read and put", 128,
        run_store(folder, Durability::interval, 128, Kind::read_and_put));
  print("store, memory: read and put", 128,
        run_store(folder, Durability::memory, 128, Kind::read_and_put));
}

}  // namespace
}  // namespace cloudlet::store

int main(int argc, char** argv) {
  cloudlet::store::run_all(argc > 1 ? argv[1] : "store_bench.data");
  return 0;
}
