// Confirmation and its opposite: tokens, opt-in, opt-out, and what happens when nobody answers.
#include "base/digest.h"
#include "services/sns/confirmation.h"
#include "services/sns/keys.h"
#include "services/sns/outside.h"
#include "services/sns/rules.h"
#include "services/sns/sns.h"
#include "store/record.h"
#include "store/timers.h"

namespace cloudlet::sns {
namespace {

// Where everybody is let in an unsigned request comes as the account's root, without a key; so do
// calls in process, which come from no address.
bool is_signed(const wire::Call& call) {
  if (call.principal.kind == wire::Principal::Kind::anonymous) return false;
  return !call.principal.access_key.empty() || call.source_ip.empty();
}

// Whose token or counter a timer is about.
struct TimerPayload {
  TopicId topic;
  std::string token;  // empty: the counter of deleted subscriptions
};

std::string encode(const TimerPayload& payload) {
  store::RecordWriter writer;
  writer.text(1, payload.topic.scope.account).text(2, payload.topic.scope.region);
  return writer.text(3, payload.topic.name).text(4, payload.token).take();
}

TimerPayload decode_payload(std::string_view bytes) {
  TimerPayload payload;
  for (store::RecordReader reader(bytes); reader.next();) switch (reader.field()) {
      case 1: payload.topic.scope.account = reader.text(); break;
      case 2: payload.topic.scope.region = reader.text(); break;
      case 3: payload.topic.name = reader.text(); break;
      case 4: payload.token = reader.text(); break;
      default: break;
    }
  return payload;
}

void one_deleted_less(store::Txn& tx, const TopicId& topic) {
  if (!tx.exists(keys::topic(topic.scope, topic.name))) return;
  Counts counts = read_counts(tx, topic);
  if (counts.deleted > 0) --counts.deleted;
  write_counts(tx, topic, counts);
}

// Brings back a subscription that was ended by its opt-out link; once.
Result<StoredSubscription> bring_back(store::Txn& tx, const TopicId& topic, const store::Key& key,
                                      const StoredToken& token) {
  if (token.again.empty()) return rules::invalid_parameter("Token");
  StoredSubscription subscription = decode_subscription(token.again);
  const store::Key by_endpoint =
      keys::endpoint(topic.scope, topic.name, subscription.protocol, subscription.endpoint);
  if (tx.exists(by_endpoint))
    return rules::invalid_parameter("Token");  // subscribed anew meanwhile
  subscription.pending = true;
  tx.put(by_endpoint, subscription.id);
  tx.put(key, encode(StoredToken{.subscription_id = token.subscription_id, .again = {}}));
  Counts counts = read_counts(tx, topic);
  ++counts.pending;
  if (counts.deleted > 0) --counts.deleted;
  write_counts(tx, topic, counts);
  return subscription;
}

}  // namespace

Service::Service(const Collaborators& with) : with_(with) {
  with_.store.watch(filters_);
  with_.store.timers().on(
      std::string(token_timer),
      [this](store::Txn& tx, const store::Timer& timer) { token_expires(tx, timer); });
  with_.store.timers().on(std::string(deleted_timer),
                          [](store::Txn& tx, const store::Timer& timer) {
                            one_deleted_less(tx, decode_payload(timer.payload).topic);
                          });
}

Result<void> Service::start() {
  TRY(signer_, Signer::open(with_.store, with_.clock));
  return {};
}

std::string Service::make_token(store::Txn& tx, const TopicId& topic, const StoredToken& token,
                                Time now) const {
  std::string text = with_.random.hex(128);
  tx.put(keys::token(topic.scope, topic.name, text), sns::encode(token));
  tx.at(now + token_lifetime, token_timer, encode(TimerPayload{.topic = topic, .token = text}));
  return text;
}

void Service::token_expires(store::Txn& tx, const store::Timer& timer) const {
  const TimerPayload payload = decode_payload(timer.payload);
  const store::Key key = keys::token(payload.topic.scope, payload.topic.name, payload.token);
  const auto bytes = tx.get(key);
  if (!bytes) return;
  tx.erase(key);
  const StoredToken token = decode_token(*bytes);
  const auto subscription = read_subscription(tx, payload.topic, token.subscription_id);
  const bool given_up =
      subscription && subscription->pending && subscription->pending_until <= timer.due;
  if (given_up) remove(tx, payload.topic, *subscription, timer.due);
}

void Service::send_confirmation(store::Txn& tx, const TopicId& topic, const StoredTopic& stored,
                                const StoredSubscription& subscription,
                                const Mailing& mailing) const {
  const bool ended = mailing.kind == Confirmation::unsubscribe;
  const StoredToken token{.subscription_id = subscription.id,
                          .again = ended ? sns::encode(subscription) : ""};
  const ConfirmationMessage confirmation{.kind = mailing.kind,
                                         .id = mailing.random.uuid(),
                                         .token = make_token(tx, topic, token, mailing.now),
                                         .at = mailing.now};
  const Copy copy{.topic = topic,
                  .stored = stored,
                  .subscription = subscription,
                  .cause = mailing.cause.next(mailing.cause.span)};
  with_.outbox.enqueue(tx, confirmation_copy(copy, confirmation, *signer_));
}

// https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html: signed or not. The same
// token again says the same: mail programs and people open links twice.
Result<ConfirmSubscriptionOutput> Service::confirm_subscription(
    store::Txn& tx, const wire::Call& call, const ConfirmSubscriptionInput& input) {
  TRY(const TopicId topic, rules::parse_topic_arn(input.topic_arn));
  CHECK(find_topic(tx, topic));
  const bool authenticate = input.authenticate_on_unsubscribe == "true";
  if (authenticate && !is_signed(call))
    return errors::authorization_error("AuthenticateOnUnsubscribe needs a signed request");
  const store::Key key = keys::token(topic.scope, topic.name, input.token);
  const auto bytes = tx.get(key);
  if (!bytes) return rules::invalid_parameter("Token");
  const StoredToken token = decode_token(*bytes);
  auto subscription = read_subscription(tx, topic, token.subscription_id);
  if (!subscription) {
    TRY(subscription, bring_back(tx, topic, key, token));
  }
  if (subscription->pending) {
    subscription->pending = false;
    subscription->authenticated = is_signed(call);
    subscription->authenticate_on_unsubscribe = authenticate;
    write_subscription(tx, topic, *subscription);
    Counts counts = read_counts(tx, topic);
    ++counts.confirmed;
    if (counts.pending > 0) --counts.pending;
    write_counts(tx, topic, counts);
  }
  return ConfirmSubscriptionOutput{.subscription_arn = subscription->arn(topic)};
}

void Service::remove(store::Txn& tx, const TopicId& topic, const StoredSubscription& subscription,
                     Time now) const {
  tx.erase(keys::subscription(topic.scope, topic.name, subscription.id));
  tx.erase(keys::endpoint(topic.scope, topic.name, subscription.protocol, subscription.endpoint));
  delivery::Outbox::forget(tx, subscription.arn(topic));
  Counts counts = read_counts(tx, topic);
  std::uint64_t& kind = subscription.pending ? counts.pending : counts.confirmed;
  if (kind > 0) --kind;
  ++counts.deleted;
  write_counts(tx, topic, counts);
  tx.at(now + token_lifetime, deleted_timer, encode(TimerPayload{.topic = topic, .token = {}}));
}

// An opt-out link is not signed: its secret is its proof, and the endpoint's owner is told, and may
// change their mind.
// https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
Result<UnsubscribeOutput> Service::unsubscribe(store::Txn& tx, const wire::Call& call,
                                               const UnsubscribeInput& input) {
  TRY(const rules::SubscriptionId id,
      is_signed(call) ? rules::own_subscription(call, input.subscription_arn, "Unsubscribe")
                      : rules::parse_subscription_arn(input.subscription_arn));
  const auto subscription = read_subscription(tx, id.topic, id.id);
  if (!subscription) return UnsubscribeOutput{};
  if (!is_signed(call) && subscription->authenticate_on_unsubscribe)
    return errors::authorization_error("This subscription can be ended by a signed request only");
  const bool proof_needed = !is_signed(call) && !subscription->opt_out.empty();
  if ((proof_needed || input.token) &&
      !equal_constant_time(input.token.value_or(""), subscription->opt_out))
    return errors::authorization_error(
        "Without a signature only the whole link of a notification ends a subscription");
  remove(tx, id.topic, *subscription, call.now);
  const bool tell =
      !is_signed(call) && !subscription->pending && subscription->protocol != "lambda";
  if (tell) {
    TRY(const StoredTopic stored, find_topic(tx, id.topic));
    send_confirmation(tx, id.topic, stored, *subscription,
                      {.kind = Confirmation::unsubscribe,
                       .cause = call.cause,
                       .now = call.now,
                       .random = call.rng()});
  }
  return UnsubscribeOutput{};
}

}  // namespace cloudlet::sns
