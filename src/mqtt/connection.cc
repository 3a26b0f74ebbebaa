#include "mqtt/connection.h"

#include <unistd.h>

#include <algorithm>

namespace cloudlet::mqtt {
namespace {

// Memory that a burst needed is given back.
constexpr std::size_t output_kept_bytes = 64 * 1024;
// How far what is counted may be from what is.
constexpr std::size_t uncounted_bytes_max = 64 * 1024;

}  // namespace

Connection::Connection(Shard& shard, Socket socket)
    : shard_(&shard),
      core_(shard.core()),
      descriptor_(std::in_place, shard.context(), socket.descriptor),
      socket_(socket.descriptor),
      transport_(std::move(socket.transport)),
      listener_(socket.listener),
      address_(std::move(socket.address)),
      heard_at_(core_.clock.now()) {
  core_.counters.connections.fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() { core_.counters.connections.fetch_sub(1, std::memory_order_relaxed); }

void Connection::start() {
  shard_->add(shared_from_this());
  go_on_handshaking();
}

void Connection::go_on_handshaking() {
  switch (transport_->handshake().state) {
    case Moved::State::done:
      state_ = State::awaiting_connect;
      if (transport_->buffered()) return on_readable();
      return wait_readable();
    case Moved::State::wants_read: return wait_readable();
    case Moved::State::wants_write: return wait_writable();
    case Moved::State::ended: return end(Disconnection::connection_lost, Reason::success);
  }
}

// Who does not read its answers is not read either.
bool Connection::answers_pile_up() const { return unsent() > 2 * core_.limits().output_bytes_max; }

bool Connection::may_read() const {
  if (state_ == State::closed || state_ == State::connecting || waits_for_receiver_) return false;
  if (answers_pile_up()) return false;
  return !intake_ || intake_->waiting() < core_.limits().batches_max;
}

void Connection::wait_readable() {
  if (reading_ || !may_read()) return;
  reading_ = true;
  descriptor_->async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (error || self->state_ == State::closed) return;
                            self->reading_ = false;
                            self->on_readable();
                          });
}

void Connection::on_readable() {
  if (state_ == State::handshaking) return go_on_handshaking();
  // A busy connection gives the others their turn after a few buffers.
  for (int i = 0; i < 4 && may_read(); ++i) {
    if (!read_once()) break;
  }
  if (state_ == State::closed) return;
  if (state_ == State::connecting) return move_home();
  if (transport_->buffered() && may_read()) return read_soon();
  wait_readable();
}

void Connection::read_soon() {
  shard_->post([self = shared_from_this()] {
    if (!self->reading_ && self->may_read()) self->on_readable();
  });
}

// True: there may be more.
bool Connection::read_once() {
  auto& buffer = shard_->read_buffer();
  std::ranges::copy(kept_, buffer.begin());
  const auto kept = kept_.size();
  const auto moved = transport_->read(std::span(buffer).subspan(kept));
  if (moved.state == Moved::State::ended) {
    end(Disconnection::connection_lost, Reason::success);
    return false;
  }
  // TLS may want to write before it can read; the next round of either is tried.
  if (moved.state == Moved::State::wants_write) wait_writable();
  if (moved.state != Moved::State::done) return false;
  const auto bytes = std::string_view(buffer).substr(0, kept + moved.bytes);
  const auto used = process(bytes);
  if (state_ == State::closed) return false;
  kept_.assign(bytes.substr(used));
  return transport_->buffered();
}

void Connection::wait_writable() {
  if (writing_ || state_ == State::closed) return;
  writing_ = true;
  descriptor_->async_wait(asio::posix::stream_descriptor::wait_write,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (error || self->state_ == State::closed) return;
                            self->writing_ = false;
                            if (self->state_ == State::handshaking)
                              return self->go_on_handshaking();
                            self->shard_->mark(*self);
                          });
}

void Connection::look_after() {
  if (state_ == State::closed) return;
  if (session_ && state_ == State::open) session_->pump();
  if (unsent() > 0 && !writing_) write();
  if (session_ && state_ == State::open) session_->update_behind();
  count_waiting(Count::exactly);
}

std::size_t Connection::output_held() const {
  return output_.capacity() > output_kept_bytes ? output_.capacity() : unsent();
}

