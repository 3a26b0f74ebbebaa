#include "mqtt/shard.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

#include "base/log.h"
#include "mqtt/connection.h"

namespace cloudlet::mqtt {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;  // of one read, behind what was kept of the last
constexpr std::size_t routes_max = 16'384;
constexpr std::size_t published_max = 1024;  // topics that are told of, a second
constexpr int handlers_a_round = 64;
constexpr auto tick_every = std::chrono::seconds(1);
constexpr std::size_t mail_pause_bytes = 256 * 1024;
// Who has less waiting is not slow: not the one that makes the memory scarce.
constexpr std::size_t shed_bytes_min = 64 * 1024;
constexpr std::size_t letters_a_write = 256;

std::size_t letter_bytes(const Message& message) {
  return message.payload.size() + message.topic.size();
}

}  // namespace

Shard::Shard(unsigned index, Core& core)
    : index_(index),
      core_(core),
      context_(1),
      guard_(asio::make_work_guard(context_)),
      timer_(context_),
      read_buffer_(core.limits().packet_bytes_max + read_bytes, '\0') {}

Shard::~Shard() = default;

void Shard::start() {
  outgoing_.resize(core_.shards.size());
  thread_ = std::thread([this] { run(); });
  post([this] { tick(); });
}

void Shard::join() {
  post([this] { timer_.cancel(); });
  guard_.reset();
  if (thread_.joinable()) thread_.join();
}

void Shard::run() {
  // A peer that went away is an error of the write, not a signal.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (context_.run_one() > 0) {
    for (int i = 1; i < handlers_a_round && !core_.overloaded() && context_.poll_one() > 0; ++i) {}
    end_of_round();
  }
}

void Shard::end_of_round() {
  // Messages before acknowledgements: what a publisher does after its PUBACK comes after the
  // message on every thread.
  send_mail();
  look_after_marked();
  if (core_.overloaded()) shed();
  send_mail();
}

void Shard::shed() {
  std::vector<std::shared_ptr<Connection>> slow;
  for (const auto& [key, connection] : connections_) {
    if (connection->waiting() >= shed_bytes_min) slow.push_back(connection);
  }
  std::ranges::sort(slow, std::ranges::greater(), &Connection::waiting);
  const auto enough = core_.limits().waiting_bytes_max / 8 * 7;
  std::size_t ended = 0;
  for (const auto& connection : slow) {
    if (core_.waiting_bytes.load(std::memory_order_relaxed) <= enough) break;
    connection->end(Disconnection::overload, Reason::quota_exceeded);
    ++ended;
  }
  if (ended > 0 && shedding_.met())
    log::warning("mqtt", "too much waits for clients that do not read: they are disconnected");
}

void Shard::look_after_marked() {
  // Looking after one may mark others (a session whose socket took everything): until nobody is
  // left.
  while (!marked_.empty()) {
    const auto round = std::exchange(marked_, {});
    for (const auto& connection : round) connection->marked = false;
    for (const auto& connection : round) connection->look_after();
  }
}

void Shard::mark(Connection& connection) {
  if (connection.marked || connection.closed()) return;
  connection.marked = true;
  marked_.push_back(connection.shared_from_this());
}

std::shared_ptr<const Route> Shard::route(std::string_view topic) {
  const auto generation = core_.tree.generation();
  if (generation != routes_generation_ || routes_.size() >= routes_max) {
    routes_.clear();
    routes_generation_ = generation;
  }
  if (const auto found = routes_.find(topic); found != routes_.end()) return found->second;
  return routes_.emplace(topic, core_.tree.route(topic)).first->second;
}

