#include "runtime/instance.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.h"

namespace cloudlet::runtime {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds init_time_max{10'000};

std::string signal_name(int number) {
  switch (number) {
    case SIGKILL: return "killed";
    case SIGSEGV: return "segmentation fault";
    case SIGABRT: return "aborted";
    case SIGBUS: return "bus error";
    case SIGFPE: return "floating point exception";
    case SIGILL: return "illegal instruction";
    case SIGTERM: return "terminated";
    case SIGPIPE: return "broken pipe";
    case SIGSYS: return "bad system call";
    default: return std::to_string(number);
  }
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status))
    return "Runtime exited with error: signal: " + signal_name(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0)
    return "Runtime exited with error: exit status " + std::to_string(WEXITSTATUS(status));
  return "Runtime exited without providing a reason";
}

std::int64_t system_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The error's own word for its type, if its body is the usual object.
std::string type_in(const std::string& body) {
  boost::system::error_code failed;
  const json::value value = json::parse(body, failed);
  if (failed || !value.is_object()) return {};
  const json::value* type = value.as_object().if_contains("errorType");
  return type != nullptr && type->is_string() ? std::string(type->as_string()) : std::string();
}

}  // namespace

Instance::Instance(Setup setup, Owner& owner, Clock& clock)
    : id_(setup.id),
      executor_(setup.executor),
      function_(std::move(setup.function)),
      owner_(owner),
      clock_(clock),
      expires_(setup.expires),
      control_(executor_, setup.control.release()),
      output_(executor_, setup.output.release()),
      timer_(executor_),
      log_(clock, std::move(setup.log)) {
  control_.native_non_blocking(true);
  output_.native_non_blocking(true);
  log_.event(std::move(setup.init_line));
}

void Instance::start() {
  asio::dispatch(executor_, [self = shared_from_this()] {
    self->wait_control();
    self->wait_output();
  });
  std::scoped_lock lock(mutex_);
  arm(std::max(init_time_max, function_->timeout));
}

bool Instance::usable(Time now) const {
  std::scoped_lock lock(mutex_);
  return state_ == State::idle && (!expires_ || now + std::chrono::minutes(5) < *expires_);
}

void Instance::invoke(std::shared_ptr<const Invocation> invocation, Done done) {
  After after;
  std::scoped_lock lock(mutex_);
  current_.emplace(Current{.invocation = std::move(invocation), .done = std::move(done)});
  current_->cold = state_ == State::starting;
  if (state_ == State::ending || state_ == State::ended) {
    missed(after);
  } else if (state_ == State::idle) {
    hand_over(after);
  }
}

void Instance::ready(After& after) {
  if (state_ != State::starting) return;
  state_ = State::idle;
  ready_seen_ = true;
  init_took_ = std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - born_);
  if (current_) return hand_over(after);
  after.actions.emplace_back([self = shared_from_this()] { self->owner_.instance_idle(self); });
}

void Instance::hand_over(After& after) {
  state_ = State::busy;
  Current& now = *current_;
  now.sent = Steady::now();
  now.deadline_ms = system_millis() + function_->timeout.count();
  if (speaks_http_) {
    // It has answered, but may not be back for more yet.
    waits_for_next_ = !next_waiter_;
    if (next_waiter_) hand_to_waiter(after);
  } else {
    const std::string deadline_text = std::to_string(now.deadline_ms),
                      trace = now.invocation->cause.header();
    const InvokeHead head{.request_id = now.invocation->request_id,
                          .deadline_ms = deadline_text,
                          .arn = function_->arn,
                          .trace = trace,
                          .client_context = now.invocation->client_context,
                          .identity = now.invocation->identity};
    // A fresh one that is gone already tells by its end what went wrong.
    if (!send(pack_invoke(head, now.invocation->payload)) && !now.cold) {
      state_ = State::ending;
      owner_.kill_instance(*this);
      return missed(after);
    }
    seen();
  }
  arm(function_->timeout);
}

void Instance::hand_to_waiter(After& after) {
  seen();
  Next next{.invocation = current_->invocation, .deadline_ms = current_->deadline_ms};
  after.actions.emplace_back(
      [waiter = std::exchange(next_waiter_, {}), next = std::move(next)] { waiter(next); });
}

void Instance::seen() {
  current_->seen = true;
  log_.start(current_->invocation->request_id, function_->version);
}