void Connection::count_waiting(Count how) {
  const bool gone = state_ == State::closed;
  const auto now = gone ? 0 : output_held() + (session_ ? session_->waiting_bytes() : 0);
  const auto far = now > counted_ ? now - counted_ : counted_ - now;
  if (far == 0 || (how == Count::nearly && far <= uncounted_bytes_max)) return;
  core_.waiting_bytes.fetch_add(now - counted_, std::memory_order_relaxed);  // modulo 2^64
  counted_ = now;
}

void Connection::write() {
  const bool piled_up = answers_pile_up();
  while (unsent() > 0) {
    const auto moved = transport_->write(std::string_view(output_).substr(sent_));
    if (moved.state == Moved::State::ended)
      return end(Disconnection::connection_lost, Reason::success);
    if (moved.state != Moved::State::done) {
      wait_writable();
      break;
    }
    sent_ += moved.bytes;
    progress_ += moved.bytes;
  }
  if (piled_up && !answers_pile_up()) resume_soon();
  if (unsent() == 0) {
    if (output_.capacity() > output_kept_bytes) std::string().swap(output_);
    output_.clear();
    sent_ = 0;
    // Room again: the session may have more.
    if (session_ && session_->has_waiting()) shard_->mark(*this);
  } else if (sent_ > output_kept_bytes && sent_ > output_.size() / 2) {
    output_.erase(0, sent_);
    sent_ = 0;
  }
}

void Connection::resume() {
  waits_for_receiver_ = false;
  if (reading_ || !may_read()) return;
  if (transport_->buffered()) return read_soon();
  wait_readable();
}

void Connection::resume_soon() {
  shard_->post([self = shared_from_this()] {
    if (self->state_ == State::open && !self->waits_for_receiver_) self->resume();
  });
}

void Connection::check(Time now) {
  if (state_ == State::closed) return;
  const auto& limits = core_.limits();
  if (state_ != State::open) {
    if (now - heard_at_ >= limits.connect_timeout)
      end(Disconnection::connection_lost, Reason::success);
    return;
  }
  // Unread input of a paused connection is not silence.
  if (!may_read()) heard_at_ = now;
  if (silence_max_ > Duration(0) && now - heard_at_ >= silence_max_) {
    return end(Disconnection::keep_alive_timeout, Reason::keep_alive_timeout);  // [MQTT-3.1.2-24]
  }
  tell_published();
  const auto progress = progress_ + session_->acknowledgements();
  const bool stands = progress == std::exchange(seen_progress_, progress);
  session_->second_passed(stands && (unsent() > 0 || session_->has_waiting()));
  // What waits in a durable queue, or in bounded memory, may wait: only a dead socket may not.
  if (unsent() == 0 || progress_ != std::exchange(seen_written_, progress_)) {
    stuck_since_.reset();
  } else if (!stuck_since_) {
    stuck_since_ = now;
  } else if (now - *stuck_since_ >= limits.stalled_max) {
    end(Disconnection::too_slow, Reason::quota_exceeded);
  }
}

void Connection::end_later(Disconnection why) {
  shard_->post([self = shared_from_this(), why] { self->end(why, Reason::quota_exceeded); });
}

void Connection::end(Disconnection why, Reason reason) {
  if (state_ == State::closed) return;
  const auto self = shared_from_this();
  const bool was_open = state_ == State::open;
  // 5.0 section 3.14: the server says why, unless the client ended it.
  if (was_open && protocol_ == mqtt_5_0 && why != Disconnection::client_initiated &&
      why != Disconnection::connection_lost) {
    put_disconnect(output_, reason, {});
  }
  if (why != Disconnection::connection_lost && unsent() > 0) {
    transport_->write(std::string_view(output_).substr(sent_));
  }
  state_ = State::closed;
  tell_published();
  if (session_) leave_session(was_open ? Was::open : Was::connecting);
  if (intake_) intake_->forget_client();
  if (was_open) core_.application.on_disconnected(*client_, why);
  count_waiting(Count::exactly);
  close_socket();  // last: whoever sees it closed finds everything settled
  shard_->remove(*this);
}

void Connection::close_socket() {
  transport_->shut_down();
  descriptor_.reset();  // closes it, and ends the waits
}

}  // namespace cloudlet::mqtt
