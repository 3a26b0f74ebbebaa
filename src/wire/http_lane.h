// What the connections of one I/O thread share: the list of them, one timer for all their limits,
// the Date header. Used on that thread only, but for the counters.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "base/task.h"
#include "wire/http_server.h"

namespace cloudlet::wire {

class HttpConnection;
using SteadyTime = std::chrono::steady_clock::time_point;

// One a server.
struct HttpShared {
  HttpHandler& handler;
  const Clock& clock;
  HttpOptions options;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable ended;  // a connection did

  void connection_ended();
};

class HttpLane : public std::enable_shared_from_this<HttpLane> {
 public:
  HttpLane(std::shared_ptr<HttpShared> shared, asio::any_io_executor executor)
      : shared_(std::move(shared)), executor_(std::move(executor)), timer_(executor_) {}

  HttpShared& shared() { return *shared_; }
  const asio::any_io_executor& executor() const { return executor_; }

  void start(std::shared_ptr<HttpConnection> connection);
  void finish_all();  // graceful: each closes after its request
  void cancel_all();  // now
  std::string_view date();

 private:
  void arm();
  void tick();

  std::shared_ptr<HttpShared> shared_;
  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  bool armed_ = false;
  std::unordered_set<std::shared_ptr<HttpConnection>> connections_;
  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace cloudlet::wire
