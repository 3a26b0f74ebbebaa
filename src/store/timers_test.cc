// Timers fire once, in order, after restarts too, and never keep others waiting.
#include "store/timers.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>

#include "store/forgetful_file_system.h"
#include "store/store.h"

namespace cloudlet::store {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = std::chrono::seconds(20);

class TimersTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    if (store) store->stop();
    std::filesystem::remove_all(folder);
  }

  void open() {
    store = Store::open({.folder = folder, .env = env.get()}, clock, *random).value();
    store->timers().on("fire", [this](Txn& tx, const Timer& timer) { fire(tx, timer); });
    store->timers().on("throw", [this](Txn& tx, const Timer&) {
      tx.put(make_key("half"), "done");
      std::scoped_lock lock(mutex);
      ++attempts;
      changed.notify_all();
      throw BrokenInvariant("a bug in a handler");
    });
  }
  void reopen() {
    store->stop();
    store.reset();
    open();
    store->start();
  }

  // Counts in the store: the count is exact only if each timer fired in one committed transaction.
  void fire(Txn& tx, const Timer& timer) {
    const Key key = make_key("fired", timer.payload);
    tx.put(key, std::to_string(std::stoi(tx.get(key).value_or("0")) + 1));
    tx.on_commit([this, payload = timer.payload] {
      std::scoped_lock lock(mutex);
      fired.push_back(payload);
      changed.notify_all();
    });
  }
  TimerId set(Time time, const std::string& payload, const std::string& handler = "fire") {
    return store
        ->transact_blocking(
            [&](Txn& tx) -> Result<TimerId> { return tx.at(time, handler, payload); })
        .value();
  }
  [[nodiscard]] bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, [&] { return fired.size() >= count; });
  }
  // Whatever was due by now has fired when this returns: the sequencer looks at timers before each
  // round of jobs.
  void settle() {
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(store
                      ->transact_blocking([](Txn& tx) -> Result<void> {
                        tx.put(make_key("settle"), "");
                        return {};
                      })
                      .has_value());
  }
  std::map<std::string, std::string> counts() {
    std::map<std::string, std::string> counts;
    store->snapshot()->scan(prefix(make_key("fired")),
                            [&](std::string_view key, std::string_view value) {
                              KeyReader reader(key);
                              reader.skip();
                              return counts.emplace(reader.text(), value), true;
                            });
    return counts;
  }

  const std::string folder =
      std::filesystem::temp_directory_path() / ("cloudlet-timers-" + system_random()->hex(8));
  std::shared_ptr<ForgetfulFileSystem> disk = std::make_shared<ForgetfulFileSystem>();
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  Clock clock{from_millis(1'000'000)};
  std::unique_ptr<Random> random = seeded_random(1);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> fired;
  int attempts = 0;
  std::unique_ptr<Store> store;
};

TEST_F(TimersTest, FireWhenTheClockSaysSoInOrderOfTime) {
  store->start();
  set(clock.now() + 3s, "c");
  set(clock.now() + 1s, "a");
  set(clock.now() + 2s, "b");
  settle();
  EXPECT_TRUE(counts().empty());
  EXPECT_EQ(store->timers().size(), 3);
  clock.advance(2s);
  ASSERT_TRUE(wait_for(2));
  settle();
  EXPECT_EQ(fired, (std::vector<std::string>{"a", "b"}));
  clock.advance(1s);
  ASSERT_TRUE(wait_for(3));
  EXPECT_EQ(fired.back(), "c");
  EXPECT_EQ(store->timers().size(), 0);
}

TEST_F(TimersTest, APastTimeFiresAtOnce) {
  store->start();
  set(clock.now() - 1h, "past");
  set(Time(), "long past");
  ASSERT_TRUE(wait_for(2));
  set(clock.now() - 2h, "earlier than what fired");
  ASSERT_TRUE(wait_for(3));
}

TEST_F(TimersTest, ACancelledOneDoesNotFire) {
  store->start();
  const TimerId cancelled = set(clock.now() + 1s, "cancelled");
  set(clock.now() + 1s, "kept");
  ASSERT_TRUE(store
                  ->transact_blocking([&](Txn& tx) -> Result<void> {
                    tx.cancel_timer(cancelled);
                    return {};
                  })
                  .has_value());
  clock.advance(1s);
  ASSERT_TRUE(wait_for(1));
  settle();
  EXPECT_EQ(counts(), (std::map<std::string, std::string>{{"kept", "1"}}));
}

