// What a transaction promises: all or nothing, in order, there after a restart.
#include "store/store.h"

#include <gtest/gtest.h>

namespace cloudlet::store {
namespace {

TEST(Store, CommitsAndReads) {
  Clock clock(from_millis(1000));
  const auto random = seeded_random(1);
  auto store = Store::open({.durability = Durability::memory}, clock, *random).value();
  store->start();
  const Key key = make_key("test", "a");
  const auto done = store->transact_blocking([&](Txn& tx) -> Result<int> {
    tx.put(key, "1");
    return 7;
  });
  EXPECT_EQ(done.value(), 7);
  EXPECT_EQ(store->snapshot()->get(key), "1");
}

}  // namespace
}  // namespace cloudlet::store
