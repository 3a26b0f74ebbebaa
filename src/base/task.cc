#include "base/task.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <list>
#include <mutex>

#include "base/log.h"
#include "base/result.h"

namespace cloudlet {

struct TaskGroup::State {
  struct Entry {
    asio::any_io_executor executor;
    asio::cancellation_signal signal;
  };

  explicit State(asio::any_io_executor e) : executor(std::move(e)) {}

  asio::any_io_executor executor;
  mutable std::mutex mutex;
  std::condition_variable ended;
  std::list<std::shared_ptr<Entry>> running;
  bool cancelled = false;
};

namespace {

void report(const std::string& name, const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted)
      log::error("task", "{} ended by {}", name, error.what());
  } catch (const std::exception& error) {
    log::error("task", "{} ended by {}", name, error.what());
  }
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() { cancel(); }

void TaskGroup::spawn(std::string name, Task<> task) {
  spawn(state_->executor, std::move(name), std::move(task));
}

void TaskGroup::spawn(asio::any_io_executor executor, std::string name, Task<> task) {
  auto entry = std::make_shared<State::Entry>();
  entry->executor = executor;
  std::list<std::shared_ptr<State::Entry>>::iterator place;
  {
    std::scoped_lock lock(state_->mutex);
    if (state_->cancelled) return;
    place = state_->running.insert(state_->running.end(), entry);
  }
  const auto done = [state = state_, place,
                     name = std::move(name)](const std::exception_ptr& failure) {
    report(name, failure);
    std::scoped_lock lock(state->mutex);
    state->running.erase(place);
    state->ended.notify_all();
  };
  asio::co_spawn(executor, std::move(task),
                 asio::bind_cancellation_slot(entry->signal.slot(), done));
}

void TaskGroup::cancel() {
  std::list<std::shared_ptr<State::Entry>> entries;
  {
    std::scoped_lock lock(state_->mutex);
    state_->cancelled = true;
    entries = state_->running;
  }
  // A cancellation signal may only be touched where its task runs.
  for (const auto& entry : entries)
    asio::post(entry->executor, [entry] { entry->signal.emit(asio::cancellation_type::terminal); });
}

void TaskGroup::stop() {
  cancel();
  std::unique_lock lock(state_->mutex);
  state_->ended.wait(lock, [this] { return state_->running.empty(); });
}

std::size_t TaskGroup::size() const {
  std::scoped_lock lock(state_->mutex);
  return state_->running.size();
}

}  // namespace cloudlet
