// What a transaction sees and leaves: order, isolation, undoing, scans over both what is written
// and what is stored.
#include "store/store.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/model_workload.h"

namespace cloudlet::store {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override { store->start(); }

  template <class Body>
  void run(Body body) {
    const auto outcome = store->transact_blocking([&](Txn& tx) -> Result<void> {
      body(tx);
      return {};
    });
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
  }
  static std::vector<std::string> keys(const ReadTxn& tx,
                                       Direction direction = Direction::forward) {
    std::vector<std::string> keys;
    tx.scan(
        prefix(make_key("t")),
        [&](std::string_view key, std::string_view) {
          KeyReader reader(key);
          reader.skip();
          return keys.push_back(reader.text()), true;
        },
        direction);
    return keys;
  }
  using Keys = std::vector<std::string>;

  Clock clock{from_millis(1000)};
  std::unique_ptr<Random> random = seeded_random(1);
  std::unique_ptr<Store> store =
      Store::open({.durability = Durability::memory}, clock, *random).value();
};

TEST_F(StoreTest, ABodySeesItsOwnWritesAndThoseBeforeIt) {
  run([](Txn& tx) {
    tx.put(make_key("t", "b"), "1");
    tx.put(make_key("t", "d"), "1");
  });
  run([](Txn& tx) {
    tx.put(make_key("t", "a"), "2");
    tx.put(make_key("t", "b"), "2");
    tx.erase(make_key("t", "d"));
    tx.put(make_key("t", "c"), "2");
    EXPECT_EQ(tx.get(make_key("t", "b")), "2");
    EXPECT_FALSE(tx.exists(make_key("t", "d")));
    EXPECT_EQ(keys(tx), (Keys{"a", "b", "c"}));
    EXPECT_EQ(keys(tx, Direction::backward), (Keys{"c", "b", "a"}));
  });
  EXPECT_EQ(keys(*store->snapshot()), (Keys{"a", "b", "c"}));
  EXPECT_EQ(keys(*store->snapshot(), Direction::backward), (Keys{"c", "b", "a"}));
}

TEST_F(StoreTest, AVisitorMayWriteWhatItVisits) {
  run([](Txn& tx) {
    for (const char* name : {"a", "b", "c", "d", "e"}) tx.put(make_key("t", name), "1");
  });
  for (const Direction direction : {Direction::forward, Direction::backward}) {
    run([&](Txn& tx) {
      Keys seen;
      const auto visit = [&](std::string_view key, std::string_view) {
        KeyReader reader(key);
        reader.skip();
        seen.push_back(reader.text());
        tx.erase(Key::from_bytes(std::string(key)));
        if (seen.back() == "c")
          tx.erase(make_key("t", direction == Direction::forward ? "d" : "b"));
        return true;
      };
      tx.scan(prefix(make_key("t")), visit, direction);
      EXPECT_EQ(seen, direction == Direction::forward ? (Keys{"a", "b", "c", "e"})
                                                      : (Keys{"e", "d", "c", "a"}));
      EXPECT_EQ(keys(tx), Keys{});
      for (const char* name : {"a", "b", "c", "d", "e"}) tx.put(make_key("t", name), "1");
    });
  }
}

TEST_F(StoreTest, ScansNestAndStop) {
  run([](Txn& tx) {
    for (const char* name : {"a", "b", "c"}) tx.put(make_key("t", name), "1");
  });
  run([](Txn& tx) {
    std::size_t visits = 0;
    tx.scan(prefix(make_key("t")), [&](std::string_view, std::string_view) {
      EXPECT_EQ(keys(tx).size(), 3);
      return ++visits < 2;
    });
    EXPECT_EQ(visits, 2);
  });
}

TEST_F(StoreTest, AnEmptyOrReversedRangeHoldsNothing) {
  run([](Txn& tx) { tx.put(make_key("t", "a"), "1"); });
  const Range all = prefix(make_key("t"));
  const Range reversed{.from = all.to, .to = all.from};
  const auto none = [](std::string_view, std::string_view) { return ADD_FAILURE(), true; };
  store->snapshot()->scan(reversed, none);
  run([&](Txn& tx) { tx.scan(reversed, none); });
}

