#include "mqtt/memory_application.h"

#include <algorithm>

#include "mqtt/topic.h"

namespace cloudlet::mqtt {
namespace {

class AllowAll final : public SessionPolicy {
 public:
  Verdict may_publish(std::string_view, bool) const override { return {}; }
  Verdict may_subscribe(std::string_view) const override { return {}; }
  Verdict may_receive(std::string_view) const override { return {}; }
};

}  // namespace

Result<std::vector<StoredSession>> MemoryApplication::load() {
  std::scoped_lock lock(mutex_);
  std::vector<StoredSession> out;
  for (const auto& [id, stored] : stored_) {
    out.push_back(stored.session);
    out.back().received.assign(stored.received.begin(), stored.received.end());
  }
  return out;
}

void MemoryApplication::authenticate(const ConnectRequest&, Authenticated done) {
  done(Grant{.policy = std::make_shared<AllowAll>()});
}

void MemoryApplication::set_commit(Commit commit) {
  std::scoped_lock lock(mutex_);
  commit_ = std::move(commit);
}

void MemoryApplication::commit(Done done) {
  Commit later;
  {
    std::scoped_lock lock(mutex_);
    later = commit_;
  }
  if (!later) return done({});
  later([done = std::move(done)] { done({}); });
}

void MemoryApplication::enqueue(Stored& stored, MessagePtr message, Qos qos, bool retain) {
  if (stored.queue.size() >= queue_max_) return;
  stored.queue.push_back({.position = stored.next_position++,
                          .qos = qos,
                          .retain = retain,
                          .message = std::move(message)});
}

void MemoryApplication::apply(const Client& client, const Arrival& arrival) {
  const auto& publish = arrival.publish;
  MessagePtr message;
  if (!arrival.recipients.empty() || publish.retain) message = make_message(publish);
  if (publish.retain && publish.payload.empty()) {
    retained_.erase(std::string(publish.topic));
  } else if (publish.retain) {
    retained_.insert_or_assign(std::string(publish.topic), message);
  }
  for (const auto& recipient : arrival.recipients) {
    const auto stored = stored_.find(recipient.client_id);
    if (stored != stored_.end()) enqueue(stored->second, message, recipient.qos, recipient.retain);
  }
  if (!arrival.remember_packet_id) return;
  const auto own = stored_.find(client.session());
  if (own != stored_.end()) own->second.received.insert(publish.packet_id);
}

Accepted MemoryApplication::accept(Batch& batch) {
  bool durable = false;
  for (const auto& arrival : batch.arrivals()) {
    durable = durable || arrival.publish.retain || !arrival.recipients.empty() ||
              arrival.remember_packet_id;
  }
  if (!durable) return Accepted::now;
  {
    std::scoped_lock lock(mutex_);
    for (const auto& arrival : batch.arrivals()) apply(batch.client(), arrival);
    if (!commit_) return Accepted::now;
  }
  commit(batch.completion());
  return Accepted::later;
}

void MemoryApplication::open_session(const SessionOpening& opening, Done done) {
  {
    std::scoped_lock lock(mutex_);
    const std::string id(opening.client_id);
    if (opening.fresh) stored_.erase(id);
    if (opening.persistent || opening.will) {
      auto& session = stored_[id].session;
      session.client_id = id;
      session.expiry = opening.expiry;
      session.disconnected_at.reset();
      session.will = opening.will;
      session.will_grant = opening.grant;
      session.opened_at = opening.at;
    }
  }
  commit(std::move(done));
}

void MemoryApplication::close_session(const SessionClosing& closing, Done done) {
  {
    std::scoped_lock lock(mutex_);
    const auto found = stored_.find(closing.client_id);
    if (found != stored_.end() && !closing.keep) {
      stored_.erase(found);
    } else if (found != stored_.end()) {
      auto& session = found->second.session;
      session.disconnected_at = closing.at;
      session.expiry = closing.expiry;
      if (!closing.will_pending) session.will = nullptr;
    }
  }
  commit(std::move(done));
}

void MemoryApplication::subscribe(const SubscribeRequest& request, std::size_t limit,
                                  Subscribed done) {
  std::vector<RetainedDelivery> out;
  {
    std::scoped_lock lock(mutex_);
    const auto stored = stored_.find(request.client.session());
    const bool persistent = request.client.persistent && stored != stored_.end();
    for (const auto& item : request.items) {
      if (persistent) {
        auto& all = stored->second.session.subscriptions;
        std::erase_if(all, [&](const auto& old) { return old.filter == item.subscription.filter; });
        all.push_back(item.subscription);
      }
      if (!item.send_retained) continue;
      for (const auto& [topic, message] : retained_) {
        if (!matches(item.subscription.filter, topic)) continue;
        const auto qos = lower(message->qos, item.subscription.qos);
        if (persistent && qos != Qos::at_most_once) {
          enqueue(stored->second, message, qos, true);
        } else if (out.size() < limit) {
          out.push_back({.message = message, .qos = qos});
        }
      }
    }
  }
  if (!request.client.persistent) return done(std::move(out));
  commit([done = std::move(done), out = std::move(out)](const Result<void>&) { done(out); });
}

void MemoryApplication::unsubscribe(const Client& client, std::span<const std::string> filters,
                                    Done done) {
  {
    std::scoped_lock lock(mutex_);
    if (const auto stored = stored_.find(client.session()); stored != stored_.end()) {
      std::erase_if(stored->second.session.subscriptions, [&](const auto& old) {
        return std::ranges::find(filters, old.filter) != filters.end();
      });
    }
  }
  commit(std::move(done));
}

std::vector<QueuedMessage> MemoryApplication::read_queue(const QueueRead& read) const {
  std::scoped_lock lock(mutex_);
  std::vector<QueuedMessage> out;
  const auto stored = stored_.find(read.client_id);
  if (stored == stored_.end()) return out;
  const auto& queue = stored->second.queue;
  std::size_t bytes = 0;
  for (auto next = std::ranges::upper_bound(queue, read.after, {}, &QueuedMessage::position);
       next != queue.end() && out.size() < read.limit && bytes < read.bytes_max; ++next) {
    out.push_back(*next);
    bytes += next->message->payload.size();
  }
  return out;
}

void MemoryApplication::progress(std::string_view client_id, const Progress& progress, Done done) {
  {
    std::scoped_lock lock(mutex_);
    if (const auto found = stored_.find(client_id); found != stored_.end()) {
      auto& [session, queue, next, received] = found->second;
      const auto at = [&](std::uint64_t position) {
        return std::ranges::lower_bound(queue, position, {}, &QueuedMessage::position);
      };
      for (const auto position : progress.completed) {
        if (const auto it = at(position); it != queue.end() && it->position == position)
          queue.erase(it);
      }
      for (const auto position : progress.received) {
        if (const auto it = at(position); it != queue.end() && it->position == position)
          it->received = true;
      }
      for (const auto id : progress.released) received.erase(id);
    }
  }
  commit(std::move(done));
}

std::size_t MemoryApplication::queued(const std::string& client_id) const {
  std::scoped_lock lock(mutex_);
  const auto stored = stored_.find(client_id);
  return stored == stored_.end() ? 0 : stored->second.queue.size();
}

std::size_t MemoryApplication::sessions() const {
  std::scoped_lock lock(mutex_);
  return stored_.size();
}

}  // namespace cloudlet::mqtt
