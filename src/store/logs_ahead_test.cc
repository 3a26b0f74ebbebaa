// Logs that were prepared: used once, only when they hold nothing but zeros, and never waited for.
#include "store/logs_ahead.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "store/store.h"
#include "store/transact.h"

namespace cloudlet::store {
namespace {

namespace fs = std::filesystem;

class LogsAheadTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_ / "db"); }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<Store> open() {
    auto opened = Store::open({.folder = folder_, .write_buffer_bytes = 64'000}, clock_, *random_);
    EXPECT_TRUE(opened.has_value()) << opened.error().message();
    if (!opened.has_value()) return nullptr;
    (*opened)->start();
    return std::move(*opened);
  }
  void put(Store& store, int number) {
    const auto done = store.transact_blocking([&](Txn& tx) -> Result<void> {
      tx.put(make_key("test", number), std::string(1000, static_cast<char>('a' + number % 26)));
      return {};
    });
    ASSERT_FALSE(done.has_error());
  }
  // Logs that are longer than what was written: those begun in a prepared file.
  bool has_prepared_log() const {
    for (const auto& entry : fs::directory_iterator(folder_ / "db")) {
      std::error_code gone;
      if (entry.path().extension() == ".log" && entry.file_size(gone) == 80'000) return true;
    }
    return false;
  }

  // Once it is the only one, what the others held is in tables and nothing changes any more.
  bool has_one_log() const {
    const auto is_log = [](const fs::directory_entry& entry) {
      return entry.path().extension() == ".log";
    };
    return std::count_if(fs::directory_iterator(folder_ / "db"), {}, is_log) == 1;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("cloudlet-logs-" + system_random()->hex(8));
  Clock clock_{from_millis(1000)};
  const std::unique_ptr<Random> random_ = seeded_random(1);
};

TEST_F(LogsAheadTest, ANewLogGetsThePreparedFileAndAppendsFromItsBeginning) {
  LogsAhead logs(rocksdb::FileSystem::Default(), folder_ / "db", 10'000);
  logs.prepare(0);
  while (!logs.ready()) std::this_thread::yield();
  const std::string path = folder_ / "db" / "000001.log";
  std::unique_ptr<rocksdb::FSWritableFile> log;
  ASSERT_TRUE(logs.NewWritableFile(path, {}, &log, nullptr).ok());
  EXPECT_FALSE(fs::exists(folder_ / "db" / "log.ahead"));
  ASSERT_TRUE(log->Append("one", {}, nullptr).ok());
  ASSERT_TRUE(log->Append("two", {}, nullptr).ok());
  EXPECT_EQ(log->GetFileSize({}, nullptr), 6u);
  ASSERT_TRUE(log->Sync({}, nullptr).ok());
  std::string bytes;
  ASSERT_TRUE(rocksdb::ReadFileToString(rocksdb::Env::Default(), path, &bytes).ok());
  EXPECT_EQ(bytes, "onetwo" + std::string(9'994, '\0'));
  // The next one was not prepared.
  ASSERT_TRUE(logs.NewWritableFile(folder_ / "db" / "000002.log", {}, &log, nullptr).ok());
  EXPECT_EQ(fs::file_size(folder_ / "db" / "000002.log"), 0u);
}

TEST_F(LogsAheadTest, NothingIsPreparedOnADiskShortOfSpace) {
  LogsAhead logs(rocksdb::FileSystem::Default(), folder_ / "db", 10'000);
  logs.prepare(std::uint64_t{1} << 60);
  EXPECT_FALSE(fs::exists(folder_ / "db" / "log.ahead"));
}

TEST_F(LogsAheadTest, AStoreGoesOverToPreparedLogsAndIsReadAgainFromThem) {
  auto store = open();
  int written = 0;
  while (!has_prepared_log()) put(*store, written++);
  for (int i = 0; i < 20; ++i) put(*store, written++);  // less than a log holds
  while (!has_one_log()) std::this_thread::yield();
  // As after a kill: the files as they are now.
  const fs::path copy = folder_.string() + "-copy";
  fs::copy(folder_, copy, fs::copy_options::recursive);
  store->stop();
  auto again = Store::open({.folder = copy}, clock_, *random_);
  ASSERT_TRUE(again.has_value()) << again.error().message();
  (*again)->start();
  for (int i = 0; i < written; ++i)
    EXPECT_TRUE((*again)->snapshot()->exists(make_key("test", i))) << i;
  (*again)->stop();
  fs::remove_all(copy);
}

TEST_F(LogsAheadTest, WhatAnEarlierProcessPreparedIsNotTrusted) {
  open()->stop();
  std::ofstream(folder_ / "db" / "log.ahead") << std::string(80'000, 'x');
  auto store = open();
  EXPECT_FALSE(fs::exists(folder_ / "db" / "log.ahead"));
  store->stop();
}

}  // namespace
}  // namespace cloudlet::store
