// Messages that arrive: rules evaluated first, then one transaction for all that has to be durable
// of a batch.
#include <fmt/core.h>

#include "base/log.h"
#include "services/iot/keys.h"
#include "services/iot/mqtt_application.h"
#include "services/iot/sessions.h"
#include "services/iot/stored_message.h"

namespace cloudlet::iot {
namespace {

struct Waiting {
  std::string client_id;
  mqtt::Qos qos;
  bool retain;
};

// What one message leaves in the store beside the actions of its rules.
struct Kept {
  std::string topic;
  std::string encoded;  // empty: neither retained nor queued
  bool retained = false;
  bool removes = false;  // an empty retained message
  std::optional<Time> expires_at;
  std::vector<Waiting> recipients;
  std::optional<std::uint16_t> packet_id;
};

// One batch on its way through a transaction.
struct Work {
  std::string client_id;
  std::vector<Kept> kept;
  std::vector<Run> runs;
  std::vector<std::pair<std::string, std::string>>
      full;  // sessions whose queue was full, and the topic
};

Kept keep(const mqtt::Arrival& arrival, Time now) {
  const mqtt::PublishView& publish = arrival.publish;
  Kept kept;
  kept.retained = publish.retain && !RuleEngine::basic_ingest(publish.topic);
  kept.removes = kept.retained && publish.payload.empty();
  kept.expires_at = publish.expires_at;
  if (kept.retained || !arrival.recipients.empty()) {
    kept.topic = publish.topic;
    kept.encoded = encode_message(publish, now);
  }
  for (const mqtt::Recipient& to : arrival.recipients) {
    kept.recipients.push_back(
        {.client_id = std::string(to.client_id), .qos = to.qos, .retain = to.retain});
  }
  if (arrival.remember_packet_id) kept.packet_id = publish.packet_id;
  return kept;
}

bool durable(const mqtt::Arrival& arrival) {
  return arrival.publish.retain || !arrival.recipients.empty() || arrival.remember_packet_id;
}

void store_kept(store::Txn& tx, Work& work, std::size_t queue_max) {
  work.full.clear();
  for (const Kept& kept : work.kept) {
    if (kept.removes)
      remove_retained(tx, kept.topic);
    else if (kept.retained)
      retain_message(tx, kept.topic, kept.encoded, kept.expires_at);
    for (const Waiting& to : kept.recipients) {
      const Enqueue place{.client_id = to.client_id, .qos = to.qos, .retain = to.retain};
      if (!enqueue(tx, place, kept.encoded, queue_max))
        work.full.emplace_back(to.client_id, kept.topic);
    }
    if (kept.packet_id) tx.put(keys::received_id(work.client_id, *kept.packet_id), "");
  }
}

}  // namespace

mqtt::Accepted MqttApplication::accept(mqtt::Batch& batch) {
  const Time now = needs_.clock.now();
  const mqtt::Client& client = batch.client();
  const auto& policy = static_cast<const ClientPolicy&>(*client.grant.policy);
  auto work = std::make_shared<Work>();
  for (const mqtt::Arrival& arrival : batch.arrivals()) {
    const RuleMessage message{.topic = arrival.publish.topic,
                              .payload = arrival.publish.payload,
                              .client_id = client.id,
                              .source_ip = client.address,
                              .principal = client.grant.principal,
                              .scope = policy.scope(),
                              .cause = batch.cause(),
                              .now = now};
    needs_.engine.plan(message, work->runs);
    if (durable(arrival)) work->kept.push_back(keep(arrival, now));
  }
  if (work->runs.empty() && work->kept.empty()) return mqtt::Accepted::now;
  work->client_id = client.session();
  const auto body = [this, work](store::Txn& tx) -> Result<void> {
    store_kept(tx, *work, needs_.options.queue_max);
    for (Run& run : work->runs) needs_.engine.execute(tx, run);
    return {};
  };
  needs_.store.submit(body, [this, work, done = batch.completion()](Result<void> committed) {
    for (const Run& run : work->runs) needs_.engine.report(run, committed);
    for (const auto& [session, topic] : work->full)
      on_dropped(mqtt::client_id_of(session), topic, "the session's queue is full");
    done(std::move(committed));
  });
  return mqtt::Accepted::later;
}

}  // namespace cloudlet::iot
