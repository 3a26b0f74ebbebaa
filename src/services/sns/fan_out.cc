// One message to all subscriptions of its topic, in the transaction of its cause, with a span for
// each that says why or why not.
#include <fmt/format.h>

#include "services/sns/keys.h"
#include "services/sns/outside.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {
namespace {

using journal::Outcome;
using journal::Span;

std::vector<StoredSubscription> subscriptions_of(const store::ReadTxn& tx, const TopicId& topic) {
  std::vector<StoredSubscription> found;
  tx.scan(store::prefix(keys::subscriptions(topic.scope, topic.name)),
          [&](std::string_view, std::string_view value) {
            found.push_back(decode_subscription(value));
            return true;
          });
  return found;
}

}  // namespace

Result<void> Service::hand_on(store::Txn& tx, const Copy& copy, const Message& message,
                              Signatures& signatures) const {
  const StoredSubscription& to = copy.subscription;
  if (to.protocol == "lambda") {
    const delivery::Event event{.scope = copy.topic.scope,
                                .source = copy.topic.arn(),
                                .principal = "sns.amazonaws.com",
                                .payload = function_event(copy.topic, to, message, signatures),
                                .cause = copy.cause,
                                .now = message.at};
    const delivery::Address function{.kind = "lambda", .arn = to.endpoint, .parameters = {}};
    return with_.targets.deliver(tx, function, event);
  }
  // An endpoint may lead back here: this server itself, or whoever calls it.
  if (copy.cause.too_deep())
    return invalid(
        fmt::format("the message has been handed on {} times: a loop, cut here", copy.cause.hops));
  with_.outbox.enqueue(tx, notification_copy(copy, message, signatures));
  return {};
}

void Service::fan_out(store::Txn& tx, const TopicId& topic, const StoredTopic& stored,
                      const Message& message, Cause cause, std::string note) const {
  if (cause.trace.empty()) cause = with_.journal.begin();
  std::vector<Span> spans;
  const auto span_of = [&](const Cause& of, std::string action, std::string resource) -> Span& {
    return spans.emplace_back(Span{.cause = of,
                                   .id = with_.journal.next_span(),
                                   .scope = topic.scope,
                                   .action = std::move(action),
                                   .resource = std::move(resource),
                                   .at = message.at});
  };
  const std::uint64_t publish_id = span_of(cause, "sns:Publish", topic.arn()).id;
  Cause of_publish = cause;  // the same hop: only a copy is handed on
  of_publish.span = publish_id;

  const FilterInput filter_input(message.body, message.attributes);
  Signatures signatures(*signer_, signature_version(stored));
  std::size_t handed = 0;
  const auto all = subscriptions_of(tx, topic);
  for (const StoredSubscription& subscription : all) {
    Span& span = span_of(of_publish, "sns:Deliver", subscription.arn(topic));
    span.reason = subscription.protocol + " " + subscription.endpoint;
    if (subscription.pending) {
      span.outcome = Outcome::skipped;
      span.reason += ": its confirmation is pending";
      continue;
    }
    const auto filter =
        filters_.find(keys::subscription(topic.scope, topic.name, subscription.id), subscription);
    if (const auto answer = filter ? filter->match(filter_input) : Filter::Answer();
        !answer.matches) {
      span.outcome = Outcome::skipped;
      span.reason += ": filtered, " + answer.reason;
      continue;
    }
    const Cause of_copy = of_publish.next(span.id);
    const Copy copy{
        .topic = topic, .stored = stored, .subscription = subscription, .cause = of_copy};
    const auto outcome = hand_on(tx, copy, message, signatures);
    if (outcome.has_error()) {
      span.outcome = Outcome::failed;
      span.reason += ": " + outcome.error().message();
    }
    handed += outcome.has_error() ? 0 : 1;
  }
  spans.front().reason =
      fmt::format("message {} to {} of {} subscriptions{}", message.id, handed, all.size(), note);
  tx.on_commit([journal = &with_.journal, spans = std::move(spans)] {
    for (const Span& span : spans) journal->record(span);
  });
}

}  // namespace cloudlet::sns
