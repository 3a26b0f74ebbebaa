// What all parts of one broker share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "mqtt/broker.h"
#include "mqtt/topic.h"
#include "mqtt/topic_tree.h"

namespace cloudlet::mqtt {

class Shard;

struct Counters {
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> sessions{0};
  std::atomic<std::size_t> subscriptions{0};
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> dropped{0};
};

struct Core {
  Core(Options o, Application& a, Clock& c, Random& r, unsigned threads)
      : options(std::move(o)), application(a), clock(c), random(r), tree(threads) {}

  const Options options;
  Application& application;
  Clock& clock;
  Random& random;
  TopicTree tree;
  Counters counters;
  std::atomic<std::size_t> waiting_bytes{
      0};  // in memory for clients; see Connection::count_waiting
  std::atomic<std::uint64_t> next_connection{1};
  std::vector<std::unique_ptr<Shard>> shards;

  // Calls to the application that will be answered: `stop` waits for them.
  void expect() {
    std::scoped_lock lock(mutex_);
    ++expected_;
  }
  void answered() {
    std::scoped_lock lock(mutex_);
    if (--expected_ == 0) none_expected_.notify_all();
  }
  void wait_for_answers() {
    std::unique_lock lock(mutex_);
    none_expected_.wait(lock, [&] { return expected_ == 0; });
  }

  bool overloaded() const {
    return waiting_bytes.load(std::memory_order_relaxed) > options.limits.waiting_bytes_max;
  }
  const Limits& limits() const { return options.limits; }
  TopicLimits topic_limits() const {
    return {.bytes_max = options.limits.topic_bytes_max,
            .levels_max = options.limits.topic_levels_max};
  }
  // Of a client id or a session's name: known before it is known whose client it is.
  Shard& home_of(std::string_view name) {
    return *shards[std::hash<std::string_view>()(client_id_of(name)) % shards.size()];
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_expected_;
  std::size_t expected_ = 0;
};

}  // namespace cloudlet::mqtt
