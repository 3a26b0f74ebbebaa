// What the store does when the disk is full, broken, damaged or somebody else's.
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <future>
#include <set>

#include "store/forgetful_file_system.h"
#include "store/store.h"
#include "store/timers.h"

namespace cloudlet::store {
namespace {

using namespace std::chrono_literals;

class Failures : public testing::Test {
 protected:
  void TearDown() override {
    store.reset();
    std::filesystem::remove_all(folder);
  }
  Result<std::unique_ptr<Store>> open() {
    return Store::open({.folder = folder, .env = env.get(), .write_buffer_bytes = 100'000}, clock,
                       *random);
  }
  void restart_with(const std::shared_ptr<ForgetfulFileSystem>& next) {
    store.reset();
    disk = next;
    env = rocksdb::NewCompositeEnv(disk);
  }
  void start() {
    store = open().value();
    store->start();
  }
  Result<void> put(const std::string& name, std::size_t bytes = 10) {
    return store->transact_blocking([&](Txn& tx) -> Result<void> {
      tx.put(make_key("t", name), bytes > 100 ? random->bytes(bytes) : std::string(bytes, 'x'));
      return {};
    });
  }
  bool has(const std::string& name) { return store->snapshot()->exists(make_key("t", name)); }
  std::uint64_t bytes_in_tables() {
    std::uint64_t sum = 0;
    for (const std::string& name : disk->files()) {
      std::uint64_t size = 0;
      if (name.ends_with(".sst") && env->GetFileSize(name, &size).ok()) sum += size;
    }
    return sum;
  }
  void write_file(const std::string& name, const std::string& text) {
    ASSERT_TRUE(rocksdb::WriteStringToFile(env.get(), text, folder + "/" + name, true).ok());
  }

  const std::string folder =
      std::filesystem::temp_directory_path() / ("cloudlet-failures-" + system_random()->hex(8));
  std::shared_ptr<ForgetfulFileSystem> disk = std::make_shared<ForgetfulFileSystem>();
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  Clock clock{from_millis(1000)};
  std::unique_ptr<Random> random = seeded_random(1);
  std::unique_ptr<Store> store;
};

TEST_F(Failures, ShortOfSpaceWritesAreRefusedReadsAndErasesGoOn) {
  start();
  ASSERT_TRUE(put("before").has_value());
  disk->set_free_bytes(20 << 20);
  const auto refused = put("refused");
  ASSERT_TRUE(refused.has_error());
  EXPECT_TRUE(refused.error().is(errors::service_unavailable));
  EXPECT_NE(refused.error().message().find("disk is full"), std::string::npos);
  EXPECT_TRUE(has("before"));
  EXPECT_FALSE(has("refused"));
  EXPECT_TRUE(store
                  ->transact_blocking([](Txn& tx) -> Result<void> {
                    tx.erase(make_key("t", "before"));
                    return {};
                  })
                  .has_value());
  disk->set_free_bytes(1 << 20);
  EXPECT_TRUE(store
                  ->transact_blocking([](Txn& tx) -> Result<void> {
                    tx.erase(make_key("t", "other"));
                    return {};
                  })
                  .has_error())
      << "the last bit is for the engine itself";
  disk->set_free_bytes(1 << 30);
  EXPECT_TRUE(put("after").has_value());
}

TEST_F(Failures, AFullDiskThatNobodyForesawRefusesAndRecoversByItself) {
  start();
  for (int round = 0; round < 3; ++round) {
    const std::string name = std::to_string(round);
    ASSERT_TRUE(put("before" + name).has_value());
    disk->set_full(true);
    const auto refused = put("refused" + name);
    ASSERT_TRUE(refused.has_error());
    EXPECT_TRUE(refused.error().is(errors::service_unavailable));
    ASSERT_TRUE(put("refused again" + name).has_error());
    EXPECT_TRUE(has("before" + name));
    disk->set_full(false);
    const auto served = put("after" + name);
    ASSERT_TRUE(served.has_value()) << served.error().message();
  }
  restart_with(disk->image(*random));
  start();
  for (int round = 0; round < 3; ++round) {
    const std::string name = std::to_string(round);
    EXPECT_TRUE(has("before" + name));
    EXPECT_TRUE(has("after" + name));
    EXPECT_FALSE(has("refused" + name));
    EXPECT_FALSE(has("refused again" + name));
  }
}

TEST_F(Failures, AFullDiskWhileTablesAreWrittenRecoversByItself) {
  start();
  std::set<std::string> acknowledged;
  for (int i = 0; i < 300; ++i) {
    disk->set_full(i % 100 > 60);
    if (put(std::to_string(i), 5000).has_value()) acknowledged.insert(std::to_string(i));
  }
  EXPECT_GT(acknowledged.size(), 150);
  EXPECT_LT(acknowledged.size(), 250);
  disk->set_full(false);
  ASSERT_TRUE(put("last").has_value());
  restart_with(disk->image(*random));
  start();
  for (int i = 0; i < 300; ++i)
    EXPECT_EQ(has(std::to_string(i)), acknowledged.contains(std::to_string(i))) << i;
}

TEST_F(Failures, ADiskTooFullForMergingTablesRecoversByItself) {
  start();
  disk->set_full_for_merging(true);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(put(std::to_string(i % 20), 5000).has_value());
  EXPECT_GT(bytes_in_tables(), 1'000'000u);
  disk->set_full_for_merging(false);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  for (int i = 0; bytes_in_tables() > 1'000'000 && std::chrono::steady_clock::now() < deadline; ++i)
    ASSERT_TRUE(put(std::to_string(i % 20), 5000).has_value());
  EXPECT_LT(bytes_in_tables(), 1'000'000u) << "nothing is merged any more";
}

TEST_F(Failures, ShortOfSpaceWhatIsErasedGivesItsSpaceBackWithoutARestart) {
  start();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(put(std::to_string(i), 5000).has_value());
  disk->set_free_bytes(20 << 20);
  ASSERT_TRUE(store
                  ->transact_blocking([](Txn& tx) -> Result<void> {
                    tx.erase(prefix(make_key("t")));
                    return {};
                  })
                  .has_value());
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (bytes_in_tables() > 100'000 && std::chrono::steady_clock::now() < deadline)
    ASSERT_TRUE(put("asks for space").has_error());
  EXPECT_LT(bytes_in_tables(), 100'000);
}

TEST_F(Failures, TimersWaitForSpace) {
  store = open().value();
  std::promise<void> fired;
  store->timers().on("fire", [&](Txn& tx, const Timer&) {
    tx.put(make_key("t", "fired"), "1");
    tx.on_commit([&] { fired.set_value(); });
  });
  store->start();
  ASSERT_TRUE(store
                  ->transact_blocking([&](Txn& tx) -> Result<void> {
                    tx.at(clock.now() + 1s, "fire", "");
                    return {};
                  })
                  .has_value());
  disk->set_full(true);
  clock.advance(1s);
  EXPECT_TRUE(put("refused").has_error());
  EXPECT_FALSE(has("fired"));
  disk->set_full(false);
  EXPECT_EQ(fired.get_future().wait_for(20s), std::future_status::ready);
  EXPECT_TRUE(has("fired"));
}

using FailuresDeathTest = Failures;

TEST_F(FailuresDeathTest, AFailedSyncEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        start();
        disk->fail_syncs(true);
        (void)put("never acknowledged");
        std::fprintf(stderr, "acknowledged\n");
      },
      "syncing the store in .* failed: .*; stopping");
}

TEST_F(Failures, AnUnknownFormatIsRefused) {
  start();
  restart_with(disk->image(*random));
  write_file("format", "cloudlet store 2\n");
  const auto refused = open();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(
      refused.error().message().find("/format names a format that this cloudlet does not know"),
      std::string::npos)
      << refused.error().message();
}

TEST_F(Failures, AMissingFormatBesideAStoreIsRefused) {
  start();
  restart_with(disk->image(*random));
  ASSERT_TRUE(env->DeleteFile(folder + "/format").ok());
  const auto refused = open();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message().find("/format is missing"), std::string::npos)
      << refused.error().message();
}

TEST_F(Failures, AFolderInUseIsRefused) {
  start();
  const auto refused = open();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message().find("is in use by another cloudlet process"),
            std::string::npos)
      << refused.error().message();
}

TEST_F(Failures, ADamagedLogIsRefusedAndLeftAlone) {
  start();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(put(std::to_string(i)).has_value());
  restart_with(disk->image(*random));
  const std::string spoiled = disk->spoil(".log", 1000);
  ASSERT_NE(spoiled, "");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto refused = open();
    ASSERT_TRUE(refused.has_error()) << "acknowledged transactions were lost without a word";
    EXPECT_NE(refused.error().message().find("is damaged: its log ends at commit"),
              std::string::npos)
        << refused.error().message();
    EXPECT_NE(refused.error().message().find(folder + "/db"), std::string::npos);
  }
  // Mended, all is there: the refusal changed nothing.
  disk->spoil(".log", 1000);
  start();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(has(std::to_string(i)));
}

