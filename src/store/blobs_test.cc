// Blobs: there once finished and kept, gone when dropped or never kept, readable to the end by
// whoever opened them.
#include "store/blobs.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>

#include "store/store.h"

namespace cloudlet::store {
namespace {

namespace fs = std::filesystem;

class BlobsTest : public testing::TestWithParam<Durability> {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    store.reset();
    fs::remove_all(folder);
  }
  void open() {
    store = Store::open({.folder = folder, .durability = GetParam()}, clock, *random).value();
    store->start();
  }
  bool in_memory() const { return GetParam() == Durability::memory; }

  template <class T>
  T run(Task<T> task) {
    asio::io_context io;
    auto result = asio::co_spawn(io, std::move(task), asio::use_future);
    io.run();
    return result.get();
  }
  Task<BlobId> write(std::vector<std::string> pieces) {
    const auto writer = store->blobs().create();
    for (std::string& piece : pieces) {
      auto written = writer->write(std::move(piece));
      EXPECT_TRUE((co_await std::move(written)).has_value());
    }
    auto finished = writer->finish();
    auto blob = co_await std::move(finished);
    co_return *blob;
  }
  static Task<std::string> read(BlobReader& reader, std::size_t piece) {
    std::string all;
    for (;;) {
      auto reading = reader.read(all.size(), piece);
      const auto bytes = co_await std::move(reading);
      if (bytes->empty()) co_return all;
      all += *bytes;
    }
  }
  template <class Body>
  void transact(Body body) {
    EXPECT_TRUE(store
                    ->transact_blocking([&](Txn& tx) -> Result<void> {
                      body(tx);
                      return {};
                    })
                    .has_value());
  }
  void restart() {
    store->stop();
    store.reset();
    open();
  }
  // A start sweeps beside what it serves, and a stop ends that.
  void restart_until_gone(const BlobId& blob) {
    for (int i = 0; i < 100 && fs::exists(store->blobs().path(blob)); ++i) restart();
  }
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder / "blobs"))
      count += entry.is_regular_file();
    return count;
  }

  const fs::path folder = fs::temp_directory_path() / ("cloudlet-blobs-" + system_random()->hex(8));
  Clock clock{from_millis(1000)};
  std::unique_ptr<Random> random = seeded_random(1);
  std::unique_ptr<Store> store;
};

TEST_P(BlobsTest, ShortOfSpaceTheyLeaveTheRestOfTheDiskToTheLog) {
  if (in_memory()) GTEST_SKIP() << "nothing of it is on the store's disk";
  store.reset();
  store = Store::open(
              {.folder = folder, .durability = GetParam(), .reserve_bytes = std::uint64_t{1} << 60},
              clock, *random)
              .value();
  store->start();
  const auto writer = store->blobs().create();
  const auto refused = run(writer->write("more than there is room for"));
  ASSERT_TRUE(refused.has_error());
  EXPECT_TRUE(refused.error().is(errors::service_unavailable));
  EXPECT_NE(refused.error().message().find("disk is full"), std::string::npos);
}

