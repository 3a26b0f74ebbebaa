// The fast way in for what functions print: buffered per stream, one transaction a flush, groups
// and streams made on the way. Reads of the service wait until what was appended before them is on
// disk, so that a log is complete right after its invocation was answered, without the answer
// having waited for a sync.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "base/task.h"
#include "services/logs/state.h"

namespace cloudlet::store {
class Store;
}

namespace cloudlet::logs {

class Appender;

// One stream being written. Thread-safe; what is not yet on disk when the process dies is lost, as
// AWS's agents lose it.
class StreamWriter : public std::enable_shared_from_this<StreamWriter> {
 public:
  StreamWriter(Appender& owner, Scope scope, std::string group, std::string stream);
  ~StreamWriter();

  void append(Time at, std::string message);
  void flush();            // begins to write what was appended
  bool congested() const;  // more than some MiB wait for the disk
  void when_drained(std::function<void()> go_on);
  const Scope& scope() const { return scope_; }

 private:
  friend class Appender;
  void submit(std::unique_lock<std::mutex>& lock);
  void written();
  void when_settled(std::function<void()> done);

  Appender& owner_;
  const Scope scope_;
  const std::string group_, stream_;
  mutable std::mutex mutex_;
  std::vector<NewEvent> waiting_;
  std::size_t waiting_bytes_ = 0, writing_bytes_ = 0;
  bool writing_ = false, wanted_ = false, listed_ = false;
  std::vector<std::function<void()>> drained_, settled_;
};

class Appender {
 public:
  Appender(store::Store& store, Clock& clock, asio::any_io_executor executor);
  ~Appender();  // no writer may be left

  std::shared_ptr<StreamWriter> open(Scope scope, std::string group, std::string stream);
  // Until everything that was appended before, in this account and region, is on disk.
  Task<> settled(Scope scope);

 private:
  friend class StreamWriter;
  void list(
      const std::shared_ptr<StreamWriter>& writer);  // it has something that nobody asked to flush
  void unlist(StreamWriter* writer);
  std::vector<std::shared_ptr<StreamWriter>> busy(const Scope& scope);
  void flush_all();

  store::Store& store_;
  Clock& clock_;
  const asio::any_io_executor executor_;
  const std::shared_ptr<asio::steady_timer> timer_;  // touched on executor_ only
  std::mutex mutex_;
  std::map<StreamWriter*, std::weak_ptr<StreamWriter>> busy_;  // with events that are not on disk
  bool armed_ = false;
  std::shared_ptr<Appender*> alive_;  // what the timer's handler asks for
};

}  // namespace cloudlet::logs