void Shard::deliver(Outgoing& message, const std::shared_ptr<const Route>& route,
                    const std::shared_ptr<Session>& publisher) {
  for (unsigned i = 0; i < route->live.size(); ++i) {
    const auto& receivers = route->live[i];
    if (receivers.empty()) continue;
    if (i == index_) {
      deliver_here(message, *route, publisher.get());
      continue;
    }
    outgoing_[i].push_back({.message = message.own(), .route = route, .publisher = publisher});
    auto& other = *core_.shards[i];
    other.mail_bytes_.fetch_add(letter_bytes(*message.owned), std::memory_order_relaxed);
    if (other.mail_bytes() > mail_pause_bytes) obstacle_.shard = &other;
    if (obstacle_.receiver) continue;
    for (const auto& receiver : receivers) {
      if (receiver.session->behind()) obstacle_.receiver = receiver.session;
    }
  }
}

void Shard::deliver_here(Outgoing& message, const Route& route, const Session* publisher) {
  message.encoder.reset(message.view, message.view.expires_at ? now() : Time());
  for (const auto& receiver : route.live[index_]) {
    receiver.session->deliver(message, receiver, publisher);
    if (receiver.session->behind()) obstacle_.receiver = receiver.session;
  }
}

void Shard::send_mail() {
  for (unsigned i = 0; i < outgoing_.size(); ++i) {
    auto& mail = outgoing_[i];
    if (mail.empty()) continue;
    auto& other = *core_.shards[i];
    bool first = false;
    {
      std::scoped_lock lock(other.mutex_);
      first = other.incoming_.empty();
      std::ranges::move(mail, std::back_inserter(other.incoming_));
    }
    mail.clear();
    if (first) other.post([&other] { other.take_mail(); });
  }
}

void Shard::take_mail() {
  std::vector<Mail> mail;
  {
    std::scoped_lock lock(mutex_);
    mail.swap(incoming_);
  }
  bool made_wait = false;  // a publisher saw too much, and no longer does
  std::size_t handled = 0;
  for (const auto& letter : mail) {
    Outgoing message{
        .view = view_of(*letter.message), .owned = letter.message, .encoder = encoder_};
    deliver_here(message, *letter.route, letter.publisher.get());
    const auto bytes = letter_bytes(*letter.message);
    const auto before = mail_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    made_wait = made_wait || (before > mail_pause_bytes && before - bytes <= mail_pause_bytes);
    if (++handled % letters_a_write == 0) look_after_marked();
  }
  obstacle_ = {};  // the publisher isn't here
  if (!made_wait) return;
  for (auto& shard : core_.shards) shard->post([&shard = *shard] { shard.resume_publishers(); });
}

bool Shard::Obstacle::there() const {
  return (receiver && receiver->behind()) ||
         (shard != nullptr && shard->mail_bytes() > mail_pause_bytes);
}

void Shard::wait_for(const Obstacle& obstacle, Connection& publisher) {
  waiting_.push_back({.obstacle = obstacle, .publisher = publisher.weak_from_this()});
  // It may have gone between the delivery and now.
  if (!obstacle.there()) post([this] { resume_publishers(); });
}

void Shard::resume_publishers() {
  std::erase_if(waiting_, [](const Waiting& waiting) {
    if (waiting.obstacle.there()) return false;
    if (const auto publisher = waiting.publisher.lock()) publisher->resume();
    return true;
  });
}

void Shard::add(std::shared_ptr<Connection> connection) {
  auto* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void Shard::remove(Connection& connection) { connections_.erase(&connection); }

std::vector<std::shared_ptr<Connection>> Shard::connections() const {
  std::vector<std::shared_ptr<Connection>> out;
  for (const auto& [key, connection] : connections_) out.push_back(connection);
  return out;
}

std::shared_ptr<Session> Shard::find_session(std::string_view client_id) const {
  const auto found = sessions_.find(client_id);
  return found == sessions_.end() ? nullptr : found->second;
}

void Shard::add_session(std::shared_ptr<Session> session) {
  core_.counters.sessions.fetch_add(1, std::memory_order_relaxed);
  for (const auto& [filter, subscription] : session->subscriptions) {
    core_.tree.insert(session, subscription, TopicTree::Existed::no);
    core_.counters.subscriptions.fetch_add(1, std::memory_order_relaxed);
  }
  sessions_.insert_or_assign(session->id(), std::move(session));
}

void Shard::remove_session(Session& session) {
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end() || found->second.get() != &session) return;
  const auto keep = found->second;
  for (const auto& [filter, subscription] : session.subscriptions) {
    core_.tree.remove(session, filter);
    core_.counters.subscriptions.fetch_sub(1, std::memory_order_relaxed);
  }
  session.subscriptions.clear();
  sessions_.erase(found);
  core_.counters.sessions.fetch_sub(1, std::memory_order_relaxed);
}