TEST_P(BlobsTest, ComeBackAsWrittenInPieces) {
  const std::string large(300'000, 'x');
  const BlobId blob = run(write({"first,", large, "", "last"}));
  EXPECT_EQ(blob.name.size(), 32);
  const auto reader = store->blobs().open(blob).value();
  EXPECT_EQ(reader->size(), 300'010);
  EXPECT_EQ(run(read(*reader, 65'536)), "first," + large + "last");
  EXPECT_EQ(fs::file_size(store->blobs().path(blob)), 300'010);
}

TEST_P(BlobsTest, AnEmptyOneIsOneToo) {
  const BlobId blob = run(write({}));
  EXPECT_EQ(store->blobs().open(blob).value()->size(), 0);
}

TEST_P(BlobsTest, ReadingBeyondTheEndGivesNothing) {
  const auto reader = store->blobs().open(run(write({"abc"}))).value();
  auto beyond = reader->read(3, 10);
  EXPECT_EQ(run(std::move(beyond)).value(), "");
  auto far = reader->read(~std::uint64_t{0}, 10);
  EXPECT_EQ(run(std::move(far)).value(), "");
  auto across = reader->read(2, ~std::size_t{0});
  EXPECT_EQ(run(std::move(across)).value(), "c");
}

TEST_P(BlobsTest, AnUnknownOneIsNotFoundAndNoPathEscapes) {
  const auto unknown = store->blobs().open(BlobId{std::string(32, 'a')});
  ASSERT_TRUE(unknown.has_error());
  EXPECT_TRUE(unknown.error().is(errors::not_found));
  EXPECT_THROW((void)store->blobs().path(BlobId{"../../../../../etc/passwd"}), BrokenInvariant);
}

TEST_P(BlobsTest, ADroppedOneGoesAndItsReadersFinish) {
  const BlobId blob = run(write({"abc"}));
  transact([&](Txn& tx) { tx.keep_blob(blob); });
  const auto reader = store->blobs().open(blob).value();
  transact([&](Txn& tx) { tx.drop_blob(blob); });
  EXPECT_EQ(run(read(*reader, 1)), "abc");
  const std::string path = store->blobs().path(blob);
  store->stop();
  EXPECT_FALSE(fs::exists(path));
}

TEST_P(BlobsTest, ADroppedOneStaysUntilItsLastReaderIsGone) {
  const BlobId blob = run(write({"abc"}));
  transact([&](Txn& tx) { tx.keep_blob(blob); });
  auto first = store->blobs().open(blob).value(), second = store->blobs().open(blob).value();
  transact([&](Txn& tx) { tx.drop_blob(blob); });
  EXPECT_EQ(run(read(*first, 1)), "abc") << "it had not been opened yet";
  first.reset();
  EXPECT_EQ(run(read(*second, 2)), "abc");
  EXPECT_EQ(store->blobs().open(blob).value()->size(), 3) << "what is there can be read";
  second.reset();
  EXPECT_TRUE(store->blobs().open(blob).has_error());
  const std::string path = store->blobs().path(blob);
  store->stop();
  EXPECT_FALSE(fs::exists(path));
}

TEST_P(BlobsTest, ADroppedOneIsNotFoundAtOnceNotOnlyWhenItsFileIsGone) {
  const BlobId blob = run(write({"abc"}));
  transact([&](Txn& tx) { tx.keep_blob(blob); });
  transact([&](Txn& tx) { tx.drop_blob(blob); });
  const auto gone = store->blobs().open(blob);
  ASSERT_TRUE(gone.has_error());
  EXPECT_TRUE(gone.error().is(errors::not_found));
}

TEST_P(BlobsTest, OneThatIsReadWhenTheProcessDiesIsGoneAfterTheNextStart) {
  if (in_memory()) GTEST_SKIP() << "a store in memory has no next start";
  const BlobId blob = run(write({"abc"}));
  transact([&](Txn& tx) { tx.keep_blob(blob); });
  const std::string path = store->blobs().path(blob);
  {
    const auto reader = store->blobs().open(blob).value();
    transact([&](Txn& tx) { tx.drop_blob(blob); });
    EXPECT_TRUE(fs::exists(path));
    fs::create_hard_link(path, path + ".as-a-kill-leaves-it");
  }
  store->stop();
  fs::rename(path + ".as-a-kill-leaves-it", path);
  restart_until_gone(blob);
  EXPECT_FALSE(fs::exists(path));
}

TEST_P(BlobsTest, ARefusedDropChangesNothing) {
  const BlobId blob = run(write({"abc"}));
  transact([&](Txn& tx) { tx.keep_blob(blob); });
  EXPECT_TRUE(store
                  ->transact_blocking([&](Txn& tx) -> Result<void> {
                    tx.drop_blob(blob);
                    return invalid("no");
                  })
                  .has_error());
  if (!in_memory()) restart();
  EXPECT_TRUE(store->blobs().open(blob).has_value());
}

TEST_P(BlobsTest, WhatNobodyKeptIsGoneAfterARestart) {
  if (in_memory()) GTEST_SKIP() << "a store in memory has no next start";
  const BlobId kept = run(write({"kept"}));
  const BlobId orphan = run(write({"orphan"}));
  transact([&](Txn& tx) { tx.keep_blob(kept); });
  { const auto abandoned = store->blobs().create(); }
  std::ofstream(folder / "blobs" / "new" / std::string(32, 'b')) << "left by a kill";
  restart_until_gone(orphan);
  EXPECT_TRUE(store->blobs().open(kept).has_value());
  EXPECT_TRUE(store->blobs().open(orphan).has_error());
  EXPECT_EQ(files(), 1);
}

TEST_P(BlobsTest, OneThatIsAbandonedLeavesNothing) {
  std::string path;
  {
    const auto writer = store->blobs().create();
    auto written = writer->write("abc");
    EXPECT_TRUE(run(std::move(written)).has_value());
  }
  if (!in_memory()) EXPECT_EQ(files(), 0);
}

TEST_P(BlobsTest, AStoreInMemoryLeavesNothingBehind) {
  const BlobId blob = run(write({"abc"}));
  const fs::path path = store->blobs().path(blob);
  store.reset();
  EXPECT_EQ(fs::exists(path), !in_memory());
  if (in_memory()) EXPECT_FALSE(fs::exists(path.parent_path().parent_path()));
}

INSTANTIATE_TEST_SUITE_P(Modes, BlobsTest, testing::Values(Durability::sync, Durability::memory));

// As RocksDB lists a folder where the file system does not say what is a folder.
class ListsItself final : public rocksdb::EnvWrapper {
 public:
  ListsItself() : EnvWrapper(rocksdb::Env::Default()) {}
  rocksdb::Status GetChildren(const std::string& folder, std::vector<std::string>* names) override {
    auto status = target()->GetChildren(folder, names);
    if (status.ok()) names->insert(names->end(), {".", ".."});
    return status;
  }
};

TEST(BlobFolders, AStartWorksWhereListsHoldTheFolderItself) {
  const auto random = system_random();
  const fs::path folder = fs::temp_directory_path() / ("cloudlet-blobs-" + random->hex(8));
  Clock clock;
  ListsItself env;
  for (int start = 0; start < 2; ++start) {
    auto store = Store::open({.folder = folder, .durability = Durability::sync, .env = &env}, clock,
                             *random);
    ASSERT_TRUE(store.has_value()) << store.error().message();
    (*store)->start();
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace cloudlet::store
