// Republishing inside a transaction.
#include "services/iot/republish.h"

#include <fmt/core.h>

#include "mqtt/topic.h"
#include "services/iot/sessions.h"
#include "services/iot/stored_message.h"

namespace cloudlet::iot {

Result<void> Republish::deliver(store::Txn& tx, const delivery::Address& to,
                                const delivery::Event& event) {
  const auto* topic_value = to.parameters.if_contains("topic");
  const auto* qos_value = to.parameters.if_contains("qos");
  if (!topic_value || !topic_value->is_string()) return invalid("republish needs a topic");
  const mqtt::Qos qos = qos_value && qos_value->is_int64() && qos_value->get_int64() == 1
                            ? mqtt::Qos::at_least_once
                            : mqtt::Qos::at_most_once;
  const std::string topic(topic_value->get_string());
  if (!mqtt::valid_topic(topic, {}))
    return invalid(fmt::format("'{}' is not a topic to republish to", topic));
  mqtt::Broker* broker = broker_.load();
  if (!broker) return Error(errors::service_unavailable, "the MQTT broker is not running");

  auto runs = std::make_shared<std::vector<Run>>();
  const RuleMessage message{.topic = topic,
                            .payload = event.payload,
                            .client_id = {},
                            .source_ip = {},
                            .principal = event.principal,
                            .scope = &event.scope,
                            .cause = event.cause,
                            .now = event.now};
  engine_.plan(message, *runs);
  const mqtt::PublishView view{
      .topic = topic, .payload = event.payload, .properties = {}, .qos = qos};
  if (!RuleEngine::basic_ingest(topic)) {
    const auto recipients = broker->recipients(topic, qos, false);
    const std::string encoded = recipients.empty() ? "" : encode_message(view, event.now);
    for (const auto& recipient : recipients) {
      const Enqueue place{
          .client_id = recipient.client_id, .qos = recipient.qos, .retain = recipient.retain};
      enqueue(tx, place, encoded, queue_max_);
    }
    tx.on_commit([this, message = mqtt::make_message(view)] {
      if (mqtt::Broker* live = broker_.load()) live->deliver(message);
    });
  }
  for (Run& run : *runs) engine_.execute(tx, run);
  if (!runs->empty()) {
    tx.on_commit([this, runs] {
      for (const Run& run : *runs) engine_.report(run, {});
    });
  }
  return {};
}

}  // namespace cloudlet::iot
