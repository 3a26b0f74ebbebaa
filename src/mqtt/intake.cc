#include "mqtt/intake.h"

#include "mqtt/session.h"
#include "mqtt/shard.h"

namespace cloudlet::mqtt {

class Intake::LiveBatch final : public Batch {
 public:
  LiveBatch(Intake& intake, const Cause& cause)
      : Batch(*intake.client_, intake.arrivals_, cause), intake_(intake) {}

  Done completion() override {
    pending_ = std::make_shared<Pending>();
    return intake_.shard_.answer(
        [intake = intake_.shared_from_this(), pending = pending_](Result<void> outcome) {
          intake->settle(pending, std::move(outcome));
        });
  }
  std::shared_ptr<Pending> pending() const { return pending_; }

 private:
  Intake& intake_;
  std::shared_ptr<Pending> pending_;
};

Intake::Intake(Shard& shard, std::shared_ptr<const Client> client, std::shared_ptr<Session> session,
               Settled settled)
    : shard_(shard),
      client_(std::move(client)),
      session_(std::move(session)),
      settled_(std::move(settled)) {}

std::span<const Recipient> Intake::recipients_of(const PublishView& publish, const Route& route) {
  const auto all = route.recipients_of(publish.qos, publish.retain);
  if (all.empty() || !route.no_local || !session_) return all;
  auto& rest = filtered_.emplace_back();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (route.stored[i].no_local && route.stored[i].session == session_) continue;
    rest.push_back(all[i]);
  }
  return rest;
}

void Intake::add(const PublishView& publish, std::shared_ptr<const Route> route,
                 bool remember_packet_id) {
  const auto recipients = recipients_of(publish, *route);
  arrivals_.push_back(
      {.publish = publish, .recipients = recipients, .remember_packet_id = remember_packet_id});
  routes_.push_back(std::move(route));
}

void Intake::flush_with(const Cause& cause, Done done) {
  done_ = std::move(done);
  flush(cause);
}

void Intake::flush(const Cause& cause) {
  if (arrivals_.empty() && answers_.empty() && !done_) return;
  auto accepted = Accepted::now;
  std::shared_ptr<Pending> pending;
  if (!arrivals_.empty()) {
    LiveBatch batch(*this, cause);
    accepted = shard_.core().application.accept(batch);
    pending = batch.pending();
    assert_that(accepted == Accepted::now || pending,
                "Accepted::later without taking the completion");
  }
  if (accepted == Accepted::now && waiting_.empty()) {
    deliver_now();
    if (!answers_.empty()) tell(answers_, {});
    if (done_) std::exchange(done_, nullptr)({});
  } else {
    waiting_.push_back(keep(std::move(pending)));
    waiting_.back()->settled = accepted == Accepted::now;
  }
  arrivals_.clear();
  routes_.clear();
  filtered_.clear();
  kept_bytes_.clear();
  answers_.clear();
}

void Intake::tell(std::span<const Answer> answers, const Result<void>& outcome) {
  if (settled_ && !forgotten_) settled_(answers, outcome);
}

void Intake::deliver_now() {
  for (std::size_t i = 0; i < arrivals_.size(); ++i) {
    if (routes_[i]->live_count == 0) continue;
    Outgoing message{.view = arrivals_[i].publish, .owned = nullptr, .encoder = shard_.encoder()};
    shard_.deliver(message, routes_[i], session_);
  }
}

std::shared_ptr<Intake::Pending> Intake::keep(std::shared_ptr<Pending> pending) {
  if (!pending) pending = std::make_shared<Pending>();
  for (std::size_t i = 0; i < arrivals_.size(); ++i) {
    if (routes_[i]->live_count == 0) continue;
    pending->items.push_back({.message = make_message(arrivals_[i].publish), .route = routes_[i]});
  }
  pending->answers = std::exchange(answers_, {});
  pending->done = std::exchange(done_, nullptr);
  return pending;
}

void Intake::settle(const std::shared_ptr<Pending>& pending, Result<void> outcome) {
  pending->settled = true;
  pending->outcome = std::move(outcome);
  drain();
}

void Intake::drain() {
  while (!waiting_.empty() && waiting_.front()->settled) {
    const auto pending = std::move(waiting_.front());
    waiting_.pop_front();
    if (pending->outcome.has_value()) {
      for (const auto& item : pending->items) {
        Outgoing message{
            .view = view_of(*item.message), .owned = item.message, .encoder = shard_.encoder()};
        shard_.deliver(message, item.route, session_);
      }
    }
    tell(pending->answers, pending->outcome);
    if (pending->done) pending->done(pending->outcome);
  }
}

}  // namespace cloudlet::mqtt
