// One instance of a function: a process in its sandbox, and the invocation that it works on.
//
// starting -> idle <-> busy -> ending -> ended. An instance takes its invocation while starting,
// too. It speaks frames on its control socket (sdk/cpp, Python) or the Runtime API over HTTP
// (api.h): whichever it uses first.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/frame.h"
#include "runtime/function.h"
#include "runtime/invocation_log.h"
#include "runtime/spawner_link.h"

namespace cloudlet::runtime {

// AWS's limit of a synchronous answer, in bytes.
inline constexpr std::size_t response_bytes_max = 6'291'556;

class Instance : public SpawnListener, public std::enable_shared_from_this<Instance> {
 public:
  // Called without any lock held, on any thread.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void instance_idle(const std::shared_ptr<Instance>& instance) = 0;
    virtual void instance_ended(const std::shared_ptr<Instance>& instance) = 0;
    virtual void kill_instance(Instance& instance) = 0;
    virtual Fd open_memory_peak(Instance& instance) = 0;  // ControlGroups'; none: unknown
    virtual void serve_api(std::shared_ptr<Instance> instance, Fd listener) = 0;
  };
  struct Setup {
    std::uint64_t id = 0;
    asio::any_io_executor executor;
    std::shared_ptr<const Function> function;
    std::shared_ptr<LogStream> log;  // may be none
    std::string init_line;           // first line of its log
    Fd control, output;              // our ends
    std::optional<Time> expires;     // of its credentials
  };
  using Done = std::function<void(Answer)>;

  Instance(Setup setup, Owner& owner, Clock& clock);

  void start();  // begins to listen
  // Only while starting or idle, and one at a time: the pool sees to it. Answer::Kind::missed: it
  // ended while it was idle and never saw the event.
  void invoke(std::shared_ptr<const Invocation> invocation, Done done);
  // Kills it. A running invocation is answered as a crash.
  void end();
  // Its own thread of the event loop: an invocation that comes from there needs no other.
  const asio::any_io_executor& executor() const { return executor_; }
  const Function& function() const { return *function_; }
  std::uint64_t id() const { return id_; }
  int pid() const { return pid_; }
  bool usable(Time now) const;  // false: its credentials run out, or it ends

  // The Runtime API's side; on the instance's executor.
  struct Next {
    std::shared_ptr<const Invocation> invocation;
    std::int64_t deadline_ms = 0;
  };
  // Nothing: the instance ended, or asks on another connection now.
  using NextWaiter = std::function<void(std::optional<Next>)>;
  // The ticket of this waiter.
  std::uint64_t api_next(NextWaiter waiter);
  void api_left(std::uint64_t ticket);  // that waiter's connection is closed
  bool api_response(std::string_view request_id,
                    std::string body);  // false: not the running request
  bool api_error(std::string_view request_id, std::string body, std::string type);
  void api_init_error(std::string body, std::string type);
  void api_response_too_large();
  // The API is of no use any more: it speaks frames, or has ended. On its executor.
  void when_api_closes(std::function<void()> action);

  void on_started(int pid, int api_socket) override;
  void on_exited(const Exit& exit) override;

 private:
  enum class State { starting, idle, busy, ending, ended };
  using Steady = std::chrono::steady_clock;
  struct Current {
    std::shared_ptr<const Invocation> invocation;
    Done done;
    Steady::time_point sent{};
    std::int64_t deadline_ms = 0;
    bool cold = false, seen = false;  // seen: it is with the instance, and the log has its START
  };
  // What is to happen once the lock is released.
  struct After {
    std::vector<std::function<void()>> actions;
    ~After() {
      for (const auto& action : actions) action();
    }
  };

  void ended(const Exit& exit);
  void ready(After& after);
  void hand_over(After& after);
  void hand_to_waiter(After& after);
  void seen();
  void missed(After& after);
  bool send(std::string frame);  // false: the instance has closed the socket
  void push_out();
  void wait_control();
  void read_control();
  void handle_frames(After& after);
  bool handle_frame(FrameKind kind, std::string body, After& after);  // false: no frame of ours
  void break_off(const std::string& what);
  void wait_output();
  void read_output();
  void drain_output();
  void arm(std::chrono::milliseconds wait);
  void set_timer(Steady::time_point until);
  void look_at_time();
  void finish(Answer::Kind kind, std::string payload, std::string error_type, After& after);
  void fail_init(std::string body, std::string type, After& after);
  std::string error_body(const std::string& type, const std::string& message) const;
  std::uint64_t peak();

  const std::uint64_t id_;
  const asio::any_io_executor executor_;
  const std::shared_ptr<const Function> function_;
  Owner& owner_;
  Clock& clock_;
  const std::optional<Time> expires_;
  const Steady::time_point born_ = Steady::now();

  mutable std::mutex mutex_;
  asio::posix::stream_descriptor control_, output_;
  asio::steady_timer timer_;
  InvocationLog log_;
  State state_ = State::starting;
  int pid_ = 0;
  std::optional<Current> current_;
  NextWaiter next_waiter_;
  std::uint64_t next_ticket_ = 0;
  std::function<void()> close_api_;
  std::string in_, out_;
  std::size_t skip_ = 0;                     // bytes of an answer that is too large
  Steady::time_point due_{};                 // what is under way is to be over by then
  std::optional<Steady::time_point> armed_;  // when the timer looks: at due_ or before
  bool speaks_http_ = false, speaks_frames_ = false,
       waits_for_next_ = false;  // an event is ready, but it has not asked for the next
  bool writing_ = false, ready_seen_ = false;
  bool broken_off_ = false;  // sent what is no frame: not listened to any more
  std::chrono::microseconds init_took_{0};
  Fd peak_file_;  // stays open: a path into the control groups costs more than all else of a report
  std::uint64_t peak_ = 0;
};

}  // namespace cloudlet::runtime
