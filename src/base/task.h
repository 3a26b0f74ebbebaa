// Coroutines, and who owns the spawned ones.
//
// `Task<T>` appears at the edges only: HTTP, MQTT, runtime, operations that wait. A spawned task
// takes its arguments by value and belongs to a `TaskGroup`; nothing else calls `asio::co_spawn`
// with `detached`.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

namespace cloudlet {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

// Owns background work: cancels all of it, then waits for it. Thread-safe.
class TaskGroup {
 public:
  explicit TaskGroup(asio::any_io_executor executor);
  // All tasks must have ended: call `stop` (from a thread that does not run the executor) or await
  // `stopped` first.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `task` on `executor` (the group's own if none). An exception that leaves it is logged
  // under `name`.
  void spawn(std::string name, Task<> task);
  void spawn(asio::any_io_executor executor, std::string name, Task<> task);

  // Asks every task to end (terminal cancellation) and refuses new ones.
  void cancel();
  // `cancel`, then blocks until the last one ended. Not on a thread that runs the tasks.
  void stop();
  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cloudlet