TEST_F(Failures, ALogWhoseAcknowledgedEndIsGoneIsRefused) {
  start();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(put(std::to_string(i)).has_value());
  restart_with(disk->image(*random));
  ASSERT_NE(disk->spoil(".log", -3), "");
  const auto refused = open();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message().find("is damaged"), std::string::npos)
      << refused.error().message();
}

TEST_F(Failures, DamagedOrMissingTablesAndManifestsAreRefused) {
  start();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(put(std::to_string(i), 5000).has_value());
  store->stop();
  const auto whole = disk->image(*random);
  restart_with(whole->image(*random));
  // All of them: one that was merged away may be there still.
  const auto files = disk->files();
  std::size_t tables = 0;
  for (const auto& name : files) {
    if (!name.ends_with(".sst")) continue;
    ASSERT_TRUE(env->DeleteFile(name).ok());
    ++tables;
  }
  ASSERT_GT(tables, 0u);
  auto refused = open();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message().find("is damaged"), std::string::npos)
      << refused.error().message();
  restart_with(whole->image(*random));
  const auto is_manifest = [](const std::string& name) {
    return name.find("MANIFEST") != std::string::npos;
  };
  const auto manifest = std::find_if(files.rbegin(), files.rend(), is_manifest);  // the newest
  ASSERT_NE(manifest, files.rend());
  ASSERT_NE(disk->spoil(manifest->substr(manifest->rfind('/')), 20), "");
  refused = open();
  ASSERT_TRUE(refused.has_error());
  EXPECT_NE(refused.error().message().find("is damaged"), std::string::npos)
      << refused.error().message();
}

}  // namespace
}  // namespace cloudlet::store
