// Planning and executing rules.
#include "services/iot/rule_engine.h"

#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "base/encoding.h"

namespace cloudlet::iot {
namespace {

constexpr std::string_view ingest_prefix = "$aws/rules/";

// A trace as the UUID that traceid() and error messages show.
std::string uuid_of(const std::string& trace) {
  if (trace.size() != 32) return trace;
  return fmt::format("{}-{}-{}-{}-{}", trace.substr(0, 8), trace.substr(8, 4), trace.substr(12, 4),
                     trace.substr(16, 4), trace.substr(20));
}

// Shadows, jobs and the like are not served: whoever asks why nothing answers finds it here.
std::string_view unheard_reason(std::string_view topic) {
  const bool reserved = topic.starts_with("$aws/") && !topic.starts_with(ingest_prefix);
  return reserved
             ? "no rule takes this topic; reserved topics other than Basic Ingest are not served"
             : "no rule takes this topic";
}

}  // namespace

bool RuleEngine::Throttle::pass() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  std::int64_t seen = second_.load(std::memory_order_relaxed);
  if (seen != second && second_.compare_exchange_strong(seen, second))
    used_.store(0, std::memory_order_relaxed);
  return used_.fetch_add(1, std::memory_order_relaxed) < most_;
}

std::optional<RuleEngine::BasicIngest> RuleEngine::basic_ingest(std::string_view topic) {
  if (!topic.starts_with(ingest_prefix)) return std::nullopt;
  topic.remove_prefix(ingest_prefix.size());
  const std::size_t slash = topic.find('/');
  return BasicIngest{.rule = topic.substr(0, slash),
                     .topic = slash == std::string_view::npos ? "" : topic.substr(slash + 1)};
}

void RuleEngine::plan(const RuleMessage& message, std::vector<Run>& out) const {
  const std::shared_ptr<const RuleSet> set = book_.rules();
  const auto ingest = basic_ingest(message.topic);
  if (set->empty() && !message.topic.starts_with("$aws/")) return;
  std::vector<const CompiledRule*> rules;
  if (ingest)
    set->named(ingest->rule, message.scope, rules);
  else
    set->match(message.topic, message.scope, rules);
  if (rules.empty() && !unheard_.pass()) return;

  Cause cause = message.cause;
  if (cause.trace.empty()) cause = journal_.begin();
  const std::uint64_t span = journal_.next_span();
  journal_.record(
      {.cause = cause,
       .id = span,
       .scope = message.scope ? *message.scope : Scope{},
       .action = "iot:Publish",
       .resource = std::string(message.topic),
       .outcome = journal::Outcome::ok,
       .reason = rules.empty() ? std::string(unheard_reason(message.topic)) : std::string(),
       .at = message.now});
  if (rules.empty()) return;

  const std::string trace = message.client_id.empty() ? std::string() : uuid_of(cause.trace);
  const sql::Message seen{.topic = ingest ? ingest->topic : message.topic,
                          .payload = message.payload,
                          .client_id = message.client_id,
                          .principal = message.principal,
                          .account = rules.front()->scope.account,
                          .trace = trace,
                          .now = message.now,
                          .random = &random_};
  sql::Input input(seen);
  const Cause below{.trace = cause.trace, .span = span, .hops = cause.hops};
  for (const CompiledRule* rule : rules) {
    if (rule->disabled) {
      if (skipped_.pass()) skipped(*rule, message, below, "the rule is disabled");
    } else if (rule->statement.matches(input)) {
      out.push_back(make_run(set, *rule, input, message, below));
    } else if (skipped_.pass()) {
      skipped(*rule, message, below, rule->statement.explain(input));
    }
  }
}

void RuleEngine::skipped(const CompiledRule& rule, const RuleMessage& message, const Cause& cause,
                         std::string reason) const {
  journal_.record({.cause = cause,
                   .id = journal_.next_span(),
                   .scope = rule.scope,
                   .action = "iot:Rule",
                   .resource = rule.arn,
                   .outcome = journal::Outcome::skipped,
                   .reason = std::move(reason),
                   .at = message.now});
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
