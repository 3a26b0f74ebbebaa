// The way of published messages from one publisher: gathered over one read, accepted by the
// application as one batch, then acknowledged and delivered, in the order of their arrival.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "mqtt/application.h"
#include "mqtt/packet.h"
#include "mqtt/topic_tree.h"

namespace cloudlet::mqtt {

class Session;
class Shard;

// On its shard's thread. Shared, because a commit may outlive the connection.
class Intake : public std::enable_shared_from_this<Intake> {
 public:
  struct Answer {
    PacketType type = PacketType::puback;
    std::uint16_t packet_id = 0;
    Reason reason = Reason::success;
  };
  // Called with the answers of a batch once it is accepted, or with why it was not.
  using Settled = std::function<void(std::span<const Answer>, const Result<void>&)>;

  Intake(Shard& shard, std::shared_ptr<const Client> client, std::shared_ptr<Session> session,
         Settled settled);

  // `publish` is borrowed until `flush`.
  void add(const PublishView& publish, std::shared_ptr<const Route> route, bool remember_packet_id);
  // Bytes that a borrowed publish points into, and that nobody else keeps until `flush`.
  std::string_view keep_bytes(std::string bytes) {
    return kept_bytes_.emplace_back(std::move(bytes));
  }
  void answer(Answer answer) { answers_.push_back(answer); }
  void flush(const Cause& cause = {});
  // As flush, for one message from inside; `done` when it is settled.
  void flush_with(const Cause& cause, Done done);

  // Batches that wait for a commit.
  std::size_t waiting() const { return waiting_.size(); }
  bool idle() const { return waiting_.empty() && arrivals_.empty() && answers_.empty(); }
  // Nobody is there to be answered any more.
  void forget_client() { forgotten_ = true; }

 private:
  struct Pending {
    struct Item {
      MessagePtr message;
      std::shared_ptr<const Route> route;
    };
    std::vector<Item> items;  // only what has live receivers
    std::vector<Answer> answers;
    Done done;
    bool settled = false;
    Result<void> outcome;
  };
  class LiveBatch;

  void deliver_now();
  void tell(std::span<const Answer> answers, const Result<void>& outcome);
  std::shared_ptr<Pending> keep(std::shared_ptr<Pending> pending);
  void settle(const std::shared_ptr<Pending>& pending, Result<void> outcome);
  void drain();
  std::span<const Recipient> recipients_of(const PublishView& publish, const Route& route);

  Shard& shard_;
  const std::shared_ptr<const Client> client_;
  const std::shared_ptr<Session> session_;
  const Settled settled_;  // may be null
  bool forgotten_ = false;
  std::vector<Arrival> arrivals_;
  std::vector<std::shared_ptr<const Route>> routes_;  // of arrivals_
  std::deque<std::vector<Recipient>>
      filtered_;  // recipients without the publisher itself (no local)
  std::deque<std::string> kept_bytes_;
  std::vector<Answer> answers_;
  Done done_;
  std::deque<std::shared_ptr<Pending>> waiting_;
};

}  // namespace cloudlet::mqtt
