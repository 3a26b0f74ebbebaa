// Planning and executing rules.
#include "services/iot/rule_engine.h"

#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/encoding.h"
#include "services/iot/unheard.h"

namespace cloudlet::iot {
namespace {

constexpr std::string_view ingest_prefix = "$aws/rules/";

// A trace as the UUID that traceid() and error messages show.
std::string uuid_of(const std::string& trace) {
  if (trace.size() != 32) return trace;
  return fmt::format("{}-{}-{}-{}-{}", trace.substr(0, 8), trace.substr(8, 4), trace.substr(12, 4),
                     trace.substr(16, 4), trace.substr(20));
}

}  // namespace

RuleEngine::RuleEngine(const RuleBook& book, const delivery::Targets& targets,
                       journal::Journal& journal, Random& random, const Clock& clock)
    : book_(book),
      targets_(targets),
      journal_(journal),
      random_(random),
      skipped_(journal, clock, {.burst = 2000, .a_tick = 50}),
      unheard_(journal, clock, {}) {}

void RuleEngine::tick() const {
  skipped_.tick();
  unheard_.tick();
}

std::optional<RuleEngine::BasicIngest> RuleEngine::basic_ingest(std::string_view topic) {
  if (!topic.starts_with(ingest_prefix)) return std::nullopt;
  topic.remove_prefix(ingest_prefix.size());
  const std::size_t slash = topic.find('/');
  return BasicIngest{.rule = topic.substr(0, slash),
                     .topic = slash == std::string_view::npos ? "" : topic.substr(slash + 1)};
}

std::vector<const CompiledRule*> RuleEngine::takers(const RuleSet& set, std::string_view topic,
                                                    const Scope* scope) {
  std::vector<const CompiledRule*> rules;
  if (const auto ingest = basic_ingest(topic))
    set.named(ingest->rule, scope, rules);
  else
    set.match(topic, scope, rules);
  return rules;
}

std::optional<std::string> RuleEngine::unheard(std::string_view topic, const Scope* scope) const {
  const std::shared_ptr<const RuleSet> set = book_.rules();
  if (!takers(*set, topic, scope).empty()) return std::nullopt;
  return why_unheard(*set, topic, scope);
}

void RuleEngine::record_unheard(const RuleSet& set, const RuleMessage& message) const {
  unheard_.record(std::hash<std::string_view>()(message.topic), [&] {
    return journal::Span{.cause = message.cause.trace.empty() ? journal_.begin() : message.cause,
                         .id = journal_.next_span(),
                         .scope = message.scope ? *message.scope : Scope{},
                         .action = "iot:Publish",
                         .resource = std::string(message.topic),
                         .reason = why_unheard(set, message.topic, message.scope),
                         .at = message.now};
  });
}

void RuleEngine::plan(const RuleMessage& message, std::vector<Run>& out) const {
  const std::shared_ptr<const RuleSet> set = book_.rules();
  const auto rules = takers(*set, message.topic, message.scope);
  if (rules.empty()) {
    if (message.client_id.empty()) record_unheard(*set, message);
    return;
  }
  const Cause cause = message.cause.trace.empty() ? journal_.begin() : message.cause;
  journal::Span published{.cause = cause,
                          .id = journal_.next_span(),
                          .scope = message.scope ? *message.scope : Scope{},
                          .action = "iot:Publish",
                          .resource = std::string(message.topic),
                          .at = message.now};
  bool told = false;
  const auto tell = [&] {
    if (!std::exchange(told, true)) journal_.record(published);
  };
  const std::string trace = message.client_id.empty() ? std::string() : uuid_of(cause.trace);
  const auto ingest = basic_ingest(message.topic);
  const sql::Message seen{.topic = ingest ? ingest->topic : message.topic,
                          .payload = message.payload,
                          .client_id = message.client_id,
                          .source_ip = message.source_ip,
                          .principal = message.principal,
                          .account = rules.front()->scope.account,
                          .trace = trace,
                          .now = message.now,
                          .random = &random_};
  sql::Input input(seen);
  const Cause below{.trace = cause.trace, .span = published.id, .hops = cause.hops};
  for (const CompiledRule* rule : rules) {
    if (!rule->disabled && rule->statement.matches(input)) {
      tell();
      out.push_back(make_run(set, *rule, input, message, below));
      continue;
    }
    skipped_.record(std::hash<const void*>()(rule), [&] {
      tell();
      return journal::Span{
          .cause = below,
          .id = journal_.next_span(),
          .scope = rule->scope,
          .action = "iot:Rule",
          .resource = rule->arn,
          .outcome = journal::Outcome::skipped,
          .reason = rule->disabled ? "the rule is disabled" : rule->statement.explain(input),
          .at = message.now};
    });
  }
}

Run RuleEngine::make_run(const std::shared_ptr<const RuleSet>& set, const CompiledRule& rule,
                         sql::Input& input, const RuleMessage& message, const Cause& cause) const {
  Run run{.keep = set, .rule = &rule, .span = journal_.next_span(), .cause = cause};
  run.event = {.scope = rule.scope,
               .source = rule.arn,
               .principal = "iot.amazonaws.com",
               .payload = rule.statement.select(input),
               .cause = cause.next(run.span),
               .now = message.now};
  run.addresses.reserve(rule.actions.size());
  for (const CompiledAction& action : rule.actions) run.addresses.push_back(action.address(input));
  run.topic = message.topic;
  if (rule.error_action) {
    run.client_id = message.client_id;
    run.payload = message.payload;
    run.error_address = rule.error_action->address(input);
  }
  return run;
}

void RuleEngine::execute(store::Txn& tx, Run& run) const {
  run.failures.clear();
  boost::json::array failed;
  for (std::size_t i = 0; i < run.addresses.size(); ++i) {
    const delivery::Address& to = run.addresses[i];
    const Result<void> delivered = targets_.deliver(tx, to, run.event);
    if (delivered.has_value()) continue;
    const std::string& name = run.rule->actions[i].name();
    const std::string resource = CompiledAction::resource(to);
    run.failures.push_back(
        fmt::format("{} on {}: {}", name, resource, delivered.error().message()));
    failed.push_back(
        {{"failedAction", name},
         {"failedResource", resource},
         {"errorMessage", fmt::format("{} ({}). Message arrived on: {}, Action: {}, Resource: {}",
                                      delivered.error().message(), delivered.error().kind().code,
                                      run.topic, to.kind, resource)}});
  }
  if (failed.empty() || !run.error_address) return;
  delivery::Event event = run.event;
  event.payload = error_payload(run, std::move(failed));
  const Result<void> told = targets_.deliver(tx, *run.error_address, event);
  if (told.has_error()) run.failures.push_back("the error action: " + told.error().message());
}

// https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
std::string RuleEngine::error_payload(const Run& run, boost::json::array failures) const {
  boost::json::object message;
  message["ruleName"] = run.rule->name;
  message["topic"] = run.topic;
  message["cloudwatchTraceId"] = uuid_of(run.event.cause.trace);
  message["clientId"] = run.client_id.empty() ? "n/a" : run.client_id;
  message["base64OriginalPayload"] = to_base64(run.payload);
  message["failures"] = std::move(failures);
  return boost::json::serialize(message);
}

void RuleEngine::report(const Run& run, const Result<void>& committed) const {
  journal::Span span{.cause = run.cause,
                     .id = run.span,
                     .scope = run.rule->scope,
                     .action = "iot:Rule",
                     .resource = run.rule->arn,
                     .at = run.event.now};
  if (committed.has_error()) {
    span.outcome = journal::Outcome::failed;
    span.reason = "not stored: " + committed.error().message();
  } else if (!run.failures.empty()) {
    span.outcome = journal::Outcome::failed;
    for (const std::string& failure : run.failures)
      span.reason += (span.reason.empty() ? "" : "; ") + failure;
  } else {
    span.reason = "matched";
    for (const delivery::Address& to : run.addresses) {
      span.reason += (&to == &run.addresses.front() ? ": " : ", ") + to.kind + " " +
                     CompiledAction::resource(to);
    }
  }
  journal_.record(std::move(span));
}

}  // namespace cloudlet::iot
