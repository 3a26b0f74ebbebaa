// What comes from an instance: frames on its control socket, raw output on its pipe, calls of the
// Runtime API.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "runtime/instance.h"

namespace cloudlet::runtime {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::size_t frame_bytes_max = 64 * 1024 * 1024;  // more is not a mistake in size any more
constexpr std::string_view too_large_type = "Function.ResponseSizeTooLarge";
constexpr std::string_view too_large_body =
    R"({"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."})";

}  // namespace

void Instance::wait_control() {
  control_.async_wait(asio::posix::descriptor_base::wait_read,
                      [self = shared_from_this()](boost::system::error_code ec) {
                        if (!ec) self->read_control();
                      });
}

void Instance::read_control() {
  After after;
  std::scoped_lock lock(mutex_);
  if (!control_.is_open()) return;
  for (;;) {
    const std::size_t before = in_.size();
    in_.resize(before + read_bytes);
    const ssize_t size =
        ::recv(control_.native_handle(), in_.data() + before, read_bytes, MSG_DONTWAIT);
    in_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (size < 0 && errno == EINTR) continue;
    if (size == 0 || (size < 0 && errno != EAGAIN)) {
      // It ended, or closed the socket for good: no event would reach it. One that works says
      // by its end, or by taking too long, what became of it; others speak HTTP and need no socket.
      if (state_ != State::idle || speaks_http_) return;
      state_ = State::ending;
      return owner_.kill_instance(*this);
    }
    if (size < 0) break;
    handle_frames(after);
    if (broken_off_) return;
    if (static_cast<std::size_t>(size) < read_bytes) break;
  }
  if (log_.congested()) {
    log_.stream()->when_drained([self = shared_from_this()] {
      asio::post(self->executor_, [self] {
        std::scoped_lock inner(self->mutex_);
        if (self->control_.is_open()) self->wait_control();
      });
    });
    return;
  }
  wait_control();
}

void Instance::handle_frames(After& after) {
  std::size_t at = 0;
  for (;;) {
    if (skip_ > 0) {
      const std::size_t now = std::min(skip_, in_.size() - at);
      skip_ -= now;
      at += now;
      if (skip_ > 0) break;
      if (current_ && state_ == State::busy)
        finish(Answer::Kind::error, std::string(too_large_body), std::string(too_large_type),
               after);
    }
    if (in_.size() - at < frame_head_bytes) break;
    std::uint32_t size = 0;
    std::memcpy(&size, in_.data() + at, 4);
    const auto kind = static_cast<FrameKind>(in_[at + 4]);
    if (size > frame_bytes_max) return break_off("a frame of " + std::to_string(size) + " bytes");
    if (size > response_bytes_max + request_id_bytes) {
      at += frame_head_bytes;
      skip_ = size;
      continue;
    }
    if (in_.size() - at - frame_head_bytes < size) break;
    std::string body = in_.substr(at + frame_head_bytes, size);
    at += frame_head_bytes + size;
    if (!handle_frame(kind, std::move(body), after)) return break_off("a frame of no known kind");
  }
  in_.erase(0, at);
  if (in_.empty() && in_.capacity() > 1024 * 1024) in_.shrink_to_fit();
}

bool Instance::handle_frame(FrameKind kind, std::string body, After& after) {
  switch (kind) {
    case FrameKind::ready:
      speaks_frames_ = !speaks_http_;
      if (speaks_frames_ && close_api_) after.actions.push_back(std::exchange(close_api_, {}));
      return ready(after), true;
    case FrameKind::log: return log_.event(std::move(body)), true;
    case FrameKind::init_error: return fail_init(std::move(body), {}, after), true;
    case FrameKind::response:
    case FrameKind::error: break;
    default: return false;
  }
  // An answer to what is over already (it was slow, then late) counts for nothing.
  if (state_ != State::busy || !current_ || body.size() < request_id_bytes ||
      body.compare(0, request_id_bytes, current_->invocation->request_id) != 0)
    return true;
  body.erase(0, request_id_bytes);
  if (kind == FrameKind::response)
    finish(Answer::Kind::ok, std::move(body), {}, after);
  else
    finish(Answer::Kind::error, std::move(body), "Unhandled", after);
  return true;
}