TEST_F(TimersTest, OneThatIsUndoneWithItsTransactionDoesNotFire) {
  store->start();
  const auto refused = store->transact_blocking([&](Txn& tx) -> Result<void> {
    tx.at(clock.now() - 1s, "fire", "undone");
    return invalid("no");
  });
  EXPECT_TRUE(refused.has_error());
  settle();
  EXPECT_TRUE(counts().empty());
  EXPECT_EQ(store->timers().size(), 0);
}

TEST_F(TimersTest, ManyDueAtOnceFireOnceEachAndLetOthersThrough) {
  constexpr int many = 5000;
  std::size_t fired_before = 0;  // the transaction that the first one asks for
  std::promise<void> asked;
  auto ran = asked.get_future();
  store->timers().on("many", [&](Txn& tx, const Timer& timer) {
    fire(tx, timer);
    if (timer.payload != "0") return;
    store->submit(
        [&](Txn&) -> Result<void> {
          std::scoped_lock lock(mutex);
          fired_before = fired.size();
          return {};
        },
        [&](const Result<void>&) { asked.set_value(); });
  });
  store->start();
  ASSERT_TRUE(store
                  ->transact_blocking([&](Txn& tx) -> Result<void> {
                    for (int i = 0; i < many; ++i)
                      tx.at(clock.now() + 1s, "many", std::to_string(i));
                    return {};
                  })
                  .has_value());
  clock.advance(1s);
  ASSERT_TRUE(wait_for(many));
  ASSERT_EQ(ran.wait_for(20s), std::future_status::ready);
  EXPECT_LT(fired_before, many) << "a transaction waited for all of them";
  const auto all = counts();
  EXPECT_EQ(all.size(), many);
  for (const auto& [payload, count] : all) ASSERT_EQ(count, "1") << payload;
}

TEST_F(TimersTest, OneThatSetsItselfAgainGoesOn) {
  store->timers().on("tick", [this](Txn& tx, const Timer& timer) {
    fire(tx, timer);
    tx.at(timer.due + 1s, "tick", timer.payload);
  });
  store->start();
  set(clock.now() + 1s, "t", "tick");
  clock.advance(10s);
  ASSERT_TRUE(wait_for(10));
  settle();
  EXPECT_EQ(counts(), (std::map<std::string, std::string>{{"t", "10"}}));
  EXPECT_EQ(store->timers().size(), 1);
}

TEST_F(TimersTest, OneWhoseHandlerNobodyRegisteredStays) {
  store->start();
  set(clock.now() - 1s, "stays", "unknown");
  set(clock.now() - 1s, "fires");
  ASSERT_TRUE(wait_for(1));
  settle();
  EXPECT_EQ(store->timers().size(), 1);
  store->stop();
  store.reset();
  open();
  store->timers().on("unknown", [this](Txn& tx, const Timer& timer) { fire(tx, timer); });
  store->start();
  ASSERT_TRUE(wait_for(2));
  EXPECT_EQ(fired.back(), "stays");
}

TEST_F(TimersTest, AHandlerThatThrowsChangesNothingAndIsTriedAgainLater) {
  store->start();
  set(clock.now() - 1s, "x", "throw");
  const auto attempted = [&](int count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, [&] { return attempts >= count; });
  };
  ASSERT_TRUE(attempted(1));
  settle();
  EXPECT_EQ(attempts, 1) << "not over and over";
  EXPECT_FALSE(store->snapshot()->exists(make_key("half")));
  EXPECT_EQ(store->timers().size(), 1);
  clock.advance(2min);
  ASSERT_TRUE(attempted(2));
}

TEST_F(TimersTest, FireExactlyOnceAcrossPowerCuts) {
  constexpr int many = 400;
  store->start();
  for (int i = 0; i < many; ++i)
    set(clock.now() + std::chrono::milliseconds(i * 10), std::to_string(i));
  for (int cut = 0; cut < 8; ++cut) {
    clock.advance(500ms);
    settle();
    const auto left = disk->image(*random);
    clock.advance(300ms);  // what this fires is lost with the power, and fires again
    settle();
    store->stop();
    store.reset();
    disk = left;
    env = rocksdb::NewCompositeEnv(disk);
    open();
    store->start();
  }
  clock.advance(1h);
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, patience, [&] { return store->timers().size() == 0; }));
  const auto all = counts();
  EXPECT_EQ(all.size(), many);
  for (const auto& [payload, count] : all) ASSERT_EQ(count, "1") << payload;
}

TEST_F(TimersTest, SurviveARestart) {
  store->start();
  set(clock.now() + 1s, "later");
  reopen();
  clock.advance(1s);
  ASSERT_TRUE(wait_for(1));
  reopen();
  settle();
  EXPECT_EQ(counts(), (std::map<std::string, std::string>{{"later", "1"}}));
}

}  // namespace
}  // namespace cloudlet::store
