// Runs topic rules: first every matching rule is evaluated, outside of any transaction; then the
// caller's transaction hands what came out to the actions' targets. An action that fails goes to
// the rule's error action, in the same transaction, and stands in nobody's way.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/target.h"
#include "journal/journal.h"
#include "journal/repeats.h"
#include "services/iot/rule_book.h"

namespace cloudlet::iot {

// A message as rules see it. Borrowed.
struct RuleMessage {
  std::string_view topic;  // as published
  std::string_view payload;
  std::string_view client_id;  // empty: not sent over MQTT
  std::string_view source_ip;
  std::string_view principal;
  const Scope* scope =
      nullptr;  // whose rules hear it; null: the sender showed no credentials, everybody's do
  Cause cause;  // empty trace: it comes from outside
  Time now;
};

// One rule and one message, evaluated. Owns all it needs.
struct Run {
  std::shared_ptr<const RuleSet> keep;  // what `rule` points into
  const CompiledRule* rule = nullptr;
  std::uint64_t span = 0;
  Cause cause;  // of the rule's own span
  delivery::Event event;
  std::vector<delivery::Address> addresses;  // one an action
  // For the error action.
  std::string topic;
  std::string client_id;
  std::string payload;
  std::optional<delivery::Address> error_address;
  // What the transaction said, last time it ran: sentences of failed actions.
  std::vector<std::string> failures;
};

class RuleEngine {
 public:
  RuleEngine(const RuleBook& book, const delivery::Targets& targets, journal::Journal& journal,
             Random& random, const Clock& clock);

  // Appends a run for every rule that takes the message and whose WHERE is true. Never waits.
  // Thread-safe. Messages of MQTT clients that no rule takes leave no span: see
  // MqttApplication::on_published.
  void plan(const RuleMessage& message, std::vector<Run>& out) const;
  // Hands the outcome to the actions. May be called again for the same run.
  void execute(store::Txn& tx, Run& run) const;
  // Why no rule takes this topic; nothing if one does.
  std::optional<std::string> unheard(std::string_view topic, const Scope* scope) const;
  // About once a second.
  void tick() const;
  // Leaves the run's span, once it is known what became of the transaction.
  void report(const Run& run, const Result<void>& committed) const;

  // "$aws/rules/<rule>/<topic>": the rule's name and the topic behind it.
  struct BasicIngest {
    std::string_view rule;
    std::string_view topic;
  };
  static std::optional<BasicIngest> basic_ingest(std::string_view topic);

 private:
  Run make_run(const std::shared_ptr<const RuleSet>& set, const CompiledRule& rule,
               sql::Input& input, const RuleMessage& message, const Cause& cause) const;
  static std::vector<const CompiledRule*> takers(const RuleSet& set, std::string_view topic,
                                                 const Scope* scope);
  void record_unheard(const RuleSet& set, const RuleMessage& message) const;
  std::string error_payload(const Run& run, boost::json::array failures) const;

  const RuleBook& book_;
  const delivery::Targets& targets_;
  journal::Journal& journal_;
  Random& random_;
  // A flood of what did not happen says no more than its first messages.
  mutable journal::Repeats skipped_;
  mutable journal::Repeats unheard_;
};

}  // namespace cloudlet::iot
