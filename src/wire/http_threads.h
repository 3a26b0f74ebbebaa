// The I/O threads: one io_context each, run by one thread, so that what lives on one needs no
// locks. Servers and clients of one process share them. Nothing on them blocks.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>

#include "base/task.h"

namespace cloudlet::wire {

class IoThreads {
 public:
  // 0: one a core.
  explicit IoThreads(std::size_t count = 0);
  ~IoThreads();  // stops
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  std::size_t size() const;
  asio::any_io_executor at(std::size_t index) const;
  asio::any_io_executor next();  // in turn

  // Ends all threads at once; what waits there never resumes. Stop servers first.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudlet::wire
