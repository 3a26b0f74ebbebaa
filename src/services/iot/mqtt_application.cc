// Sessions for the broker, each call a transaction; and what happened, for the journal.
#include "services/iot/mqtt_application.h"

#include <fmt/core.h>

#include "services/iot/keys.h"
#include "services/iot/sessions.h"
#include "services/iot/stored_message.h"

namespace cloudlet::iot {
namespace {

// What may be counted together in a flood.
std::uint64_t alike(std::string_view client_id, std::string_view resource) {
  const std::hash<std::string_view> hash;
  return hash(client_id) * 31 + hash(resource);
}

}  // namespace

void MqttApplication::submit(std::function<void(store::Txn&)> body, mqtt::Done done) {
  const auto run = [body = std::move(body)](store::Txn& tx) -> Result<void> {
    body(tx);
    return {};
  };
  needs_.store.submit(run, std::move(done));
}

Result<std::vector<mqtt::StoredSession>> MqttApplication::load() {
  return load_sessions(*needs_.store.snapshot());
}

void MqttApplication::open_session(const mqtt::SessionOpening& opening, mqtt::Done done) {
  const auto* policy = static_cast<const ClientPolicy*>(opening.grant.policy.get());
  const Scope* scope = policy ? policy->scope() : nullptr;
  const OpenSession owned{.client_id = std::string(opening.client_id),
                          .fresh = opening.fresh,
                          .persistent = opening.persistent,
                          .expiry = opening.expiry,
                          .will = opening.will,
                          .now = opening.at,
                          .scope = scope ? std::optional(*scope) : std::nullopt,
                          .principal = opening.grant.principal};
  submit([owned](store::Txn& tx) { iot::open_session(tx, owned); }, std::move(done));
}

void MqttApplication::close_session(const SessionClosing& closing, mqtt::Done done) {
  const CloseSession owned{.client_id = std::string(closing.client_id),
                           .keep = closing.keep,
                           .will_pending = closing.will_pending,
                           .expiry = closing.expiry,
                           .at = closing.at};
  submit([owned](store::Txn& tx) { iot::close_session(tx, owned); }, std::move(done));
}

// Retained messages above QoS 0 for a persistent session go through its queue, so that they survive
// as others do.
void MqttApplication::subscribe(const mqtt::SubscribeRequest& request, std::size_t limit,
                                Subscribed done) {
  struct Asked {
    std::string client_id;
    std::vector<mqtt::SubscribeRequest::Item> items;
    std::vector<mqtt::RetainedDelivery> answer;
    bool cut = false;  // there were more than are sent
  };
  const Time now = needs_.clock.now();
  auto asked = std::make_shared<Asked>();
  asked->client_id = request.client.session();
  asked->items.assign(request.items.begin(), request.items.end());
  const auto collect = [asked, limit, now](const store::ReadTxn& tx, const auto& queue) {
    asked->answer.clear();
    RetainedSearch search{.now = now, .limit = limit};
    for (const auto& item : asked->items) {
      if (!item.send_retained) continue;
      for (const mqtt::MessagePtr& message : search.find(tx, item.subscription.filter)) {
        const mqtt::Qos qos = mqtt::lower(message->qos, item.subscription.qos);
        if (qos != mqtt::Qos::at_most_once && queue(*message, qos)) continue;
        asked->answer.push_back({.message = message, .qos = qos});
      }
    }
    asked->cut = search.cut;
  };
  const auto tell_cut = [this, asked] {
    if (!asked->cut) return;
    on_dropped(mqtt::client_id_of(asked->client_id), asked->items.front().subscription.filter,
               "more retained messages than a subscription may bring");
  };
  if (!request.client.persistent) {
    collect(*needs_.store.snapshot(), [](const mqtt::Message&, mqtt::Qos) { return false; });
    tell_cut();
    done(std::move(asked->answer));
    return;
  }
  const auto body = [this, asked, collect, now](store::Txn& tx) {
    for (const auto& item : asked->items) {
      tx.put(keys::subscription(asked->client_id, item.subscription.filter),
             encode(item.subscription));
    }
    collect(tx, [&](const mqtt::Message& message, mqtt::Qos qos) {
      const Enqueue to{.client_id = asked->client_id, .qos = qos, .retain = true};
      enqueue(tx, to, encode_message(message, now), needs_.options.queue_max);
      return true;
    });
  };
  submit(body, [asked, tell_cut, done = std::move(done)](Result<void> committed) {
    tell_cut();
    if (committed.has_error())
      done(std::move(committed).error());
    else
      done(std::move(asked->answer));
  });
}

void MqttApplication::unsubscribe(const mqtt::Client& client, std::span<const std::string> filters,
                                  mqtt::Done done) {
  const auto body = [id = client.session(), owned = std::vector<std::string>(
                                                filters.begin(), filters.end())](store::Txn& tx) {
    for (const std::string& filter : owned) tx.erase(keys::subscription(id, filter));
  };
  submit(body, std::move(done));
}

std::vector<mqtt::QueuedMessage> MqttApplication::read_queue(const QueueRead& read) const {
  return iot::read_queue(*needs_.store.snapshot(), read);
}

void MqttApplication::progress(std::string_view client_id, const mqtt::Progress& progress,
                               mqtt::Done done) {
  submit(
      [id = std::string(client_id), progress](store::Txn& tx) { apply_progress(tx, id, progress); },
      std::move(done));
}

journal::Span MqttApplication::span(const mqtt::Client& client, std::string action,
                                    std::string resource, journal::Outcome outcome,
                                    std::string reason) const {
  const auto* policy = static_cast<const ClientPolicy*>(client.grant.policy.get());
  const Scope* scope = policy ? policy->scope() : nullptr;
  return {.cause = needs_.journal.begin(),
          .id = needs_.journal.next_span(),
          .scope = scope ? *scope : needs_.options.scope,
          .action = std::move(action),
          .resource = std::move(resource),
          .outcome = outcome,
          .reason = std::move(reason),
          .at = needs_.clock.now()};
}

void MqttApplication::record(const mqtt::Client& client, std::string action, std::string resource,
                             journal::Outcome outcome, std::string reason) const {
  needs_.journal.record(
      span(client, std::move(action), std::move(resource), outcome, std::move(reason)));
}

void MqttApplication::on_connected(const mqtt::Client& client) {
  const std::string with = client.certificate_id.empty() ? "without credentials"
                                                         : "certificate " + client.certificate_id;
  record(client, "iot:Connect", "client/" + client.id, journal::Outcome::ok,
         fmt::format("MQTT {} from {}, {}", client.protocol == 5 ? "5.0" : "3.1.1", client.address,
                     with));
}

void MqttApplication::on_disconnected(const mqtt::Client& client, mqtt::Disconnection reason) {
  std::string why(to_string(reason));
  if (const auto more = explain(reason); !more.empty()) why.append(": ").append(more);
  record(client, "iot:Disconnect", "client/" + client.id, journal::Outcome::ok, std::move(why));
}

void MqttApplication::on_subscribed(const mqtt::Client& client,
                                    std::span<const std::string> filters) {
  for (const std::string& filter : filters) {
    record(client, "iot:Subscribe", "topicfilter/" + filter, journal::Outcome::ok,
           "client " + client.id);
  }
}

void MqttApplication::on_denied(const mqtt::Client& client, std::string_view action,
                                std::string_view resource, std::string_view reason) {
  const std::string_view kind = action == "iot:Connect"     ? "client/"
                                : action == "iot:Subscribe" ? "topicfilter/"
                                                            : "topic/";
  refused_.record(alike(client.id, resource), [&] {
    return span(client, std::string(action), std::string(kind).append(resource),
                journal::Outcome::denied, fmt::format("{} (client {})", reason, client.id));
  });
}

void MqttApplication::on_dropped(std::string_view client_id, std::string_view topic,
                                 std::string_view reason) {
  refused_.record(alike(client_id, topic), [&] {
    return span({}, "iot:Deliver", "topic/" + std::string(topic), journal::Outcome::throttled,
                fmt::format("dropped for client {}: {}", client_id, reason));
  });
}

// What rules take leaves its own spans, when it is planned.
void MqttApplication::on_published(const mqtt::Client& client, const Published& what) {
  const auto* policy = static_cast<const ClientPolicy*>(client.grant.policy.get());
  const auto why = needs_.engine.unheard(what.topic, policy ? policy->scope() : nullptr);
  if (!why && what.denied == 0) return;
  const auto make = [&] {
    std::string reason = what.subscribers == 1   ? std::string("1 subscriber")
                         : what.subscribers == 0 ? std::string("no subscriber")
                                                 : fmt::format("{} subscribers", what.subscribers);
    if (what.denied > 0) {
      reason += fmt::format("; {} more may not receive it (iot:Receive), client {}: {}",
                            what.denied, what.denied_client, what.denied_reason);
    }
    if (why) reason.append("; ").append(*why);
    const bool reached = what.subscribers > 0 || !why;
    return span(client, "iot:Publish", std::string(what.topic),
                reached ? journal::Outcome::ok : journal::Outcome::skipped,
                fmt::format("{} (client {})", reason, client.id));
  };
  unheard_.record(std::hash<std::string_view>()(what.topic), make, what.times);
}

void MqttApplication::tick() {
  refused_.tick();
  unheard_.tick();
  needs_.engine.tick();
}

}  // namespace cloudlet::iot
