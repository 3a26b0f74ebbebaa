#include "wire/http_threads.h"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>
#include <vector>

#include "base/log.h"

namespace cloudlet::wire {
namespace {

struct IoThread {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread;
};

// An exception here has passed every place that should have caught it: say so and go on, other
// connections live.
void run(asio::io_context& context) {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      log::error("wire", "an exception reached the I/O thread: {}", error.what());
    }
  }
}

}  // namespace

struct IoThreads::State {
  std::vector<std::unique_ptr<IoThread>> threads;
  std::atomic<std::size_t> turn{0};
};

IoThreads::IoThreads(std::size_t count) : state_(std::make_unique<State>()) {
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    auto io = std::make_unique<IoThread>();
    io->thread = std::thread([&context = io->context] { run(context); });
    pthread_setname_np(io->thread.native_handle(), ("io-" + std::to_string(i)).c_str());
    state_->threads.push_back(std::move(io));
  }
}

IoThreads::~IoThreads() { stop(); }

std::size_t IoThreads::size() const { return state_->threads.size(); }

asio::any_io_executor IoThreads::at(std::size_t index) const {
  return state_->threads[index % state_->threads.size()]->context.get_executor();
}

asio::any_io_executor IoThreads::next() {
  return at(state_->turn.fetch_add(1, std::memory_order_relaxed));
}

void IoThreads::stop() {
  for (const auto& io : state_->threads) io->context.stop();
  for (const auto& io : state_->threads)
    if (io->thread.joinable()) io->thread.join();
}

}  // namespace cloudlet::wire
