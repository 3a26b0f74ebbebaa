// The runtime itself: pools of instances, limits, reclaiming.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/instance.h"
#include "runtime/launcher.h"
#include "runtime/runtime.h"

namespace cloudlet::runtime {

class Fleet final : public Runtime, public Instance::Owner {
 public:
  Fleet(Options options, Clock& clock, Random& random, asio::any_io_executor executor);
  ~Fleet() override;
  Result<void> begin();

  Task<Result<Answer>> invoke(std::shared_ptr<const Function> function,
                              Invocation invocation) override;
  void update(const std::string& arn, const Function* now) override;
  void prepare(Language language) override;
  const std::vector<Capability>& capabilities() const override { return launcher_.capabilities(); }
  int concurrency() const override { return options_.concurrency; }
  Stats stats() const override;
  void stop() override;

 private:
  using Held = std::shared_ptr<Instance>;
  struct Idle {
    Held instance;
    Time since;
  };
  struct Pool {
    std::string revision;   // instances of others end when they become free; empty: it is gone
    std::deque<Idle> idle;  // oldest first
    int busy = 0;
    int reserved = 0;
  };
  // One unit of concurrency, from admission to answer.
  class Slot;

  Result<void> admit(const Function& function);
  void leave(const Function& function);
  bool stopping() const;
  Held take_idle(const Function& function, const asio::any_io_executor& near);
  Task<Result<Held>> start_instance(std::shared_ptr<const Function> function,
                                    asio::any_io_executor executor);
  Result<void> spawn(const Held& instance, std::vector<std::string> environment, Fd control,
                     Fd output);
  Task<Result<std::optional<Credentials>>> credentials_for(const Function& function);
  std::string stream_name(const Function& function);
  void make_room();
  void reclaim();
  std::optional<Duration> next_reclaim();
  Task<> reclaim_loop();
  void wake_reclaim();

  void instance_idle(const Held& instance) override;
  void instance_ended(const Held& instance) override;
  void kill_instance(Instance& instance) override;
  Fd open_memory_peak(Instance& instance) override;
  void serve_api(Held instance, Fd listener) override;

  const Options options_;
  Clock& clock_;
  Random& random_;
  const asio::any_io_executor executor_;
  Launcher launcher_;
  TaskGroup tasks_;
  std::string refusal_;  // why no function may run here
  Clock::Subscription jumps_ = 0;

  mutable std::mutex mutex_;
  std::map<std::string, Pool> pools_;        // by ARN
  std::map<std::uint64_t, Held> instances_;  // all that have not ended
  std::map<std::pair<std::string, std::string>, Credentials> credentials_;  // by ARN and role
  std::uint64_t last_id_ = 0;
  int busy_unreserved_ = 0;
  int reserved_ = 0;  // by all pools together
  Stats stats_;
  bool stopped_ = false;
  std::condition_variable all_ended_;
  std::shared_ptr<asio::steady_timer> reclaim_timer_;  // touched on executor_ only
  bool reclaim_armed_ = false;
};

}  // namespace cloudlet::runtime