void Instance::missed(After& after) {
  after.actions.emplace_back(
      [done = std::move(current_->done)] { done(Answer{.kind = Answer::Kind::missed}); });
  current_.reset();
}

bool Instance::send(std::string frame) {
  std::string_view rest = frame;
  if (out_.empty()) {
    while (!rest.empty()) {
      const ssize_t sent =
          ::send(control_.native_handle(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent < 0) break;  // full: the rest follows
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  if (rest.empty()) return true;
  out_.append(rest);
  asio::post(executor_, [self = shared_from_this()] { self->push_out(); });
  return true;
}

void Instance::push_out() {
  std::scoped_lock lock(mutex_);
  if (writing_ || out_.empty() || !control_.is_open()) return;
  writing_ = true;
  control_.async_wait(asio::posix::descriptor_base::wait_write,
                      [self = shared_from_this()](boost::system::error_code ec) {
                        if (ec) return;
                        {
                          std::scoped_lock inner(self->mutex_);
                          self->writing_ = false;
                          const ssize_t sent =
                              ::send(self->control_.native_handle(), self->out_.data(),
                                     self->out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
                          if (sent > 0) self->out_.erase(0, static_cast<std::size_t>(sent));
                          if (sent < 0 && errno != EAGAIN && errno != EINTR) return;
                        }
                        self->push_out();
                      });
}

// One timer serves many invocations, for each of which setting it would wake the instance's thread:
// it is set only if it would look too late, and goes on if it looks too early.
void Instance::arm(std::chrono::milliseconds wait) {
  due_ = Steady::now() + wait;
  if (armed_ && *armed_ <= due_) return;
  armed_ = due_;
  asio::dispatch(executor_, [self = shared_from_this(), until = due_] { self->set_timer(until); });
}

void Instance::set_timer(Steady::time_point until) {
  timer_.expires_at(until);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (!ec) self->look_at_time();
  });
}

void Instance::look_at_time() {
  After after;
  std::scoped_lock lock(mutex_);
  armed_.reset();
  if (state_ == State::ended || state_ == State::ending || state_ == State::idle) return;
  if (Steady::now() < due_) {
    armed_ = due_;
    return set_timer(due_);
  }
  if (current_) {
    if (state_ == State::starting) current_->sent = born_;
    const std::string seconds =
        fmt::format("{:.2f}", static_cast<double>(function_->timeout.count()) / 1000.0);
    const std::string what = "Task timed out after " + seconds + " seconds";
    drain_output();
    if (!current_->seen) seen();
    log_.event(iso8601(clock_.now()) + " " + current_->invocation->request_id + " " + what +
               "\n\n");
    finish(Answer::Kind::timeout, error_body("Sandbox.Timedout", what), "Sandbox.Timedout", after);
  }
  state_ = State::ending;
  owner_.kill_instance(*this);
}

void Instance::end() {
  std::scoped_lock lock(mutex_);
  if (state_ == State::ended || state_ == State::ending) return;
  state_ = State::ending;
  owner_.kill_instance(*this);
}

std::string Instance::error_body(const std::string& type, const std::string& message) const {
  json::object body;
  body["errorType"] = type;
  body["errorMessage"] = "RequestId: " + current_->invocation->request_id + " Error: " + message;
  return json::serialize(body);
}

void Instance::finish(Answer::Kind kind, std::string payload, std::string error_type,
                      After& after) {
  drain_output();
  log_.end_line();
  Current ended = std::move(*current_);
  current_.reset();
  const auto now = Steady::now();
  const bool started = ended.sent != Steady::time_point{};
  if (!ended.seen) log_.start(ended.invocation->request_id, function_->version);
  Answer answer{.kind = kind,
                .payload = std::move(payload),
                .error_type = std::move(error_type),
                .cold = ended.cold};
  if (started)
    answer.took = std::chrono::duration_cast<std::chrono::microseconds>(now - ended.sent);
  InvocationLog::Report report{
      .took = answer.took, .memory_mb = function_->memory_mb, .peak_bytes = peak()};
  if (ended.cold && ended.sent != born_)  // else its start is all there was
    report.init = ready_seen_ ? init_took_
                              : std::chrono::duration_cast<std::chrono::microseconds>(now - born_);
  const bool platform =
      answer.error_type.starts_with("Runtime.") || answer.error_type.starts_with("Sandbox.");
  if (kind == Answer::Kind::timeout)
    report.status = "timeout";
  else if (kind == Answer::Kind::error && platform)
    report.status = "error", report.error_type = answer.error_type;
  log_.report(ended.invocation->request_id, report);
  answer.log_tail = log_.take_tail();
  const bool free = state_ == State::busy;
  if (free) state_ = State::idle;
  after.actions.emplace_back([self = shared_from_this(), done = std::move(ended.done),
                              answer = std::move(answer), free]() {
    if (free) self->owner_.instance_idle(self);
    done(answer);
  });
}

void Instance::fail_init(std::string body, std::string type, After& after) {
  if (type.empty()) type = type_in(body);
  if (current_) {
    finish(Answer::Kind::error, std::move(body), std::move(type), after);
  } else {
    log_.event("INIT_REPORT Status: error\tError Type: " + type + "\n");
  }
  if (state_ == State::ended || state_ == State::ending) return;
  state_ = State::ending;
  owner_.kill_instance(*this);
}

std::uint64_t Instance::peak() {
  if (!peak_file_) peak_file_ = owner_.open_memory_peak(*this);
  char text[32] = {};
  if (peak_file_ && ::pread(peak_file_.get(), text, sizeof text - 1, 0) > 0)
    peak_ = std::max<std::uint64_t>(peak_, std::strtoull(text, nullptr, 10));
  // The kernel counts the page that went too far; AWS's reports end at the limit.
  return std::min(peak_, static_cast<std::uint64_t>(function_->memory_mb) << 20);
}

void Instance::on_started(int pid, int api_socket) {
  auto listener = std::make_shared<Fd>(api_socket);
  asio::dispatch(executor_, [self = shared_from_this(), pid, listener] {
    {
      std::scoped_lock lock(self->mutex_);
      self->pid_ = pid;
      if (self->state_ == State::ended || self->speaks_frames_) return;
    }
    if (*listener) self->owner_.serve_api(self, std::move(*listener));
  });
}

void Instance::on_exited(const Exit& exit) {
  // Its sockets and timer are touched on its own thread only.
  asio::dispatch(executor_, [self = shared_from_this(), exit] { self->ended(exit); });
}

void Instance::when_api_closes(std::function<void()> action) {
  After after;
  std::scoped_lock lock(mutex_);
  if (state_ == State::ended || speaks_frames_)
    after.actions.push_back(std::move(action));
  else
    close_api_ = std::move(action);
}

void Instance::ended(const Exit& exit) {
  After after;
  std::scoped_lock lock(mutex_);
  if (state_ == State::ended) return;
  // What it said before it ended is still in its sockets.
  if (control_.is_open() && !broken_off_) {
    char buffer[65536];
    for (ssize_t size = 0;
         (size = ::recv(control_.native_handle(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
      in_.append(buffer, static_cast<std::size_t>(size));
    handle_frames(after);
  }
  drain_output();
  peak_ = std::max(peak_, exit.memory_peak);
  if (exit.for_memory)
    peak_ = std::max(peak_, static_cast<std::uint64_t>(function_->memory_mb) << 20);
  if (current_ && !current_->cold && !current_->seen) missed(after);
  if (current_) {
    if (current_->sent == Steady::time_point{}) current_->cold = true;
    const std::string what = how_it_ended(exit.status);
    log_.end_line();
    log_.event("RequestId: " + current_->invocation->request_id + " Error: " + what +
               "\nRuntime.ExitError\n");
    state_ = State::ending;
    finish(Answer::Kind::error, error_body("Runtime.ExitError", what), "Runtime.ExitError", after);
  }
  state_ = State::ended;
  if (next_waiter_)
    after.actions.emplace_back(
        [waiter = std::exchange(next_waiter_, {})] { waiter(std::nullopt); });
  if (close_api_) after.actions.push_back(std::exchange(close_api_, {}));
  boost::system::error_code ignored;
  control_.close(ignored);
  output_.close(ignored);
  peak_file_ = Fd();
  timer_.cancel();
  if (log_.stream() != nullptr) log_.stream()->flush();
  after.actions.emplace_back([self = shared_from_this()] { self->owner_.instance_ended(self); });
}

}  // namespace cloudlet::runtime
