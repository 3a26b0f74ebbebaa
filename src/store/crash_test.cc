// Power cuts at any instruction that touches the disk: what was acknowledged is there, of the rest
// a prefix in order, each transaction whole or not at all.
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <atomic>
#include <thread>

#include "store/forgetful_file_system.h"
#include "store/model_workload.h"
#include "store/store.h"

namespace cloudlet::store {
namespace {

// A disk that goes through power cuts, and the store on it.
class PowerCuts {
 public:
  PowerCuts(std::uint64_t seed, Durability durability)
      : seed_(seed), durability_(durability), random_(seeded_random(seed)) {}
  ~PowerCuts() { std::filesystem::remove_all(folder_); }

  // Runs transactions until the power is cut (or, if that never comes, to the end), then goes on
  // with what is left.
  void live_until_cut() {
    auto env = rocksdb::NewCompositeEnv(disk_);
    std::shared_ptr<ForgetfulFileSystem> left;
    std::uint64_t acknowledged_at_cut = 0;
    std::atomic<bool> cut = false;
    acknowledged_ = 0;
    disk_->interrupt_after(random_->below(random_->below(4) == 0 ? 60 : 600), [&] {
      acknowledged_at_cut = acknowledged_;
      left = disk_->image_locked(*random_);
      cut = true;
    });
    auto store = open(*env);
    if (!store) return;
    store->start();
    const std::uint64_t end = last_ + 3000;
    for (std::uint64_t number = last_ + 1; number <= end && !cut; ++number) submit(*store, number);
    store->stop();
    store.reset();
    if (!cut) {
      disk_->interrupt_after(0, nullptr);
      acknowledged_at_cut = acknowledged_;
      left = disk_->image(*random_);
    }
    env.reset();
    disk_ = left;
    if (durability_ == Durability::sync) must_have_ = std::max(must_have_, acknowledged_at_cut);
    ++cuts_;
  }

  // The store as found is the model after some transaction, not before the last acknowledged one.
  void check() {
    auto env = rocksdb::NewCompositeEnv(disk_);
    auto store = open(*env);
    ASSERT_NE(store, nullptr);
    const auto state = store->snapshot();
    const std::uint64_t found = last_number(*state);
    ASSERT_GE(found, must_have_) << "an acknowledged transaction is gone, seed " << seed_ << " cut "
                                 << cuts_;
    while (last_ < found) model_.run(seed_, ++last_);
    if (last_ > found) replay_to(found);
    ASSERT_EQ(rows(*state), model_.rows()) << "seed " << seed_ << " cut " << cuts_;
    must_have_ = found;
  }

 private:
  std::unique_ptr<Store> open(rocksdb::Env& env) {
    // A small buffer, so that tables are written and merged within the test.
    auto opened = Store::open({.folder = folder_,
                               .durability = durability_,
                               .sync_interval = Duration(3),
                               .env = &env,
                               .write_buffer_bytes = 100'000},
                              clock_, *random_);
    EXPECT_TRUE(opened.has_value())
        << opened.error().message() << " seed " << seed_ << " cut " << cuts_;
    return opened.has_value() ? std::move(*opened) : nullptr;
  }

  void submit(Store& store, std::uint64_t number) {
    while (submitted_ - finished_ > 40) finished_.wait(finished_);
    ++submitted_;
    store.submit([this, number](Txn& tx) { return run_number(tx, seed_, number); },
                 [this, number](Result<void> outcome) {
                   if (!outcome.has_error()) acknowledged_ = number;
                   ++finished_;
                   finished_.notify_all();
                 });
  }

  void replay_to(std::uint64_t number) {
    model_.set_rows({});
    for (last_ = 0; last_ < number;) model_.run(seed_, ++last_);
  }

  const std::uint64_t seed_;
  const Durability durability_;
  const std::unique_ptr<Random> random_;
  const std::string folder_ =
      std::filesystem::temp_directory_path() / ("cloudlet-crash-" + system_random()->hex(8));
  Clock clock_{from_millis(1000)};
  std::shared_ptr<ForgetfulFileSystem> disk_ = std::make_shared<ForgetfulFileSystem>();
  ModelTxn model_;
  std::uint64_t last_ = 0;       // what the model has run
  std::uint64_t must_have_ = 0;  // acknowledged, or found once
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<std::uint64_t> submitted_ = 0;
  std::atomic<std::uint64_t> finished_ = 0;
  int cuts_ = 0;
};

// CLOUDLET_CRASH_SEEDS=1000 for a long run.
std::uint64_t seeds() {
  const char* asked = std::getenv("CLOUDLET_CRASH_SEEDS");
  return asked != nullptr ? std::stoull(asked) : 6;
}

class Crash : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Crash, AcknowledgedTransactionsSurvivePowerCuts) {
  PowerCuts life(GetParam(), Durability::sync);
  for (int cut = 0; cut < 6 && !HasFatalFailure(); ++cut) {
    life.live_until_cut();
    life.check();
  }
}

TEST_P(Crash, SyncedNowAndThenAPowerCutLeavesAPrefix) {
  PowerCuts life(GetParam() + 1000, Durability::interval);
  for (int cut = 0; cut < 6 && !HasFatalFailure(); ++cut) {
    life.live_until_cut();
    life.check();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Crash, testing::Range<std::uint64_t>(1, 1 + seeds()));

}  // namespace
}  // namespace cloudlet::store
