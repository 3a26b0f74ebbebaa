// An application that keeps everything in memory and lets everybody in: for the tests and benches
// of this room, and the shortest answer to what an Application has to do.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "mqtt/application.h"

namespace cloudlet::mqtt {

// Outlives any number of brokers, one after the other: what it holds is what a store would hold.
class MemoryApplication : public Application {
 public:
  explicit MemoryApplication(std::size_t queue_max = 10'000) : queue_max_(queue_max) {}

  Result<std::vector<StoredSession>> load() override;
  void authenticate(const ConnectRequest& request, Authenticated done) override;
  Accepted accept(Batch& batch) override;
  void open_session(const SessionOpening& opening, Done done) override;
  void close_session(const SessionClosing& closing, Done done) override;
  void subscribe(const SubscribeRequest& request, std::size_t limit, Subscribed done) override;
  void unsubscribe(const Client& client, std::span<const std::string> filters, Done done) override;
  std::vector<QueuedMessage> read_queue(const QueueRead& read) const override;
  void progress(std::string_view client_id, const Progress& progress, Done done) override;

  // When set, every durable change is "committed" when `commit` calls what it is given, in order.
  using Commit = std::function<void(std::function<void()>)>;
  void set_commit(Commit commit);
  std::size_t queued(const std::string& client_id) const;
  std::size_t sessions() const;

 private:
  struct Stored {
    StoredSession session;
    std::deque<QueuedMessage> queue;
    std::uint64_t next_position = 1;
    std::set<std::uint16_t> received;
  };

  void commit(Done done);
  void apply(const Client& client, const Arrival& arrival);
  void enqueue(Stored& stored, MessagePtr message, Qos qos, bool retain);

  const std::size_t queue_max_;
  mutable std::mutex mutex_;
  Commit commit_;
  std::map<std::string, Stored, std::less<>> stored_;
  std::map<std::string, MessagePtr, std::less<>> retained_;
};

}  // namespace cloudlet::mqtt
