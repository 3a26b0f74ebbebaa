// The two ways to wait for a transaction: in a coroutine, and blocking.
#include "store/transact.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "store/store.h"

namespace cloudlet::store {
namespace {

class Transact : public testing::Test {
 protected:
  Clock clock{from_millis(1000)};
  std::unique_ptr<Random> random = seeded_random(1);
  std::unique_ptr<Store> store =
      Store::open({.durability = Durability::memory}, clock, *random).value();
};

Task<> count_to(Store& store, std::uint64_t end) {
  const Key key = make_key("count");
  for (std::uint64_t i = 0; i < end; ++i) {
    auto next = [&](Txn& tx) -> Result<std::uint64_t> {
      const auto before = tx.get(key);
      const std::uint64_t now = (before ? std::stoull(*before) : 0) + 1;
      tx.put(key, std::to_string(now));
      return now;
    };
    auto counted = store.transact(next);
    const auto now = co_await std::move(counted);
    EXPECT_EQ(now.value(), i + 1);
  }
}

TEST_F(Transact, ResumesTheCoroutineOnItsOwnExecutorWithTheBodysValue) {
  store->start();
  asio::io_context io;
  bool ended = false;
  asio::co_spawn(io, count_to(*store, 100), [&](const std::exception_ptr& failure) {
    EXPECT_FALSE(failure);
    ended = true;
  });
  io.run();  // returns only when nobody waits for the store any more
  EXPECT_TRUE(ended);
  EXPECT_EQ(store->snapshot()->get(make_key("count")), "100");
}

TEST_F(Transact, ABodysErrorReachesTheCallerAndItsWritesAreUndone) {
  store->start();
  const auto refused = store->transact_blocking([](Txn& tx) -> Result<int> {
    tx.put(make_key("a"), "1");
    return invalid("no");
  });
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().message(), "no");
  EXPECT_TRUE(refused.error().is(errors::invalid_argument));
  EXPECT_FALSE(store->snapshot()->exists(make_key("a")));
}

TEST_F(Transact, AnExceptionIsAnInternalFailureAndUndone) {
  store->start();
  const auto failed = store->transact_blocking([](Txn& tx) -> Result<void> {
    tx.put(make_key("a"), "1");
    assert_that(false, "a bug");
    return {};
  });
  ASSERT_TRUE(failed.has_error());
  EXPECT_TRUE(failed.error().is(errors::internal_failure));
  EXPECT_FALSE(store->snapshot()->exists(make_key("a")));
}

TEST_F(Transact, AStoppedStoreRefuses) {
  store->start();
  store->stop();
  const auto refused = store->transact_blocking([](Txn&) -> Result<void> { return {}; });
  ASSERT_TRUE(refused.has_error());
  EXPECT_TRUE(refused.error().is(errors::service_unavailable));
}

TEST_F(Transact, WhatWaitedForAStartThatNeverCameIsRefusedByStop) {
  std::optional<Result<void>> outcome;
  store->submit([](Txn&) -> Result<void> { return {}; },
                [&](Result<void> done) { outcome = std::move(done); });
  store->stop();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->has_error());
}

TEST_F(Transact, AFullQueueRefusesAtOnceAndTheRestIsServed) {
  store = Store::open({.durability = Durability::memory, .queue_max = 3}, clock, *random).value();
  int refused = 0;
  int served = 0;
  for (int i = 0; i < 5; ++i)
    store->submit([](Txn&) -> Result<void> { return {}; },
                  [&](Result<void> done) { ++(done.has_error() ? refused : served); });
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(served, 0);
  store->start();
  store->stop();
  EXPECT_EQ(served, 3);
}

}  // namespace
}  // namespace cloudlet::store