// Whoever writes garbage where frames are expected is ended, and read no further.
void Instance::break_off(const std::string& what) {
  log::warning("runtime", "instance {} of {} sent {}: ended", id_, function_->arn, what);
  broken_off_ = true;
  in_ = {};
  owner_.kill_instance(*this);
}

void Instance::wait_output() {
  output_.async_wait(asio::posix::descriptor_base::wait_read,
                     [self = shared_from_this()](boost::system::error_code ec) {
                       if (!ec) self->read_output();
                     });
}

void Instance::read_output() {
  std::scoped_lock lock(mutex_);
  if (!output_.is_open()) return;
  char buffer[read_bytes];
  const ssize_t size = ::read(output_.native_handle(), buffer, sizeof buffer);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return;
  if (size > 0) log_.output({buffer, static_cast<std::size_t>(size)});
  if (!log_.congested()) return wait_output();
  log_.stream()->when_drained([self = shared_from_this()] {
    asio::post(self->executor_, [self] {
      std::scoped_lock inner(self->mutex_);
      if (self->output_.is_open()) self->wait_output();
    });
  });
}

// What was written before an answer belongs before its END: it is in the pipe already. Bounded, for
// a function whose other threads go on writing.
void Instance::drain_output() {
  if (!output_.is_open()) return;
  char buffer[read_bytes];
  for (int rounds = 0; rounds < 4; ++rounds) {
    const ssize_t size = ::read(output_.native_handle(), buffer, sizeof buffer);
    if (size <= 0) return;
    log_.output({buffer, static_cast<std::size_t>(size)});
  }
}

std::uint64_t Instance::api_next(NextWaiter waiter) {
  After after;
  std::scoped_lock lock(mutex_);
  speaks_http_ = true;
  // Asked again before it has answered: the runtime is broken.
  if ((state_ == State::busy && !waits_for_next_) || state_ == State::ended) {
    after.actions.emplace_back([waiter = std::move(waiter)] { waiter(std::nullopt); });
    return 0;
  }
  // A client that gave up waiting comes back on a new connection: the newest counts.
  if (next_waiter_)
    after.actions.emplace_back(
        [waiter = std::exchange(next_waiter_, {})] { waiter(std::nullopt); });
  next_waiter_ = std::move(waiter);
  const std::uint64_t ticket = ++next_ticket_;
  if (std::exchange(waits_for_next_, false) && state_ == State::busy)
    hand_to_waiter(after);
  else
    ready(after);
  return ticket;
}

void Instance::api_left(std::uint64_t ticket) {
  After after;
  std::scoped_lock lock(mutex_);
  if (ticket != next_ticket_ || !next_waiter_) return;
  after.actions.emplace_back([waiter = std::exchange(next_waiter_, {})] { waiter(std::nullopt); });
}

bool Instance::api_response(std::string_view request_id, std::string body) {
  After after;
  std::scoped_lock lock(mutex_);
  if (state_ != State::busy || !current_ || current_->invocation->request_id != request_id)
    return false;
  finish(Answer::Kind::ok, std::move(body), {}, after);
  return true;
}

bool Instance::api_error(std::string_view request_id, std::string body, std::string type) {
  After after;
  std::scoped_lock lock(mutex_);
  if (state_ != State::busy || !current_ || current_->invocation->request_id != request_id)
    return false;
  finish(Answer::Kind::error, std::move(body), type.empty() ? "Unhandled" : std::move(type), after);
  return true;
}

void Instance::api_init_error(std::string body, std::string type) {
  After after;
  std::scoped_lock lock(mutex_);
  fail_init(std::move(body), std::move(type), after);
}

void Instance::api_response_too_large() {
  After after;
  std::scoped_lock lock(mutex_);
  if (state_ == State::busy && current_)
    finish(Answer::Kind::error, std::string(too_large_body), std::string(too_large_type), after);
}

}  // namespace cloudlet::runtime
