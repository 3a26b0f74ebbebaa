// Subscribe: a confirmation goes out, or a function is subscribed at once.
#include "services/sns/confirmation.h"
#include "services/sns/keys.h"
#include "services/sns/rules.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {
namespace {

// The scope decides how a filter policy is read, so it is set first.
Result<void> set_attributes(StoredSubscription& subscription,
                            const std::map<std::string, std::string>& attributes) {
  const std::string reason = "Attributes Reason: ";
  if (const auto scope = attributes.find("FilterPolicyScope"); scope != attributes.end())
    CHECK(set_attribute(subscription, scope->first, scope->second, reason));
  for (const auto& [name, value] : attributes)
    if (name != "FilterPolicyScope") CHECK(set_attribute(subscription, name, value, reason));
  return {};
}

Result<void> check_same(const StoredSubscription& existing,
                        const std::map<std::string, std::string>& attributes) {
  for (const auto& [name, value] : attributes)
    if (get_attribute(existing, name) != value)
      return rules::invalid_parameter(
          "Attributes Reason: Subscription already exists with different attributes");
  return {};
}

SubscribeOutput answer(const TopicId& topic, const StoredSubscription& subscription,
                       const SubscribeInput& input) {
  const bool hide = subscription.pending && !input.return_subscription_arn.value_or(false);
  return {.subscription_arn = hide ? "pending confirmation" : subscription.arn(topic)};
}

}  // namespace

std::optional<StoredSubscription> read_subscription(const store::ReadTxn& tx, const TopicId& topic,
                                                    std::string_view id) {
  const auto bytes = tx.get(keys::subscription(topic.scope, topic.name, id));
  if (!bytes) return std::nullopt;
  return decode_subscription(*bytes);
}

void write_subscription(store::Txn& tx, const TopicId& topic,
                        const StoredSubscription& subscription) {
  tx.put(keys::subscription(topic.scope, topic.name, subscription.id), encode(subscription));
}

Result<SubscribeOutput> Service::subscribe(store::Txn& tx, const wire::Call& call,
                                           const SubscribeInput& input) {
  TRY(const TopicId topic, rules::own_topic(call, input.topic_arn, "Subscribe"));
  const std::string address = input.endpoint.value_or("");
  CHECK(rules::check_endpoint(call, input.protocol, address));
  TRY(const StoredTopic stored, find_topic(tx, topic));

  StoredSubscription subscription{
      .protocol = input.protocol,
      .endpoint = address,
      .owner = call.scope.account,
      .base_url = call.endpoint.empty() ? with_.endpoint : call.endpoint,
      .principal = call.principal.arn,
      .created = call.now};
  CHECK(set_attributes(subscription, input.attributes));

  const store::Key by_endpoint = keys::endpoint(topic.scope, topic.name, input.protocol, address);
  Counts counts = read_counts(tx, topic);
  if (const auto id = tx.get(by_endpoint)) {
    auto existing = read_subscription(tx, topic, *id);
    assert_that(existing.has_value(), "a subscription that its endpoint names is there");
    CHECK(check_same(*existing, input.attributes));
    if (!existing->pending) return answer(topic, *existing, input);
    subscription = *std::move(existing);  // a new link for the one that was not opened
  } else {
    subscription.id = call.uuid();
    subscription.opt_out = call.rng().hex(32);
    subscription.pending = input.protocol != "lambda";
    subscription.authenticated = !subscription.pending;
    ++(subscription.pending ? counts.pending : counts.confirmed);
    write_counts(tx, topic, counts);
    tx.put(by_endpoint, subscription.id);
  }
  if (subscription.pending) {
    subscription.pending_until = call.now + token_lifetime;
    send_confirmation(tx, topic, stored, subscription,
                      {.kind = Confirmation::subscribe,
                       .cause = call.cause,
                       .now = call.now,
                       .random = call.rng()});
  }
  write_subscription(tx, topic, subscription);
  return answer(topic, subscription, input);
}

}  // namespace cloudlet::sns
