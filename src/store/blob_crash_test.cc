// Power cuts while blobs are written, replaced and dropped: whoever is referred to is there, whole,
// and nobody else's bytes.
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "store/blobs.h"
#include "store/forgetful_file_system.h"
#include "store/record.h"
#include "store/store.h"

namespace cloudlet::store {
namespace {

constexpr std::size_t clients = 3;
constexpr std::size_t objects = 2 * clients;
using Numbers = std::array<std::uint64_t, objects>;

// What an object refers to: the write that put it there, and its bytes (no blob: it was deleted).
struct Object {
  std::uint64_t number = 0;
  BlobId blob;
};

std::string encode(const Object& object) {
  return RecordWriter().number(1, object.number).text(2, object.blob.name).take();
}

Object decode(std::string_view bytes) {
  Object object;
  for (RecordReader reader(bytes); reader.next();)
    reader.field() == 1 ? void(object.number = reader.number())
                        : void(object.blob.name = reader.text());
  return object;
}

Key object_key(std::size_t object) { return make_key("object", std::uint64_t{object}); }

std::string content(std::uint64_t number) {
  const auto random = seeded_random(number);
  return random->bytes(1 + random->below(20'000));
}

class BlobCrash : public testing::TestWithParam<std::uint64_t> {
 protected:
  void live_through_power_cuts(Durability durability) {
    for (int cut = 0; cut < 8 && !HasFailure(); ++cut) {
      live_until_cut(durability);
      check(durability);
    }
  }

 private:
  void live_until_cut(Durability durability) {
    const auto env = rocksdb::NewCompositeEnv(disk_);
    std::shared_ptr<ForgetfulFileSystem> left;
    auto store = open(*env, durability);
    if (!store) return;
    store->start();
    cut_ = false;
    disk_->interrupt_after(dice_->below(dice_->below(3) == 0 ? 60 : 900), [&] {
      for (std::size_t i = 0; i < objects; ++i) at_cut_[i] = acknowledged_[i];
      left = disk_->image_locked(*dice_);
      cut_ = true;
    });
    asio::io_context io;
    std::vector<std::future<void>> served;
    for (std::size_t client = 0; client < clients; ++client)
      served.push_back(asio::co_spawn(io, serve(*store, client), asio::use_future));
    io.run();
    for (auto& end : served) end.get();
    store->stop();
    store.reset();
    if (!cut_) {
      disk_->interrupt_after(0, nullptr);
      for (std::size_t i = 0; i < objects; ++i) at_cut_[i] = acknowledged_[i];
      left = disk_->image(*dice_);
    }
    disk_ = left;
  }

  Task<void> serve(Store& store, std::size_t client) {
    for (int i = 0; i < 100 && !cut_; ++i) {
      const std::size_t object = client + clients * (i % 2);
      Object next{.number = ++last_, .blob = {}};
      if (next.number % 5 != 0) {
        auto written = write(store, content(next.number));
        next.blob = co_await std::move(written);
      }
      const auto body = [&](Txn& tx) -> Result<void> {
        const auto before = tx.get(object_key(object));
        if (const Object old = before ? decode(*before) : Object{}; !old.blob.name.empty())
          tx.drop_blob(old.blob);
        if (!next.blob.name.empty()) tx.keep_blob(next.blob);
        tx.put(object_key(object), encode(next));
        return {};
      };
      auto committed = store.transact(body);
      const auto outcome = co_await std::move(committed);
      EXPECT_TRUE(outcome.has_value()) << outcome.error().message();
      acknowledged_[object] = next.number;
    }
  }

  static Task<BlobId> write(Store& store, std::string bytes) {
    const auto writer = store.blobs().create();
    const std::size_t half = bytes.size() / 2;
    for (std::string piece : {bytes.substr(0, half), bytes.substr(half)}) {
      auto written = writer->write(std::move(piece));
      EXPECT_TRUE((co_await std::move(written)).has_value());
    }
    auto finished = writer->finish();
    auto blob = co_await std::move(finished);
    if (blob.has_error()) ADD_FAILURE() << blob.error().message();
    co_return blob.value();
  }

  static std::string read(Store& store, const BlobId& blob) {
    const auto reader = store.blobs().open(blob);
    if (reader.has_error()) return reader.error().message();
    asio::io_context io;
    auto bytes = asio::co_spawn(io, (*reader)->read(0, 1'000'000), asio::use_future);
    io.run();
    return bytes.get().value();
  }

  void check(Durability durability) {
    const auto env = rocksdb::NewCompositeEnv(disk_);
    const auto store = open(*env, durability);
    ASSERT_NE(store, nullptr);
    const auto state = store->snapshot();
    for (std::size_t i = 0; i < objects; ++i) {
      const auto found = state->get(object_key(i));
      const Object object = found ? decode(*found) : Object{};
      if (durability == Durability::sync)
        EXPECT_GE(object.number, at_cut_[i]) << "an acknowledged write is gone";
      acknowledged_[i] = object.number;
      if (!object.blob.name.empty())
        EXPECT_TRUE(read(*store, object.blob) == content(object.number))
            << "the blob of write " << object.number << " is not whole, seed " << GetParam();
    }
  }

  std::unique_ptr<Store> open(rocksdb::Env& env, Durability durability) {
    auto opened = Store::open({.folder = "/data",
                               .durability = durability,
                               .sync_interval = Duration(3),
                               .env = &env,
                               .write_buffer_bytes = 100'000},
                              clock_, *random_);
    EXPECT_TRUE(opened.has_value()) << opened.error().message() << " seed " << GetParam();
    return opened.has_value() ? std::move(*opened) : nullptr;
  }

  const std::unique_ptr<Random> random_ = seeded_random(GetParam());
  const std::unique_ptr<Random> dice_ = seeded_random(GetParam() + 1'000'000);
  Clock clock_{from_millis(1000)};
  std::shared_ptr<ForgetfulFileSystem> disk_ = std::make_shared<ForgetfulFileSystem>();
  std::atomic<bool> cut_ = false;
  std::uint64_t last_ = 0;
  std::array<std::atomic<std::uint64_t>, objects> acknowledged_{};
  Numbers at_cut_{};
};

TEST_P(BlobCrash, WhoeverIsReferredToIsWholeAfterAPowerCut) {
  live_through_power_cuts(Durability::sync);
}

TEST_P(BlobCrash, SyncedNowAndThenTheOldBlobStaysUntilItsReplacementIsOnTheDisk) {
  live_through_power_cuts(Durability::interval);
}

std::uint64_t seeds() {
  const char* asked = std::getenv("CLOUDLET_CRASH_SEEDS");
  return asked != nullptr ? std::stoull(asked) : 6;
}

INSTANTIATE_TEST_SUITE_P(Seeds, BlobCrash, testing::Range<std::uint64_t>(1, 1 + seeds()));

}  // namespace
}  // namespace cloudlet::store
