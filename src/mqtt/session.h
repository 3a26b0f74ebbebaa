// One client id's session: its subscriptions and what is on its way to it. Lives on one I/O thread
// (its home), with or without a connection.
//
// Messages with QoS above 0 for a stored (persistent) session always come out of the application's
// queue, also while it is connected: what was acknowledged to the publisher is on disk until the
// receiver acknowledges it. All others come straight from the publisher and wait here, in memory,
// when the window is full.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "mqtt/application.h"
#include "mqtt/encode.h"
#include "mqtt/packet.h"
#include "mqtt/topic_tree.h"

namespace cloudlet::mqtt {

class Connection;
class Shard;

// A message on its way to several sessions: encoded once, owned only if one of them has to keep it.
struct Outgoing {
  PublishView view;
  MessagePtr owned;
  PublishEncoder& encoder;

  const MessagePtr& own() {
    if (!owned) owned = make_message(view);
    return owned;
  }
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::string id, Shard& home, bool stored);

  // Any thread.
  const std::string& id() const { return id_; }
  unsigned home() const { return home_index_; }
  bool stored() const { return stored_; }
  Verdict may_receive(std::string_view topic) const;  // under the tree's lock, or at home

  // All below: on the home thread.
  std::map<std::string, Subscription, std::less<>> subscriptions;
  std::unordered_set<std::uint16_t>
      received;  // QoS 2 messages of the client that it has not released
  std::chrono::seconds expiry{0};
  std::optional<Time> expires_at;  // while there is no connection
  MessagePtr delayed_will;         // 5.0 will delay
  Time delayed_will_at;
  std::shared_ptr<const Client> will_client;

  Connection* connection() const { return connection_; }
  // `window`: how many unacknowledged messages the client takes.
  void attach(Connection& connection, std::shared_ptr<const SessionPolicy> policy,
              std::size_t window);
  void detach();
  // After a restart nobody knows what had been sent.
  void recovered(std::size_t maybe_sent) { maybe_sent_ = maybe_sent; }

  void deliver(Outgoing& message, const Receiver& receiver, const Session* publisher);
  void send(Outgoing& message, Qos qos, bool retain);
  // A retained message for a new subscription: it waits for the socket, also with QoS 0.
  void send_retained(Outgoing& message, Qos qos);
  // There may be something new in the queue.
  void wake();
  // Sends what window and socket allow.
  void pump();

  // PUBACK, PUBREC, PUBCOMP of messages to the client. False: no such message.
  bool acknowledged(PacketType type, std::uint16_t packet_id, Reason reason);
  // PUBREL of a message from the client. Answers PUBCOMP, now or when it is durable.
  void released(std::uint16_t packet_id);
  // Tells the application what the acknowledgements of one read changed.
  void flush_progress();

  bool has_waiting() const { return !waiting_.empty() || (more_ && connection_ != nullptr); }
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  // Any thread: so much waits in memory, and moves, that publishers should wait.
  bool behind() const { return behind_.load(std::memory_order_relaxed); }
  void update_behind();
  // `stands`: something waits, and nothing of it moved. Who stands for a second, or is behind for
  // longer than a moment, is not waited for any more until it has caught up.
  void second_passed(bool stands);
  std::uint64_t acknowledgements() const { return acknowledgements_; }

 private:
  struct Waiting {
    MessagePtr message;
    Qos qos;
    bool retain;
  };
  struct Flight {
    std::uint64_t position = 0;  // the packet id is made of it
    Qos qos = Qos::at_least_once;
    bool released = false;  // PUBREC came: waits for PUBCOMP
  };

  static std::uint16_t packet_id(std::uint64_t position) {
    return static_cast<std::uint16_t>(1 + (position - 1) % 65535);
  }
  std::deque<Flight>::iterator find_flight(std::uint16_t packet_id);
  bool id_in_use_memory() const;
  bool room() const;
  bool room_for(Qos qos) const;
  bool keep_waiting(Outgoing& message, Qos qos, bool retain);
  void drop(std::string_view topic, std::string_view reason);
  bool is_behind() const;
  bool fits(Outgoing& message, const PublishEncoder::Form& form);
  void write(Outgoing& message, const PublishEncoder::Form& form);
  void launch(Outgoing& message, Qos qos, bool retain);
  void read_queue();
  bool take_queued(const QueuedMessage& queued);
  void complete(std::uint64_t position);
  void progress_done(const Progress& progress, std::uint64_t connection, bool ok);

  const std::string id_;
  Shard& shard_;
  const unsigned home_index_;
  const bool stored_;
  std::shared_ptr<const SessionPolicy> policy_;
  Connection* connection_ = nullptr;
  std::atomic<bool> behind_{false};
  bool stalled_ = false;
  int seconds_behind_ = 0;
  std::uint64_t acknowledgements_ = 0;

  std::size_t window_ = 1;
  std::deque<Flight> flights_;       // in the order of their positions
  std::uint64_t next_position_ = 1;  // not stored
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t waiting_qos_0_ = 0;  // of them; later ones queue up behind

  std::uint64_t cursor_ = 0;      // stored: how far the queue was read on this connection
  std::uint64_t sent_up_to_ = 0;  // the highest position ever sent
  std::size_t maybe_sent_ = 0;
  bool more_ = false;                 // the queue may hold more behind the cursor
  std::set<std::uint64_t> settling_;  // acknowledged, the removal not yet durable
  Progress progress_;
};

}  // namespace cloudlet::mqtt
