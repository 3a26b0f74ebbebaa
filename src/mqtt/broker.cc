#include "mqtt/broker.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/spell.h"
#include "mqtt/connection.h"
#include "mqtt/core.h"
#include "mqtt/listener.h"
#include "mqtt/shard.h"

namespace cloudlet::mqtt {
namespace {

unsigned thread_count(unsigned asked) {
  if (asked > 0) return asked;
  return std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
}

}  // namespace

struct Broker::State {
  State(Options options, Application& application, Clock& clock, Random& random)
      : core(options, application, clock, random, thread_count(options.threads)) {}

  Core core;
  std::mutex mutex;
  std::vector<std::unique_ptr<SocketListener>> listeners;  // guarded by mutex
  std::atomic<unsigned> next{0};                           // the thread of the next connection
  Clock::Subscription jumps = 0;
  bool running = false;
  Spell full;  // of connections

  bool room_for_another();
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port,
                               std::shared_ptr<const TlsContext> tls);
  void restore(StoredSession stored, Time now);
  // Runs `work` on every shard's thread and waits.
  template <class Work>
  void on_all(Work work) {
    std::vector<std::future<void>> done;
    for (auto& shard : core.shards) {
      auto promise = std::make_shared<std::promise<void>>();
      done.push_back(promise->get_future());
      shard->post([&shard = *shard, work, promise] {
        work(shard);
        promise->set_value();
      });
    }
    for (auto& each : done) each.wait();
  }
};

Broker::Broker(Options options, Application& application, Clock& clock, Random& random)
    : state_(std::make_unique<State>(std::move(options), application, clock, random)) {
  const auto threads = thread_count(state_->core.options.threads);
  for (unsigned i = 0; i < threads; ++i)
    state_->core.shards.push_back(std::make_unique<Shard>(i, state_->core));
}

Broker::~Broker() { stop(); }

Result<void> Broker::start() {
  auto& core = state_->core;
  TRY(auto stored, core.application.load());
  const auto now = core.clock.now();
  for (auto& session : stored) state_->restore(std::move(session), now);
  for (auto& shard : core.shards) shard->start();
  state_->running = true;
  state_->jumps = core.clock.on_jump([&core] {
    for (auto& shard : core.shards) shard->post([&shard = *shard] { shard.sweep(); });
  });
  return {};
}

// Before the threads run.
void Broker::State::restore(StoredSession stored, Time now) {
  auto& home = core.home_of(stored.client_id);
  auto client = std::make_shared<Client>();
  client->id = client_id_of(stored.client_id);
  client->grant = stored.will_grant;
  if (const auto space = stored.client_id.rfind('\0'); space != std::string::npos)
    client->grant.space = stored.client_id.substr(0, space);
  client->connected_at = stored.opened_at;
  const bool lives = stored.expiry > std::chrono::seconds(0);
  auto session = std::make_shared<Session>(stored.client_id, home, true);
  session->will_client = client;
  session->expiry = stored.expiry;
  session->expires_at = stored.disconnected_at.value_or(now) + stored.expiry;
  session->recovered(core.limits().inflight_max);
  session->received.insert(stored.received.begin(), stored.received.end());
  for (auto& subscription : stored.subscriptions) {
    auto filter = subscription.filter;
    session->subscriptions.insert_or_assign(std::move(filter), std::move(subscription));
  }
  // The first sweep publishes the will, and settles it; a session that only had a will is over with
  // it.
  if (stored.will) {
    session->delayed_will = std::move(stored.will);
    session->delayed_will_at = now;
  }
  if (!lives) session->subscriptions.clear();
  home.add_session(std::move(session));
}

// On the thread of the listeners.
bool Broker::State::room_for_another() {
  const auto open = core.counters.connections.load(std::memory_order_relaxed);
  if (open >= core.limits().connections_max) {
    if (full.met()) log::warning("mqtt", "{} connections are open: more are refused", open);
    return false;
  }
  if (const auto times = full.missed())
    log::warning("mqtt", "connections are taken again, after {} were refused", *times);
  return true;
}

Result<std::uint16_t> Broker::State::listen(const std::string& address, std::uint16_t port,
                                            std::shared_ptr<const TlsContext> tls) {
  auto& shard = *core.shards.front();
  auto accepted = [this, tls](int socket, std::string peer) {
    if (!room_for_another()) {
      // Nothing is answered: that would cost as much as serving it. The client reads an end.
      ::shutdown(socket, SHUT_WR);
      ::close(socket);
      return;
    }
    auto& chosen = *core.shards[next.fetch_add(1) % core.shards.size()];
    Connection::Socket parts{
        .descriptor = socket,
        .transport = tls ? tls_transport(socket, *tls) : plain_transport(socket),
        .listener = tls ? Listener::tls : Listener::tcp,
        .address = std::move(peer)};
    auto connection = std::make_shared<Connection>(chosen, std::move(parts));
    chosen.post([connection, &chosen] {
      if (chosen.stopping()) return;
      connection->start();
    });
  };
  TRY(auto listener, SocketListener::open(shard.context(), address, port, std::move(accepted)));
  const auto bound = listener->port();
  std::scoped_lock lock(mutex);
  listeners.push_back(std::move(listener));
  return bound;
}

