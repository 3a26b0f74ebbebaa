// The packets of an open connection: one function each. A whole read is decoded in place, then what
// it published goes on as one batch.
#include <algorithm>

#include "mqtt/connection.h"

namespace cloudlet::mqtt {

std::size_t Connection::process(std::string_view bytes) {
  const auto all = bytes.size();
  bool any = false;
  while (state_ == State::open || state_ == State::awaiting_connect) {
    Frame frame;
    const auto framing = read_frame(bytes, core_.limits().packet_bytes_max, frame);
    if (framing == Framing::incomplete) break;
    if (framing != Framing::complete) {
      fail(framing == Framing::too_large ? Reason::packet_too_large : Reason::malformed_packet);
      break;
    }
    bytes.remove_prefix(frame.size);
    any = true;
    if (state_ == State::awaiting_connect) {
      handle_connect(frame);
    } else {
      handle(frame);
    }
  }
  if (state_ != State::open) return all - bytes.size();
  if (any) heard_at_ = shard_->now();
  intake_->flush();
  session_->flush_progress();
  // Who is behind itself is read on: its acknowledgements may be what it is waited for.
  if (const auto obstacle = shard_->take_obstacle(); obstacle.there() && !session_->behind()) {
    waits_for_receiver_ = true;
    shard_->wait_for(obstacle, *this);
  }
  paused_for_commits_ = intake_->waiting() >= core_.limits().batches_max;
  return all - bytes.size();
}

// What came behind CONNECT, before the CONNACK could be sent.
void Connection::process_kept() {
  shard_->post([self = shared_from_this()] {
    if (self->state_ != State::open) return;
    const auto kept = std::exchange(self->kept_, {});
    const auto used = self->process(kept);
    if (self->state_ != State::open) return;
    self->kept_ = kept.substr(used);
    self->resume();
  });
}

// What was published before the mistake still counts; then the connection ends, and nothing else.
void Connection::fail(Reason reason) {
  if (intake_) intake_->flush();
  if (session_) session_->flush_progress();
  const bool denied = reason == Reason::not_authorized;
  end(denied ? Disconnection::not_authorized : Disconnection::protocol_error, reason);
}

void Connection::handle(const Frame& frame) {
  switch (frame.type) {
    case PacketType::publish: return handle_publish(frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: return handle_acknowledgement(frame);
    case PacketType::subscribe: return handle_subscribe(frame);
    case PacketType::unsubscribe: return handle_unsubscribe(frame);
    case PacketType::pingreq:
      if (frame.flags != 0 || !frame.body.empty()) return fail(Reason::malformed_packet);
      put_pingresp(output_);
      return shard_->mark(*this);
    case PacketType::disconnect: return handle_disconnect(frame);
    default:
      return fail(Reason::protocol_error);  // a second CONNECT [MQTT-3.1.0-2], a server's packet,
                                            // AUTH, type 0
  }
}

void Connection::handle_publish(const Frame& frame) {
  publish_.properties = {};
  publish_.view.expires_at.reset();
  auto& view = publish_.view;
  if (const auto reason = decode_publish(frame, protocol_, publish_); reason != Reason::success)
    return fail(reason);
  if (const auto reason = check_publish(publish_); reason != Reason::success) return fail(reason);
  core_.counters.received.fetch_add(1, std::memory_order_relaxed);
  if (publish_.properties.message_expiry) {
    view.expires_at = shard_->now() + std::chrono::seconds(*publish_.properties.message_expiry);
  }
  const auto type = view.qos == Qos::exactly_once ? PacketType::pubrec : PacketType::puback;
  if (!allowed(view)) {
    // 5.0 has a reason code for it; a 3.1.1 client can only be disconnected (as AWS IoT does).
    if (protocol_ != mqtt_5_0 || view.qos == Qos::at_most_once) return fail(Reason::not_authorized);
    return intake_->answer(
        {.type = type, .packet_id = view.packet_id, .reason = Reason::not_authorized});
  }
  if (view.qos == Qos::exactly_once) {
    const bool known = session_->received.contains(view.packet_id);
    if (!known && !take_packet_id(view)) return fail(Reason::receive_maximum_exceeded);
    intake_->answer({.type = type, .packet_id = view.packet_id});
    if (known) return;  // sent again before PUBREC reached the client: 3.1.1 section 4.3.3
  } else if (view.qos == Qos::at_least_once) {
    intake_->answer({.type = type, .packet_id = view.packet_id});
  }
  // Rebuilt properties lie in `publish_`, which the next packet uses again.
  if (!publish_.properties.rebuilt.empty())
    view.properties = intake_->keep_bytes(std::move(publish_.properties.rebuilt));
  intake_->add(view, publish_route_, view.qos == Qos::exactly_once && session_->stored());
}

Reason Connection::check_publish(const Publish& publish) {
  const auto& limits = core_.limits();
  if (publish.properties.topic_alias)
    return Reason::topic_alias_invalid;  // the maximum is 0: 5.0 section 3.3.2.3.4
  if (publish.view.payload.size() > limits.payload_bytes_max) return Reason::packet_too_large;
  if (!publish_topic_.empty() && publish.view.topic == publish_topic_) return Reason::success;
  if (!valid_topic(publish.view.topic, core_.topic_limits()))
    return Reason::topic_name_invalid;  // [MQTT-3.3.2-2]
  return Reason::success;
}

// Finds the route as well: both are remembered for the last topic.
bool Connection::allowed(const PublishView& publish) {
  const auto generation = core_.tree.generation();
  if (generation == publish_generation_ && publish.topic == publish_topic_ &&
      publish.retain <= publish_retain_) {
    ++published_;
    return true;
  }
  const auto verdict = client_->grant.policy->may_publish(publish.topic, publish.retain);
  if (!verdict.allowed) {
    core_.application.on_denied(*client_, "iot:Publish", publish.topic, verdict.reason);
    return false;
  }
  tell_published();
  publish_generation_ = generation;
  publish_topic_.assign(publish.topic);
  publish_retain_ = publish.retain;
  publish_route_ = shard_->route(publish.topic);
  published_ = 1;
  tell_published();
  return true;
}

void Connection::tell_published() {
  if (published_ == 0) return;
  shard_->published(client_, publish_topic_, publish_route_, std::exchange(published_, 0));
}

// 5.0: more than the receive maximum is a protocol error. 3.1.1 knows no limit but the 65,535 ids.
bool Connection::take_packet_id(const PublishView& publish) {
  if (protocol_ == mqtt_5_0 && session_->received.size() >= core_.limits().inflight_max)
    return false;
  session_->received.insert(publish.packet_id);
  return true;
}

// A batch was accepted, or not.
void Connection::settled(std::span<const Intake::Answer> answers, const Result<void>& outcome) {
  const bool failed = outcome.has_error();
  for (const auto& answer : answers) {
    const auto reason = failed ? Reason::quota_exceeded : answer.reason;
    if (failed && answer.type == PacketType::pubrec) session_->received.erase(answer.packet_id);
    if (reason == Reason::success) {
      put_acknowledgement(output_, answer.type, answer.packet_id);
    } else if (protocol_ == mqtt_5_0) {
      put_acknowledgement(output_, protocol_, answer.type, answer.packet_id, reason);
    }
  }
  shard_->mark(*this);
  if (failed && protocol_ != mqtt_5_0) return end_later(Disconnection::quota_exceeded);
  if (paused_for_commits_) resume_soon();
}

void Connection::handle_acknowledgement(const Frame& frame) {
  Acknowledgement acknowledgement;
  const auto reason = decode_acknowledgement(frame, protocol_, acknowledgement);
  if (reason != Reason::success) return fail(reason);
  const auto id = acknowledgement.packet_id;
  if (frame.type == PacketType::pubrel) {
    // In the same read as its PUBLISH: that has to be asked first.
    intake_->flush();
    session_->released(id);
    return;
  }
  if (session_->acknowledged(frame.type, id, acknowledgement.reason)) return;
  // Not ours: a PUBREC is answered, so that the client can let go of it (5.0 section 3.6.2.1); the
  // rest is late, and harmless.
  if (frame.type == PacketType::pubrec) {
    put_acknowledgement(output_, protocol_, PacketType::pubrel, id,
                        Reason::packet_identifier_not_found);
    shard_->mark(*this);
  }
}

void Connection::handle_subscribe(const Frame& frame) {
  Subscribe subscribe;
  if (const auto reason = decode_subscribe(frame, protocol_, subscribe); reason != Reason::success)
    return fail(reason);
  intake_->flush();
  std::vector<std::uint8_t> codes;
  std::vector<SubscribeRequest::Item> items;
  std::vector<std::string> fresh;
  for (const auto& item : subscribe.items) {
    codes.push_back(check_subscription(subscribe, item));
    if (codes.back() >= 0x80) continue;
    Subscription subscription{.filter = std::string(item.filter),
                              .qos = item.qos,
                              .no_local = item.no_local,
                              .retain_as_published = item.retain_as_published};
    const bool existed = session_->subscriptions.contains(item.filter);
    if (!existed) {
      fresh.push_back(subscription.filter);
      core_.counters.subscriptions.fetch_add(1, std::memory_order_relaxed);
    }
    session_->subscriptions.insert_or_assign(subscription.filter, subscription);
    // Before the retained messages are looked up: what is published meanwhile then comes twice
    // rather than never.
    core_.tree.insert(session_, subscription,
                      existed ? TopicTree::Existed::yes : TopicTree::Existed::no);
    items.push_back(
        {.subscription = std::move(subscription),
         .send_retained = item.retain_handling == 0 || (item.retain_handling == 1 && !existed)});
  }
  if (items.empty()) {
    put_suback(output_, protocol_, subscribe.packet_id, codes);
    return shard_->mark(*this);
  }
  auto done = shard_->answer(
      [self = shared_from_this(), id = subscribe.packet_id, codes = std::move(codes),
       fresh = std::move(fresh)](Result<std::vector<RetainedDelivery>> retained) mutable {
        if (self->closed()) return;
        self->on_subscribed(id, std::move(codes), std::move(fresh), std::move(retained));
      });
  core_.application.subscribe({.client = *client_, .items = items},
                              core_.limits().pending_messages_max, std::move(done));
  std::vector<std::string> filters;
  for (auto& item : items) filters.push_back(std::move(item.subscription.filter));
  core_.application.on_subscribed(*client_, filters);
}

std::uint8_t Connection::check_subscription(const Subscribe& subscribe,
                                            const Subscribe::Item& item) {
  const auto& limits = core_.limits();
  const auto refuse = [&](Reason reason) {
    return static_cast<std::uint8_t>(
        protocol_ == mqtt_5_0 ? reason : Reason::unspecified_error);  // 3.1.1: 0x80
  };
  if (subscribe.properties.subscription_identifier)
    return refuse(Reason::subscription_identifiers_not_supported);
  if (shared_filter(item.filter)) return refuse(Reason::shared_subscriptions_not_supported);
  if (!valid_filter(item.filter, core_.topic_limits())) return refuse(Reason::topic_filter_invalid);
  if (subscribe.items.size() > limits.subscribe_items_max) return refuse(Reason::quota_exceeded);
  if (session_->subscriptions.size() >= limits.subscriptions_max &&
      !session_->subscriptions.contains(item.filter)) {
    return refuse(Reason::quota_exceeded);
  }
  if (const auto verdict = client_->grant.policy->may_subscribe(item.filter); !verdict.allowed) {
    core_.application.on_denied(*client_, "iot:Subscribe", item.filter, verdict.reason);
    return refuse(Reason::not_authorized);
  }
  return static_cast<std::uint8_t>(item.qos);
}

void Connection::on_subscribed(std::uint16_t packet_id, std::vector<std::uint8_t> codes,
                               std::vector<std::string> fresh,
                               Result<std::vector<RetainedDelivery>> retained) {
  if (retained.has_error()) {
    for (const auto& filter : fresh) {
      core_.tree.remove(*session_, filter);
      if (session_->subscriptions.erase(filter) > 0)
        core_.counters.subscriptions.fetch_sub(1, std::memory_order_relaxed);
    }
    const auto reason =
        protocol_ == mqtt_5_0 ? Reason::implementation_specific_error : Reason::unspecified_error;
    for (auto& code : codes) code = std::max(code, static_cast<std::uint8_t>(reason));
  }
  put_suback(output_, protocol_, packet_id, codes);
  shard_->mark(*this);
  if (retained.has_error()) return;
  for (const auto& [message, qos] : *retained) {
    if (const auto verdict = session_->may_receive(message->topic); !verdict.allowed) {
      core_.application.on_denied(*client_, "iot:Receive", message->topic, verdict.reason);
      continue;
    }
    if (message->expires_at && *message->expires_at <= shard_->now()) continue;
    Outgoing outgoing{.view = view_of(*message), .owned = message, .encoder = shard_->encoder()};
    outgoing.encoder.reset(outgoing.view, shard_->now());
    session_->send_retained(outgoing, qos);
  }
  if (session_->stored()) session_->wake();
}

void Connection::handle_unsubscribe(const Frame& frame) {
  Unsubscribe unsubscribe;
  if (const auto reason = decode_unsubscribe(frame, protocol_, unsubscribe);
      reason != Reason::success)
    return fail(reason);
  intake_->flush();
  std::vector<std::string> filters;
  std::vector<std::uint8_t> codes;
  for (const auto& filter : unsubscribe.filters) {
    const bool existed = session_->subscriptions.contains(filter);
    codes.push_back(
        static_cast<std::uint8_t>(existed ? Reason::success : Reason::no_subscription_existed));
    if (existed) filters.emplace_back(filter);
  }
  const auto id = unsubscribe.packet_id;
  if (!session_->stored() || filters.empty()) return on_unsubscribed(id, filters, codes, {});
  core_.application.unsubscribe(
      *client_, filters,
      shard_->answer([self = shared_from_this(), id, filters, codes](const Result<void>& outcome) {
        if (!self->closed()) self->on_unsubscribed(id, filters, codes, outcome);
      }));
}

void Connection::on_unsubscribed(std::uint16_t packet_id, const std::vector<std::string>& filters,
                                 const std::vector<std::uint8_t>& codes,
                                 const Result<void>& outcome) {
  // UNSUBACK of 3.1.1 can't say no.
  if (outcome.has_error() && protocol_ != mqtt_5_0) return end_later(Disconnection::quota_exceeded);
  if (outcome.has_error()) {
    const std::vector<std::uint8_t> refused(
        codes.size(), static_cast<std::uint8_t>(Reason::implementation_specific_error));
    put_unsuback(output_, protocol_, packet_id, refused);
    return shard_->mark(*this);
  }
  for (const auto& filter : filters) {
    if (session_->subscriptions.erase(filter) == 0) continue;
    core_.tree.remove(*session_, filter);
    core_.counters.subscriptions.fetch_sub(1, std::memory_order_relaxed);
  }
  put_unsuback(output_, protocol_, packet_id, codes);
  shard_->mark(*this);
  if (!filters.empty()) core_.application.on_unsubscribed(*client_, filters);
}

void Connection::handle_disconnect(const Frame& frame) {
  Disconnect disconnect;
  if (const auto reason = decode_disconnect(frame, protocol_, disconnect);
      reason != Reason::success)
    return fail(reason);
  if (disconnect.session_expiry) {
    const std::chrono::seconds expiry(*disconnect.session_expiry);
    // 5.0 section 3.14.2.2.2: a session that was to end with the connection can't be prolonged.
    if (session_->expiry == std::chrono::seconds(0) && expiry.count() != 0)
      return fail(Reason::protocol_error);
    session_->expiry = std::min<std::chrono::seconds>(expiry, core_.limits().session_expiry_max);
  }
  if (disconnect.reason != Reason::disconnect_with_will) will_ = nullptr;  // [MQTT-3.14.4-3]
  intake_->flush();
  session_->flush_progress();
  end(Disconnection::client_initiated, Reason::success);
}

}  // namespace cloudlet::mqtt