TEST_F(StoreTest, ARefusedBodyIsUndoneWithinItsGroup) {
  std::mutex gate;
  gate.lock();
  int finished = 0;
  // All three in one group: the first holds the sequencer until the others are queued.
  const auto put = [&](const char* name, bool refuse) {
    store->submit(
        [name, refuse](Txn& tx) -> Result<void> {
          tx.put(make_key("t", "shared"), name);
          tx.put(make_key("t", name), "1");
          if (refuse) return invalid("no");
          return {};
        },
        [&](Result<void>) { ++finished; });
  };
  store->submit(
      [&](Txn&) -> Result<void> {
        std::scoped_lock wait(gate);
        return {};
      },
      [](Result<void>) {});
  put("a", false);
  put("b", true);
  gate.unlock();
  run([](Txn& tx) {
    EXPECT_EQ(tx.get(make_key("t", "shared")), "a");
    EXPECT_EQ(keys(tx), (Keys{"a", "shared"}));
  });
  EXPECT_EQ(finished, 2);
  EXPECT_EQ(store->stats().refused, 1);
}

TEST_F(StoreTest, CallersHearInTheOrderOfCommit) {
  std::vector<int> order;
  for (int i = 0; i < 2000; ++i)
    store->submit(
        [i](Txn& tx) -> Result<void> {
          tx.put(make_key("t", std::to_string(i % 7)), "1");
          if (i % 5 == 0) return invalid("no");
          return {};
        },
        [&order, i](Result<void>) { order.push_back(i); });
  store->stop();
  ASSERT_EQ(order.size(), 2000);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(StoreTest, SequenceNumbersAreUniqueAndGrowOverRestartsAndRefusals) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("cloudlet-sequence-" + system_random()->hex(8));
  std::uint64_t last = 0;
  for (int life = 0; life < 3; ++life) {
    auto store = Store::open({.folder = folder}, clock, *random).value();
    store->start();
    for (int i = 0; i < 20; ++i) {
      const auto next = store->transact_blocking([&](Txn& tx) -> Result<std::uint64_t> {
        const auto number = tx.next_sequence();
        if (i % 3 == 0) return invalid("no");
        tx.put(make_key("t", number), "1");
        return number;
      });
      if (next.has_error()) continue;
      EXPECT_GT(*next, last);
      last = *next;
    }
  }
  std::filesystem::remove_all(folder);
}

TEST_F(StoreTest, OnCommitRunsAfterTheCommitAndNeverForARefusedBody) {
  std::vector<std::string> ran;
  bool seen_by_readers = false;
  run([&](Txn& tx) {
    tx.put(make_key("t", "a"), "1");
    tx.on_commit([&] {
      seen_by_readers = store->snapshot()->exists(make_key("t", "a"));
      ran.push_back("first");
    });
  });
  const auto refused = store->transact_blocking([&](Txn& tx) -> Result<void> {
    tx.on_commit([&] { ran.push_back("refused"); });
    return invalid("no");
  });
  EXPECT_TRUE(refused.has_error());
  EXPECT_TRUE(seen_by_readers);
  EXPECT_EQ(ran, std::vector<std::string>{"first"});
}

TEST_F(StoreTest, ASnapshotStaysAsItWas) {
  run([](Txn& tx) { tx.put(make_key("t", "a"), "1"); });
  const auto before = store->snapshot();
  run([](Txn& tx) { tx.put(make_key("t", "a"), "2"); });
  EXPECT_EQ(before->get(make_key("t", "a")), "1");
  EXPECT_EQ(store->snapshot()->get(make_key("t", "a")), "2");
}

TEST_F(StoreTest, ASnapshotMayOutliveTheStore) {
  run([](Txn& tx) { tx.put(make_key("t", "a"), "1"); });
  const auto state = store->snapshot();
  store.reset();
  EXPECT_EQ(state->get(make_key("t", "a")), "1");
}

TEST_F(StoreTest, RandomTransactionsLeaveWhatTheModelLeaves) {
  ModelTxn model;
  for (std::uint64_t number = 1; number <= 3000; ++number) {
    model.run(7, number);
    store->submit([number](Txn& tx) { return run_number(tx, 7, number); }, [](Result<void>) {});
    if (number % 500 != 0) continue;
    run([](Txn&) {});
    ASSERT_EQ(rows(*store->snapshot()), model.rows()) << "after " << number;
  }
}

}  // namespace
}  // namespace cloudlet::store