Result<std::uint16_t> Broker::listen_tcp(const std::string& address, std::uint16_t port) {
  return state_->listen(address, port, nullptr);
}

Result<std::uint16_t> Broker::listen_tls(const std::string& address, std::uint16_t port,
                                         const TlsOptions& tls) {
  TRY(auto context, make_tls_context(tls));
  return state_->listen(address, port, std::make_shared<const TlsContext>(std::move(context)));
}

void Broker::stop() {
  auto& state = *state_;
  if (!state.running) return;
  state.running = false;
  state.core.clock.unsubscribe(state.jumps);
  {
    std::scoped_lock lock(state.mutex);
    for (auto& listener : state.listeners) listener->close();
  }
  state.on_all([](Shard& shard) {
    shard.set_stopping();
    for (const auto& connection : shard.connections()) {
      connection->end(Disconnection::server_shutdown, Reason::server_shutting_down);
    }
  });
  // A connection may have been on its way between two threads.
  state.on_all([](Shard&) {});
  state.core.wait_for_answers();
  for (auto& shard : state.core.shards) shard->join();
  std::scoped_lock lock(state.mutex);
  state.listeners.clear();
}

void Broker::publish(const Client& from, const PublishView& message, const Cause& cause,
                     Done done) {
  auto& shard = state_->core.home_of(from.id);
  shard.post([&shard, client = std::make_shared<const Client>(from), owned = make_message(message),
              cause, done = std::move(done)] { shard.publish(client, owned, cause, done); });
}

std::vector<Broker::StoredRecipient> Broker::recipients(std::string_view topic, Qos qos,
                                                        bool retain) const {
  std::vector<StoredRecipient> out;
  const auto route = state_->core.tree.route(topic);
  for (const auto& recipient : route->recipients_of(qos, retain)) {
    out.push_back({.client_id = std::string(recipient.client_id),
                   .qos = recipient.qos,
                   .retain = recipient.retain});
  }
  return out;
}

void Broker::deliver(MessagePtr message) {
  // Messages of one topic keep their order.
  auto& shard = state_->core.home_of(message->topic);
  shard.post([&shard, message = std::move(message)] {
    Outgoing outgoing{.view = view_of(*message), .owned = message, .encoder = shard.encoder()};
    shard.deliver(outgoing, shard.route(message->topic), nullptr);
    shard.take_obstacle();
  });
}

void Broker::wake(std::string_view client_id) {
  auto& shard = state_->core.home_of(client_id);
  shard.post([&shard, id = std::string(client_id)] {
    if (const auto session = shard.find_session(id)) session->wake();
  });
}

bool Broker::disconnect(std::string_view client_id, Disconnection reason,
                        std::function<void()> done) {
  auto& shard = state_->core.home_of(client_id);
  auto answered = std::make_shared<std::promise<bool>>();
  auto found = answered->get_future();
  shard.post([&shard, id = std::string(client_id), reason, done = std::move(done), answered] {
    const auto session = shard.find_session(id);
    const bool connected = session && session->connection() != nullptr;
    if (connected)
      session->connection()->shared_from_this()->end(reason, Reason::administrative_action);
    answered->set_value(connected);
    if (done) done();
  });
  return found.get();
}

void Broker::disconnect_if(std::function<bool(const Client&)> predicate, Disconnection reason) {
  for (auto& shard : state_->core.shards) {
    shard->post([&shard = *shard, predicate, reason] {
      for (const auto& connection : shard.connections()) {
        if (!connection->identified() || !predicate(connection->client())) continue;
        connection->end(reason, reason == Disconnection::not_authorized
                                    ? Reason::not_authorized
                                    : Reason::administrative_action);
      }
    });
  }
}

void Broker::policies_changed() { state_->core.tree.changed(); }

std::vector<ClientInfo> Broker::clients() const {
  std::mutex mutex;
  std::vector<ClientInfo> out;
  state_->on_all([&](Shard& shard) {
    std::scoped_lock lock(mutex);
    for (const auto& connection : shard.connections()) {
      if (!connection->ready()) continue;
      const auto& client = connection->client();
      out.push_back({.id = client.id,
                     .address = client.address,
                     .principal = client.grant.principal,
                     .protocol = client.protocol,
                     .listener = client.listener,
                     .connected_at = client.connected_at,
                     .connection = client.connection});
    }
  });
  return out;
}

Stats Broker::stats() const {
  const auto& counters = state_->core.counters;
  return {.connections = counters.connections.load(),
          .sessions = counters.sessions.load(),
          .subscriptions = counters.subscriptions.load(),
          .received = counters.received.load(),
          .delivered = counters.delivered.load(),
          .dropped = counters.dropped.load()};
}

}  // namespace cloudlet::mqtt