void Shard::publish(const std::shared_ptr<const Client>& client, const MessagePtr& message,
                    const Cause& cause, Done done) {
  const auto intake = std::make_shared<Intake>(*this, client, nullptr, nullptr);
  const auto receivers = route(message->topic);
  if (!client->id.empty()) published(client, message->topic, receivers, 1);
  intake->add(view_of(*message), receivers, false);
  intake->flush_with(cause, std::move(done));
}

void Shard::publish_will(const std::shared_ptr<const Client>& client, const MessagePtr& will) {
  publish(client, published_will(will, client->connected_at, now()), {}, nullptr);
}

void Shard::published(const std::shared_ptr<const Client>& client, std::string_view topic,
                      const std::shared_ptr<const Route>& route, std::uint64_t times) {
  if (const auto found = published_.find(topic); found != published_.end()) {
    auto& known = found->second;
    if (known.client != client) known.client = client;
    if (known.route != route) known.route = route;
    known.times += times;
    return;
  }
  if (published_.size() >= published_max) return;
  const auto added = published_.emplace(topic, Published{.client = client, .route = route});
  tell(topic, added.first->second, times);
}

void Shard::tell(std::string_view topic, const Published& published, std::uint64_t times) {
  const auto& route = *published.route;
  core_.application.on_published(*published.client, {.topic = topic,
                                                     .subscribers = route.live_count,
                                                     .denied = route.denied,
                                                     .denied_client = route.denied_client,
                                                     .denied_reason = route.denied_reason,
                                                     .times = times});
}

void Shard::tell_published() {
  for (auto at = published_.begin(); at != published_.end();) {
    if (at->second.times == 0) {
      at = published_.erase(at);
      continue;
    }
    tell(at->first, at->second, std::exchange(at->second.times, 0));
    ++at;
  }
}

void Shard::tick() {
  if (stopping_) return;
  sweep();
  timer_.expires_after(tick_every);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void Shard::sweep() {
  const auto time = now();
  for (const auto& connection : connections()) connection->check(time);
  if (const auto times = shedding_.missed())
    log::warning("mqtt", "no client was disconnected for its backlog any more, after {} rounds",
                 *times);
  sweep_sessions(time);
  tell_published();
  if (index_ == 0) core_.application.tick();
}

void Shard::sweep_sessions(Time time) {
  std::vector<std::shared_ptr<Session>> due;
  for (const auto& [id, session] : sessions_) {
    if (session->delayed_will && session->delayed_will_at <= time)
      due.push_back(session);
    else if (session->expires_at && *session->expires_at <= time)
      due.push_back(session);
  }
  for (const auto& session : due) {
    if (session->delayed_will)
      publish_will(session->will_client, std::exchange(session->delayed_will, nullptr));
    const bool over = session->expires_at && *session->expires_at <= time;
    core_.application.close_session({.client_id = session->id(),
                                     .keep = !over,
                                     .will_pending = false,
                                     .expiry = session->expiry,
                                     .at = over ? time : *session->expires_at - session->expiry},
                                    answer([](const Result<void>&) {}));
    if (over) remove_session(*session);
  }
}

}  // namespace cloudlet::mqtt
