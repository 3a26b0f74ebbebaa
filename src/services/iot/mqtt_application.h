// What the MQTT broker asks: who may connect, what must be on disk before an acknowledgement, what
// is kept of sessions.
#pragma once

#include <atomic>
#include <memory>

#include "journal/journal.h"
#include "journal/repeats.h"
#include "mqtt/application.h"
#include "mqtt/broker.h"
#include "services/iot/client_policy.h"
#include "services/iot/iot.h"
#include "services/iot/principals.h"
#include "services/iot/rule_engine.h"
#include "store/store.h"

namespace cloudlet::iot {

class MqttApplication final : public mqtt::Application {
 public:
  struct Needs {
    store::Store& store;
    const Principals& principals;
    const RuleEngine& engine;
    journal::Journal& journal;
    Clock& clock;
    const Options& options;
  };
  explicit MqttApplication(const Needs& needs)
      : needs_(needs),
        open_(open_policy({})),
        refused_(needs.journal, needs.clock, {}),
        unheard_(needs.journal, needs.clock, {}) {}

  Result<std::vector<mqtt::StoredSession>> load() override;
  void authenticate(const mqtt::ConnectRequest& request, Authenticated done) override;
  mqtt::Accepted accept(mqtt::Batch& batch) override;
  void open_session(const mqtt::SessionOpening& opening, mqtt::Done done) override;
  void close_session(const SessionClosing& closing, mqtt::Done done) override;
  void subscribe(const mqtt::SubscribeRequest& request, std::size_t limit,
                 Subscribed done) override;
  void unsubscribe(const mqtt::Client& client, std::span<const std::string> filters,
                   mqtt::Done done) override;
  std::vector<mqtt::QueuedMessage> read_queue(const QueueRead& read) const override;
  void progress(std::string_view client_id, const mqtt::Progress& progress,
                mqtt::Done done) override;

  void on_connected(const mqtt::Client& client) override;
  void on_disconnected(const mqtt::Client& client, mqtt::Disconnection reason) override;
  void on_subscribed(const mqtt::Client& client, std::span<const std::string> filters) override;
  void on_denied(const mqtt::Client& client, std::string_view action, std::string_view resource,
                 std::string_view reason) override;
  void on_published(const mqtt::Client& client, const Published& what) override;
  void tick() override;
  void on_dropped(std::string_view client_id, std::string_view topic,
                  std::string_view reason) override;

 private:
  Result<mqtt::Grant> decide(const mqtt::ConnectRequest& request) const;
  Result<mqtt::Grant> decide_certificate(const mqtt::ConnectRequest& request) const;
  void fill_context(const mqtt::ConnectRequest& request, const Scope& scope,
                    PolicyContext& context) const;
  journal::Span span(const mqtt::Client& client, std::string action, std::string resource,
                     journal::Outcome outcome, std::string reason) const;
  void record(const mqtt::Client& client, std::string action, std::string resource,
              journal::Outcome outcome, std::string reason) const;
  void submit(std::function<void(store::Txn&)> body, mqtt::Done done);

  const Needs needs_;
  const std::shared_ptr<const ClientPolicy> open_;
  journal::Repeats refused_;  // denied or dropped
  journal::Repeats unheard_;
};

}  // namespace cloudlet::iot
