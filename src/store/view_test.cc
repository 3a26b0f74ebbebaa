// Views show what a scan shows: after the start, and after every commit before its caller hears of
// it.
#include "store/view.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "store/model_workload.h"
#include "store/store.h"

namespace cloudlet::store {
namespace {

class Mirror final : public View {
 public:
  explicit Mirror(Range range) : range_(std::move(range)) {}
  Range range() const override { return range_; }
  void apply(std::string_view key, std::optional<std::string_view> value) override {
    std::scoped_lock lock(mutex_);
    history_.emplace_back(key, value.value_or("(erased)"));
    if (value)
      rows_.insert_or_assign(std::string(key), std::string(*value));
    else
      rows_.erase(std::string(key));
  }
  Rows rows() const {
    std::scoped_lock lock(mutex_);
    return rows_;
  }
  std::vector<std::pair<std::string, std::string>> history() const {
    std::scoped_lock lock(mutex_);
    return history_;
  }
  Rows expected(const ReadTxn& state) const {
    Rows rows;
    state.scan(range_, [&](std::string_view key, std::string_view value) {
      return rows.emplace(key, value), true;
    });
    return rows;
  }

 private:
  const Range range_;
  mutable std::mutex mutex_;
  Rows rows_;
  std::vector<std::pair<std::string, std::string>> history_;
};

class Views : public testing::Test {
 protected:
  std::unique_ptr<Store> open() { return Store::open({.folder = folder}, clock, *random).value(); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("cloudlet-views-" + system_random()->hex(8));
  Clock clock{from_millis(1000)};
  std::unique_ptr<Random> random = seeded_random(1);
};

TEST_F(Views, EqualAScanAfterRandomWorkAndAfterARestart) {
  for (std::uint64_t life = 0; life < 2; ++life) {
    // Overlapping and nested ranges, one that holds nothing, and one that holds everything.
    Mirror all(prefix(make_key("test")));
    Mirror some(prefix(make_key("test", "row", 3)));
    Mirror overlapping(
        {.from = make_key("test", "row", 2).bytes(), .to = make_key("test", "row", 5).bytes()});
    Mirror nothing(prefix(make_key("elsewhere")));
    auto store = open();
    for (Mirror* view : {&all, &some, &overlapping, &nothing}) store->watch(*view);
    store->start();
    EXPECT_EQ(all.rows().empty(), life == 0);
    for (std::uint64_t i = 0; i < 500; ++i) {
      const std::uint64_t number = life * 500 + i;
      store->submit([number](Txn& tx) { return run_number(tx, 5, number); }, [](Result<void>) {});
    }
    EXPECT_TRUE(store->transact_blocking([](Txn&) -> Result<void> { return {}; }).has_value());
    const auto state = store->snapshot();
    for (Mirror* view : {&all, &some, &overlapping, &nothing})
      EXPECT_EQ(view->rows(), view->expected(*state));
    EXPECT_GT(all.rows().size(), 10);
    EXPECT_GT(some.history().size(), 20);
    store->stop();
  }
}

TEST_F(Views, HearEveryChangeInOrderBeforeTheCallerDoes) {
  Mirror view(prefix(make_key("t")));
  auto store = open();
  store->watch(view);
  store->start();
  const auto put = [&](const char* value, bool refuse) {
    return store->transact_blocking([&](Txn& tx) -> Result<void> {
      tx.put(make_key("t", "b"), value);
      tx.put(make_key("t", "a"), value);
      if (refuse) return invalid("no");
      return {};
    });
  };
  EXPECT_TRUE(put("1", false).has_value());
  EXPECT_EQ(view.history().size(), 2);
  EXPECT_TRUE(put("2", true).has_error());
  EXPECT_TRUE(put("3", false).has_value());
  const std::string a = make_key("t", "a").bytes();
  const std::string b = make_key("t", "b").bytes();
  EXPECT_EQ(view.history(), (std::vector<std::pair<std::string, std::string>>{
                                {b, "1"}, {a, "1"}, {b, "3"}, {a, "3"}}));
  store->stop();
}

TEST_F(Views, HearOfAnErasedRangeKeyByKey) {
  Mirror view(prefix(make_key("t")));
  auto store = open();
  store->watch(view);
  store->start();
  EXPECT_TRUE(store
                  ->transact_blocking([&](Txn& tx) -> Result<void> {
                    for (int i = 0; i < 3; ++i) tx.put(make_key("t", i), "1");
                    return {};
                  })
                  .has_value());
  EXPECT_TRUE(store
                  ->transact_blocking([&](Txn& tx) -> Result<void> {
                    tx.put(make_key("t", 3), "in the same transaction");
                    tx.erase(prefix(make_key("t")));
                    return {};
                  })
                  .has_value());
  EXPECT_TRUE(view.rows().empty());
  EXPECT_EQ(view.history().size(), 3 + 1 + 4);
  store->stop();
}

}  // namespace
}  // namespace cloudlet::store
