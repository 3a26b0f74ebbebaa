#include "mqtt/session.h"

#include <algorithm>

#include "mqtt/connection.h"
#include "mqtt/shard.h"

namespace cloudlet::mqtt {
namespace {

// Output that waits for one socket before its session stops adding to it.
constexpr std::size_t output_pause_bytes = 256 * 1024;
constexpr std::size_t page_bytes = 256 * 1024;
// What waits in memory before the publishers are made to wait.
constexpr std::size_t waiting_pause_messages = 2'000;
constexpr std::size_t waiting_pause_bytes = 1024 * 1024;
// So long may a receiver that moves hold its publishers up without catching up once.
constexpr int seconds_behind_max = 2;

}  // namespace

Session::Session(std::string id, Shard& home, bool stored)
    : id_(std::move(id)), shard_(home), home_index_(home.index()), stored_(stored) {}

Verdict Session::may_receive(std::string_view topic) const {
  return policy_ ? policy_->may_receive(topic) : Verdict{};
}

void Session::attach(Connection& connection, std::shared_ptr<const SessionPolicy> policy,
                     std::size_t window) {
  assert_that(connection_ == nullptr, "a session has one connection");
  connection_ = &connection;
  window_ = std::max<std::size_t>(window, 1);
  expires_at.reset();
  cursor_ = 0;
  // Routes hold what the policy of a subscriber said; a session without subscriptions is in none.
  if (subscriptions.empty()) {
    policy_ = std::move(policy);
  } else {
    shard_.core().tree.update([&] { policy_ = std::move(policy); });
  }
  if (stored_) wake();
}

void Session::detach() {
  connection_ = nullptr;
  flights_.clear();  // stored: read from the queue again; not stored: the session ends
  waiting_.clear();
  waiting_bytes_ = 0;
  waiting_qos_0_ = 0;
  more_ = false;
  stalled_ = false;
  seconds_behind_ = 0;
  update_behind();
}

void Session::deliver(Outgoing& message, const Receiver& receiver, const Session* publisher) {
  if (receiver.no_local && publisher == this) return;
  const auto qos = lower(message.view.qos, receiver.qos);
  if (stored_ && qos != Qos::at_most_once) return wake();
  send(message, qos, receiver.retain_as_published && message.view.retain);
}

bool Session::room() const {
  return flights_.size() < window_ && connection_->unsent() < output_pause_bytes &&
         !id_in_use_memory();
}

bool Session::id_in_use_memory() const {
  // Packet ids come round after 65,535: one that is still unacknowledged then waits for its
  // acknowledgement.
  return !flights_.empty() && next_position_ - flights_.front().position >= 65'535;
}

void Session::send(Outgoing& message, Qos qos, bool retain) {
  if (connection_ == nullptr || !connection_->ready()) return;
  if (qos == Qos::at_most_once) {
    if (waiting_qos_0_ == 0 && connection_->unsent() < shard_.core().limits().output_bytes_max) {
      write(message, {.protocol = connection_->protocol(), .qos = qos, .retain = retain});
    } else if (waiting_qos_0_ == 0 || !keep_waiting(message, qos, retain)) {
      drop(message.view.topic, "the receiver is too slow");
    }
    return;
  }
  if (waiting_.empty() && room()) return launch(message, qos, retain);
  if (!keep_waiting(message, qos, retain)) connection_->end_later(Disconnection::too_slow);
}

void Session::send_retained(Outgoing& message, Qos qos) {
  if (qos != Qos::at_most_once || (waiting_.empty() && room_for(qos)))
    return send(message, qos, true);
  if (!keep_waiting(message, qos, true)) drop(message.view.topic, "too many messages wait");
}

// False: too many do already.
bool Session::keep_waiting(Outgoing& message, Qos qos, bool retain) {
  const auto& limits = shard_.core().limits();
  if (waiting_.size() >= limits.pending_messages_max || waiting_bytes_ >= limits.pending_bytes_max)
    return false;
  waiting_.push_back({.message = message.own(), .qos = qos, .retain = retain});
  waiting_bytes_ += message.view.payload.size() + message.view.topic.size() + sizeof(Message);
  if (qos == Qos::at_most_once) ++waiting_qos_0_;
  update_behind();
  connection_->count_waiting();
  shard_.mark(*connection_);
  return true;
}

void Session::drop(std::string_view topic, std::string_view reason) {
  shard_.core().counters.dropped.fetch_add(1, std::memory_order_relaxed);
  shard_.core().application.on_dropped(client_id_of(id_), topic, reason);
}

bool Session::room_for(Qos qos) const {
  if (qos != Qos::at_most_once) return room();
  return connection_->unsent() <
         std::min(output_pause_bytes, shard_.core().limits().output_bytes_max);
}

void Session::launch(Outgoing& message, Qos qos, bool retain) {
  if (qos == Qos::at_most_once)
    return write(message, {.protocol = connection_->protocol(), .qos = qos, .retain = retain});
  const auto position = next_position_;
  const PublishEncoder::Form form{.protocol = connection_->protocol(),
                                  .qos = qos,
                                  .retain = retain,
                                  .packet_id = packet_id(position)};
  if (!fits(message, form)) return;
  ++next_position_;
  flights_.push_back({.position = position, .qos = qos});
  write(message, form);
}

bool Session::fits(Outgoing& message, const PublishEncoder::Form& form) {
  // [MQTT-3.1.2-25] (5.0): what is too large for the client is not sent, and counts as delivered.
  if (form.protocol != mqtt_5_0 || message.encoder.size(form) <= connection_->packet_bytes_max())
    return true;
  drop(message.view.topic, "larger than the receiver's maximum packet size");
  return false;
}

void Session::write(Outgoing& message, const PublishEncoder::Form& form) {
  if (form.qos == Qos::at_most_once && !fits(message, form)) return;
  message.encoder.append(connection_->output(), form);
  if (connection_->unsent() > output_pause_bytes) update_behind();
  connection_->count_waiting();
  shard_.core().counters.delivered.fetch_add(1, std::memory_order_relaxed);
  shard_.mark(*connection_);
}

void Session::wake() {
  more_ = true;
  if (connection_ != nullptr) shard_.mark(*connection_);
}

void Session::pump() {
  if (connection_ == nullptr || !connection_->ready()) return;
  while (!waiting_.empty() && room_for(waiting_.front().qos)) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.qos == Qos::at_most_once) --waiting_qos_0_;
    waiting_bytes_ -= next.message->payload.size() + next.message->topic.size() + sizeof(Message);
    if (next.message->expires_at && *next.message->expires_at <= shard_.now()) continue;
    Outgoing message{
        .view = view_of(*next.message), .owned = next.message, .encoder = shard_.encoder()};
    message.encoder.reset(message.view, shard_.now());
    launch(message, next.qos, next.retain);
  }
  // Pages, not single messages: a read costs a seek.
  if (more_ && flights_.size() <= window_ / 2) read_queue();
}

