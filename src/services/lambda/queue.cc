#include "services/lambda/queue.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "services/lambda/keys.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

namespace json = boost::json;

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
constexpr int retries_default = 2;
constexpr Duration age_max_default = std::chrono::hours(6);
constexpr Duration first_retry = std::chrono::minutes(1);
constexpr Duration second_retry = std::chrono::minutes(2);
constexpr Duration throttle_wait_least = std::chrono::seconds(1);
constexpr Duration throttle_wait_most = std::chrono::minutes(5);

Duration age_max(const StoredFunction& function) {
  if (function.event_config && function.event_config->age_seconds_max)
    return std::chrono::seconds(*function.event_config->age_seconds_max);
  return age_max_default;
}

Duration throttle_wait(int throttles) {
  const int doublings = std::min(throttles, 9);
  return std::min<Duration>(throttle_wait_most, throttle_wait_least * (1 << doublings));
}

void wait(store::Txn& tx, const FunctionId& id, const StoredInvocation& invocation, Time until) {
  const store::Key key = keys::waiting(id.scope, id.name, tx.next_sequence());
  tx.put(key, encode(invocation));
  tx.at(until, retry_timer, key.bytes());
}

// A payload as a value; what is not JSON stays text.
json::value value_of(const std::string& payload) {
  boost::system::error_code failed;
  json::value value = json::parse(payload, failed);
  return failed ? json::value(payload) : value;
}

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html, "invocation
// record"
std::string record(const FunctionId& id, const StoredInvocation& invocation, const Outcome& outcome,
                   std::string_view condition, Time now) {
  json::object out;
  out["version"] = "1.0";
  out["timestamp"] = iso8601(now);
  out["requestContext"] = {{"requestId", invocation.request_id},
                           {"functionArn", id.arn() + ":$LATEST"},
                           {"condition", condition},
                           {"approximateInvokeCount", invocation.attempts}};
  out["requestPayload"] = value_of(invocation.payload);
  json::object context{{"statusCode", 200}, {"executedVersion", "$LATEST"}};
  if (outcome.kind == Outcome::Kind::function_error) context["functionError"] = "Unhandled";
  if (invocation.attempts > 0) {
    out["responseContext"] = std::move(context);
    out["responsePayload"] = value_of(outcome.payload);
  }
  return json::serialize(out);
}

void hand_on(store::Txn& tx, const delivery::Targets& targets, const FunctionId& id,
             const StoredInvocation& invocation, const std::string& to, std::string payload,
             Time now) {
  if (to.empty()) return;
  const Result<std::string> kind = destination_kind(to);
  if (kind.has_error())
    return log::warning("lambda", "{} of {}: {}", to, id.arn(), kind.error().message());
  const delivery::Address address{.kind = *kind, .arn = to};
  delivery::Event event{.scope = id.scope, .source = id.arn(), .principal = "lambda.amazonaws.com"};
  event.payload = std::move(payload);
  event.cause = invocation.cause.next(invocation.cause.span);
  event.now = now;
  const Result<void> handed = targets.deliver(tx, address, event);
  if (handed.has_error())
    log::warning("lambda", "{} of {} did not take an invocation's record: {}", to, id.arn(),
                 handed.error().message());
}

void give_up(store::Txn& tx, const delivery::Targets& targets, const FunctionId& id,
             const StoredFunction& function, const StoredInvocation& invocation,
             const Outcome& outcome, std::string_view condition, Time now) {
  hand_on(tx, targets, id, invocation, function.dead_letter, invocation.payload, now);
  if (function.event_config)
    hand_on(tx, targets, id, invocation, function.event_config->on_failure,
            record(id, invocation, outcome, condition, now), now);
}

}  // namespace

void enqueue(store::Txn& tx, const FunctionId& id, const StoredInvocation& invocation) {
  tx.put(keys::queued(id.scope, id.name, tx.next_sequence()), encode(invocation));
}

void end_wait(store::Txn& tx, const store::Timer& timer) {
  const store::Key key = store::Key::from_bytes(timer.payload);
  const auto bytes = tx.get(key);
  if (!bytes) return;  // its function was deleted meanwhile
  store::KeyReader k(key.bytes());
  k.skip(), k.skip();  // "lambda", "waiting"
  FunctionId id;
  id.scope = k.scope();
  id.name = k.text();
  tx.erase(key);
  tx.put(keys::queued(id.scope, id.name, tx.next_sequence()), *bytes);
}

bool expired(const StoredInvocation& invocation, const StoredFunction& function, Time now) {
  return now > invocation.accepted + age_max(function);
}

void settle(store::Txn& tx, const delivery::Targets& targets, const store::Key& queued,
            const FunctionId& id, const Outcome& outcome, Time now) {
  const auto bytes = tx.get(queued);
  if (!bytes) return;
  tx.erase(queued);
  const auto function = find_function(tx, id.scope, id.name);
  if (!function || outcome.kind == Outcome::Kind::no_function) return;
  StoredInvocation invocation = decode_invocation(*bytes);
  if (outcome.kind == Outcome::Kind::not_run) {
    const Time next = now + throttle_wait(invocation.throttles++);
    if (expired(invocation, *function, next))
      return give_up(tx, targets, id, *function, invocation, outcome, "EventAgeExceeded", now);
    return wait(tx, id, invocation, next);
  }
  ++invocation.attempts;
  if (outcome.kind == Outcome::Kind::success) {
    if (function->event_config)
      hand_on(tx, targets, id, invocation, function->event_config->on_success,
              record(id, invocation, outcome, "Success", now), now);
    return;
  }
  const int retries = function->event_config
                          ? function->event_config->retries.value_or(retries_default)
                          : retries_default;
  if (invocation.attempts > retries)
    return give_up(tx, targets, id, *function, invocation, outcome, "RetriesExhausted", now);
  const Time next = now + (invocation.attempts == 1 ? first_retry : second_retry);
  if (expired(invocation, *function, next))
    return give_up(tx, targets, id, *function, invocation, outcome, "EventAgeExceeded", now);
  wait(tx, id, invocation, next);
}

}  // namespace cloudlet::lambda
