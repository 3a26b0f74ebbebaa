// From CONNECT to CONNACK, and the end of the session's connection. 3.1.1 section 3.1, 5.0
// section 3.1.
#include <algorithm>

#include "mqtt/connection.h"

namespace cloudlet::mqtt {
namespace {

using std::chrono::seconds;

Reason refusal(const Error& error) {
  if (error.is(errors::not_authorized)) return Reason::not_authorized;
  if (error.is(errors::bad_credentials)) return Reason::bad_user_name_or_password;
  if (error.is(errors::identifier_rejected)) return Reason::client_identifier_not_valid;
  return Reason::server_unavailable;
}

// 5.0 section 3.1.2.11.2: 0xFFFFFFFF means for ever; the server may allow less.
seconds session_expiry(const Connect& connect, const Limits& limits) {
  if (connect.protocol == mqtt_3_1_1)
    return connect.clean_start ? seconds(0) : limits.session_expiry_default;
  return std::min<seconds>(seconds(connect.properties.session_expiry.value_or(0)),
                           limits.session_expiry_max);
}

}  // namespace

void Connection::handle_connect(const Frame& frame) {
  if (frame.type != PacketType::connect)
    return end(Disconnection::protocol_error, Reason::protocol_error);  // [MQTT-3.1.0-1]
  Connect connect;
  const auto reason = decode_connect(frame, connect);
  protocol_ = connect.protocol;
  if (reason == Reason::unsupported_protocol_version) return refuse(reason);  // [MQTT-3.1.2-2]
  // [MQTT-3.1.4-1]: without a CONNACK.
  if (reason != Reason::success) return end(Disconnection::protocol_error, reason);
  // No authentication exchange is offered: 5.0 section 4.12.
  if (connect.properties.authentication) return refuse(Reason::bad_authentication_method);
  // [MQTT-3.1.3-8]: without a name there is nothing to find a session again by.
  if (connect.client_id.empty() && !connect.clean_start && protocol_ == mqtt_3_1_1) {
    return refuse(Reason::client_identifier_not_valid);
  }
  if (connect.client_id.size() > core_.limits().client_id_bytes_max)
    return refuse(Reason::client_identifier_not_valid);
  if (const auto bad = check_will(connect); bad != Reason::success) {
    if (protocol_ == mqtt_5_0) return refuse(bad);
    return end(Disconnection::protocol_error, bad);  // 3.1.1 has no code for it
  }
  heard_at_ = shard_->now();
  opening_ = make_opening(connect);
  state_ = State::connecting;
}

Reason Connection::check_will(const Connect& connect) const {
  if (!connect.has_will) return Reason::success;
  if (!valid_topic(connect.will.topic, core_.topic_limits())) return Reason::topic_name_invalid;
  if (connect.will.payload.size() > core_.limits().payload_bytes_max) {
    return Reason::packet_too_large;
  }
  return Reason::success;
}

std::unique_ptr<Connection::Opening> Connection::make_opening(const Connect& connect) {
  auto opening = std::make_unique<Opening>();
  auto& request = opening->request;
  request.client_id = connect.client_id;
  request.client_id_assigned = connect.client_id.empty();
  if (request.client_id_assigned) request.client_id = "auto-" + core_.random.hex(32);
  request.protocol = protocol_;
  request.listener = listener_;
  request.address = address_;
  if (connect.username) request.username = std::string(*connect.username);
  if (connect.password) request.password = std::string(*connect.password);
  request.certificate = transport_->certificate();
  request.clean_start = connect.clean_start;
  if (connect.has_will) request.will = make_will(connect);
  opening->expiry = session_expiry(connect, core_.limits());
  request.persistent = opening->expiry > seconds(0);
  opening->keep_alive_s = connect.keep_alive_s;
  opening->receive_maximum = connect.properties.receive_maximum.value_or(0xffff);
  opening->will_delay = seconds(connect.will_properties.will_delay.value_or(0));
  if (connect.properties.maximum_packet_size)
    packet_bytes_max_ = *connect.properties.maximum_packet_size;
  return opening;
}

// As if it were published now: `Shard::publish_will` moves its expiry to when it is.
MessagePtr Connection::make_will(const Connect& connect) {
  auto will = connect.will;
  if (const auto expiry = connect.will_properties.message_expiry)
    will.expires_at = heard_at_ + seconds(*expiry);
  return make_message(will);
}

// A session lives on one thread, and its connection with it: nothing of a session is ever locked.
void Connection::move_home() {
  auto& home = core_.home_of(opening_->request.client_id);
  if (&home == shard_) return authenticate();
  const auto self = shared_from_this();
  shard_->remove(*this);
  const int socket = descriptor_->release();
  descriptor_.reset();
  writing_ = false;  // what waited for the old thread was cancelled
  shard_ = &home;
  home.post([self, socket] {
    self->descriptor_.emplace(self->shard_->context(), socket);
    self->shard_->add(self);
    if (self->shard_->stopping())
      return self->end(Disconnection::server_shutdown, Reason::server_shutting_down);
    self->authenticate();
  });
}

void Connection::authenticate() {
  core_.application.authenticate(opening_->request,
                                 shard_->answer([self = shared_from_this()](Result<Grant> granted) {
                                   if (!self->closed()) self->on_authenticated(std::move(granted));
                                 }));
}

void Connection::on_authenticated(Result<Grant> granted) {
  const auto& request = opening_->request;
  auto client = std::make_shared<Client>();
  client->id = request.client_id;
  client->protocol = protocol_;
  client->listener = listener_;
  client->address = address_;
  client->username = request.username.value_or("");
  if (request.certificate) client->certificate_id = request.certificate->fingerprint;
  client->persistent = request.persistent;
  client->connected_at = heard_at_;
  client->connection = core_.next_connection.fetch_add(1);
  client_ = client;
  if (granted.has_error()) {
    core_.application.on_denied(*client_, "iot:Connect", request.client_id,
                                granted.error().message());
    return refuse(refusal(granted.error()));
  }
  assert_that((*granted).policy != nullptr, "a grant has a policy");
  client->grant = *granted;
  open_session(std::move(*granted));
}

// [MQTT-3.1.4-2]: the connection that has the name now is ended.
void Connection::take_over(const std::string& name) {
  const auto old = shard_->find_session(name);
  if (!old || old->connection() == nullptr) return;
  old->connection()->shared_from_this()->end(Disconnection::taken_over, Reason::session_taken_over);
}

void Connection::open_session(Grant grant) {
  const auto& request = opening_->request;
  const auto name = client_->session();
  take_over(name);
  auto session = shard_->find_session(name);
  bool fresh = true;
  bool replaces = false;
  if (session && request.clean_start) {
    replaces = session->stored();
    if (session->delayed_will)
      shard_->publish_will(session->will_client, std::exchange(session->delayed_will, nullptr));
    shard_->remove_session(*session);
    session = nullptr;
  }
  if (session) {
    fresh = false;
    replaces = true;
    session->delayed_will = nullptr;  // back in time: 5.0 section 3.1.3.2.2
  } else {
    if (core_.counters.sessions.load(std::memory_order_relaxed) >= core_.limits().sessions_max)
      return refuse(Reason::quota_exceeded);
    session = std::make_shared<Session>(name, *shard_, request.persistent);
    shard_->add_session(session);
  }
  opening_->session_present = !fresh;
  session_ = std::move(session);
  session_->expiry = opening_->expiry;
  session_->will_client = client_;
  session_->attach(*this, std::move(grant.policy),
                   std::min<std::size_t>(opening_->receive_maximum, core_.limits().inflight_max));
  will_ = request.will;
  will_delay_ = opening_->will_delay;
  session_is_stored_ = session_->stored() || will_ != nullptr;
  if (!session_is_stored_ && !replaces) return accept();
  core_.application.open_session(
      {.client_id = session_->id(),
       .fresh = fresh,
       .persistent = session_->stored(),
       .expiry = opening_->expiry,
       .will = will_,
       .grant = client_->grant,
       .at = client_->connected_at},
      shard_->answer([self = shared_from_this()](const Result<void>& opened) {
        if (!self->closed()) self->on_opened(opened);
      }));
}

void Connection::on_opened(const Result<void>& opened) {
  if (opened.has_value()) return accept();
  will_ = nullptr;  // the connection never was
  refuse(Reason::server_unavailable);
}

void Connection::accept() {
  const auto& limits = core_.limits();
  const auto asked = seconds(opening_->keep_alive_s);
  const auto keep_alive =
      asked == seconds(0) || asked > limits.keep_alive_max ? limits.keep_alive_max : asked;
  silence_max_ = std::chrono::duration_cast<Duration>(keep_alive) * 3 / 2;
  heard_at_ = shard_->now();
  Connack connack;
  connack.session_present = opening_->session_present;
  connack.receive_maximum = limits.inflight_max;
  connack.maximum_packet_size = static_cast<std::uint32_t>(limits.packet_bytes_max);
  if (keep_alive != asked)
    connack.server_keep_alive_s = static_cast<std::uint16_t>(keep_alive.count());
  connack.session_expiry_s = static_cast<std::uint32_t>(opening_->expiry.count());
  if (opening_->request.client_id_assigned) connack.assigned_client_id = client_->id;
  put_connack(output_, protocol_, connack);
  intake_ =
      std::make_shared<Intake>(*shard_, client_, session_,
                               [this](std::span<const Intake::Answer> answers,
                                      const Result<void>& outcome) { settled(answers, outcome); });
  opening_.reset();
  state_ = State::open;
  shard_->mark(*this);
  core_.application.on_connected(*client_);
  process_kept();
}

void Connection::refuse(Reason reason) {
  put_connack(output_, protocol_, {.reason = reason});
  end(reason == Reason::not_authorized ? Disconnection::not_authorized
                                       : Disconnection::protocol_error,
      reason);
}

// The will is published unless the client said goodbye (`will_` is empty then): 3.1.1
// section 3.1.2.5. A connection that never got its CONNACK has none.
void Connection::leave_session(Was was) {
  if (was == Was::connecting) will_ = nullptr;
  const auto now = shard_->now();
  const bool keep = session_->stored() && session_->expiry > seconds(0);
  session_->detach();
  bool will_pending = false;
  if (will_ && keep && will_delay_ > seconds(0) && !shard_->stopping()) {
    will_pending = true;
    session_->delayed_will = will_;
    session_->delayed_will_at = now + std::min<seconds>(will_delay_, session_->expiry);
  } else if (will_) {
    const auto will = published_will(will_, client_->connected_at, now);
    const auto route = shard_->route(will->topic);
    shard_->published(client_, will->topic, route, 1);
    intake_->add(view_of(*will), route, false);
    intake_->flush();
  }
  if (session_is_stored_) {
    core_.application.close_session({.client_id = session_->id(),
                                     .keep = keep,
                                     .will_pending = will_pending,
                                     .expiry = session_->expiry,
                                     .at = now},
                                    shard_->answer([](const Result<void>&) {}));
  }
  if (keep) {
    session_->expires_at = now + session_->expiry;
  } else {
    shard_->remove_session(*session_);
  }
}

}  // namespace cloudlet::mqtt