void Session::read_queue() {
  auto& application = shard_.core().application;
  while (more_ && flights_.size() < window_ && connection_->unsent() < output_pause_bytes) {
    const auto page = application.read_queue({.client_id = id_,
                                              .after = cursor_,
                                              .limit = window_ - flights_.size(),
                                              .bytes_max = page_bytes});
    if (page.empty()) more_ = false;
    for (const auto& queued : page) {
      if (!take_queued(queued)) return flush_progress();
      cursor_ = queued.position;
    }
  }
  flush_progress();
}

// False: not yet.
bool Session::take_queued(const QueuedMessage& queued) {
  if (settling_.contains(queued.position)) return true;
  if (!flights_.empty() && queued.position - flights_.front().position >= 65'535)
    return false;  // packet id in use
  const auto id = packet_id(queued.position);
  if (queued.received) {
    flights_.push_back({.position = queued.position, .qos = Qos::exactly_once, .released = true});
    put_acknowledgement(connection_->output(), PacketType::pubrel, id);
    shard_.mark(*connection_);
    return true;
  }
  const bool dup = queued.position <= sent_up_to_ || maybe_sent_ > 0;
  if (maybe_sent_ > 0) --maybe_sent_;
  const auto& stored = *queued.message;
  const bool expired = stored.expires_at && *stored.expires_at <= shard_.now();
  const PublishEncoder::Form form{.protocol = connection_->protocol(),
                                  .qos = queued.qos,
                                  .retain = queued.retain,
                                  .dup = dup,
                                  .packet_id = id};
  Outgoing message{.view = view_of(stored), .owned = queued.message, .encoder = shard_.encoder()};
  message.encoder.reset(message.view, shard_.now());
  if (!expired && policy_) {
    if (const auto verdict = policy_->may_receive(stored.topic); !verdict.allowed) {
      shard_.core().application.on_denied(connection_->client(), "iot:Receive", stored.topic,
                                          verdict.reason);
      complete(queued.position);
      return true;
    }
  }
  if (expired || !fits(message, form)) {
    complete(queued.position);
    return true;
  }
  flights_.push_back({.position = queued.position, .qos = queued.qos});
  sent_up_to_ = std::max(sent_up_to_, queued.position);
  write(message, form);
  return true;
}

std::deque<Session::Flight>::iterator Session::find_flight(std::uint16_t id) {
  if (flights_.empty()) return flights_.end();
  if (packet_id(flights_.front().position) == id) return flights_.begin();
  // Positions grow, and all lie within one round of packet ids.
  const auto first = flights_.front().position;
  const auto ahead = (static_cast<std::uint64_t>(id) + 65'535 - packet_id(first)) % 65'535;
  const auto found = std::ranges::lower_bound(flights_, first + ahead, {}, &Flight::position);
  return found != flights_.end() && found->position == first + ahead ? found : flights_.end();
}

bool Session::acknowledged(PacketType type, std::uint16_t id, Reason reason) {
  const auto flight = find_flight(id);
  if (flight == flights_.end()) return false;
  ++acknowledgements_;
  const bool once = flight->qos == Qos::at_least_once;
  if (once != (type == PacketType::puback)) return false;
  const bool refused = static_cast<std::uint8_t>(reason) >= 0x80;
  if (type == PacketType::pubrec && !refused) {
    if (!stored_) {
      flight->released = true;
      put_acknowledgement(connection_->output(), PacketType::pubrel, id);
      shard_.mark(*connection_);
    } else if (!flight->released) {
      flight->released = true;
      progress_.received.push_back(flight->position);
    }
    return true;
  }
  if (type == PacketType::pubcomp && !flight->released) return false;
  const auto position = flight->position;
  flights_.erase(flight);
  if (stored_) complete(position);
  shard_.mark(*connection_);
  return true;
}

void Session::released(std::uint16_t id) {
  // The id is free when that is durable: until then a repetition is one.
  const bool known = stored_ ? received.contains(id) : received.erase(id) > 0;
  if (stored_ && known) {
    progress_.released.push_back(id);
    return;
  }
  const auto reason = known ? Reason::success : Reason::packet_identifier_not_found;
  put_acknowledgement(connection_->output(), connection_->protocol(), PacketType::pubcomp, id,
                      reason);
  shard_.mark(*connection_);
}

void Session::complete(std::uint64_t position) {
  settling_.insert(position);
  progress_.completed.push_back(position);
}

void Session::flush_progress() {
  if (progress_.completed.empty() && progress_.received.empty() && progress_.released.empty())
    return;
  auto progress = std::make_shared<const Progress>(std::exchange(progress_, {}));
  const auto number = connection_ == nullptr ? 0 : connection_->client().connection;
  auto done =
      shard_.answer([self = shared_from_this(), progress, number](const Result<void>& outcome) {
        self->progress_done(*progress, number, outcome.has_value());
      });
  shard_.core().application.progress(id_, *progress, std::move(done));
}

void Session::progress_done(const Progress& progress, std::uint64_t number, bool ok) {
  for (const auto position : progress.completed) settling_.erase(position);
  if (ok) {
    for (const auto id : progress.released) received.erase(id);
  }
  if (connection_ == nullptr || connection_->client().connection != number) return;
  if (!ok && (!progress.received.empty() || !progress.released.empty())) {
    connection_->end_later(Disconnection::quota_exceeded);
    return;
  }
  for (const auto position : progress.received) {
    put_acknowledgement(connection_->output(), PacketType::pubrel, packet_id(position));
  }
  for (const auto id : progress.released)
    put_acknowledgement(connection_->output(), PacketType::pubcomp, id);
  shard_.mark(*connection_);
}

bool Session::is_behind() const {
  return connection_ != nullptr &&
         (waiting_.size() > waiting_pause_messages || waiting_bytes_ > waiting_pause_bytes ||
          connection_->unsent() > output_pause_bytes);
}

void Session::update_behind() {
  const bool late = is_behind();
  if (!late) {
    stalled_ = false;
    seconds_behind_ = 0;
  }
  const bool now = late && !stalled_;
  if (now == behind_.load(std::memory_order_relaxed)) return;
  behind_.store(now, std::memory_order_relaxed);
  if (now) return;
  for (auto& shard : shard_.core().shards) {
    shard->post([&shard = *shard] { shard.resume_publishers(); });
  }
}

void Session::second_passed(bool stands) {
  update_behind();
  if (!is_behind()) return;
  stalled_ = stalled_ || stands || ++seconds_behind_ > seconds_behind_max;
  update_behind();
}

}  // namespace cloudlet::mqtt
