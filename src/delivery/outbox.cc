#include "delivery/outbox.h"

#include <fmt/format.h>

#include "base/log.h"
#include "delivery/mail_server.h"
#include "store/record.h"
#include "store/timers.h"

namespace cloudlet::delivery {
namespace {

using journal::Outcome;
using store::Key;
using store::make_key;

constexpr std::string_view retry_timer = "delivery.retry";

bool is_mail(const OutsideDelivery& delivery) {
  return delivery.kind == OutsideKind::email || delivery.kind == OutsideKind::email_json;
}

Key pace_key(const std::string& owner) { return make_key("delivery-pace", owner); }

// When a new delivery of this owner may start, and takes that moment.
Time take_moment(store::Txn& tx, const OutsideDelivery& delivery) {
  if (delivery.spacing.count() <= 0) return delivery.created;
  Time next = delivery.created;
  if (const auto bytes = tx.get(pace_key(delivery.owner)))
    for (store::RecordReader reader(*bytes); reader.next();)
      if (reader.field() == 1) next = std::max(next, reader.time());
  store::RecordWriter writer;
  tx.put(pace_key(delivery.owner), writer.time(1, next + delivery.spacing).take());
  return next;
}

}  // namespace

Outbox::Outbox(store::Store& store, const Targets& targets, const Mailbox& mailbox,
               journal::Journal& journal, MailGoes mail)
    : targets_(targets), mailbox_(mailbox), journal_(journal), mail_(mail) {
  store.timers().on(std::string(retry_timer), [this](store::Txn& tx, const store::Timer& timer) {
    if (const auto bytes = tx.get(Key::from_bytes(timer.payload)))
      make_ready(tx, timer.payload, decode_outside(*bytes));
  });
}

void Outbox::enqueue(store::Txn& tx, const OutsideDelivery& delivery) const {
  if (is_mail(delivery) && mail_ == MailGoes::to_mailbox) {
    mailbox_.put(tx, to_mail(delivery));
    journal::Span span = span_of(delivery, delivery.created);
    span.reason = "put into the built-in mailbox";
    return leave_span(tx, std::move(span));
  }
  const Key key =
      make_key("delivery", delivery.scope.account, delivery.scope.region, tx.next_sequence());
  tx.put(key, encode(delivery));
  const Time start = take_moment(tx, delivery);
  if (start > delivery.created)
    tx.at(start, retry_timer, key.bytes());
  else
    make_ready(tx, key.bytes(), delivery);
}

void Outbox::make_ready(store::Txn& tx, const std::string& record_key,
                        const OutsideDelivery& delivery) const {
  tx.put(ReadyKey{.lane = lane_of(delivery), .number = tx.next_sequence()}.key(), record_key);
}

std::optional<OutsideDelivery> Outbox::find(const store::ReadTxn& tx, const ReadyKey& ready) const {
  const auto record_key = tx.get(ready.key());
  if (!record_key) return std::nullopt;
  const auto bytes = tx.get(Key::from_bytes(*record_key));
  if (!bytes) return std::nullopt;
  return decode_outside(*bytes);
}

void Outbox::settle(store::Txn& tx, const ReadyKey& ready, const Attempt& attempt, Time started,
                    Time ended) const {
  const auto record_key = tx.get(ready.key());
  if (!record_key) return;
  tx.erase(ready.key());
  const Key key = Key::from_bytes(*record_key);
  const auto bytes = tx.get(key);
  if (!bytes) return;
  OutsideDelivery delivery = decode_outside(*bytes);
  ++delivery.attempts;

  journal::Span span = span_of(delivery, started);
  span.took = ended - started;
  span.reason = attempt.reason;
  if (attempt.verdict == Attempt::Verdict::sent) {
    if (is_mail(delivery) && mail_ == MailGoes::to_mailbox) mailbox_.put(tx, to_mail(delivery));
    tx.erase(key);
    return leave_span(tx, std::move(span));
  }
  const bool may_retry = attempt.verdict == Attempt::Verdict::temporary;
  const auto delay = may_retry ? delivery.retry.delay(delivery.attempts) : std::nullopt;
  span.outcome = Outcome::failed;
  if (delay && ended + *delay - delivery.created <= delivery.age_max) {
    tx.put(key, encode(delivery));
    if (delay->count() == 0)
      make_ready(tx, *record_key, delivery);
    else
      tx.at(ended + *delay, retry_timer, *record_key);
    span.reason +=
        fmt::format("; attempt {}, the next one in {} ms", delivery.attempts, delay->count());
    return leave_span(tx, std::move(span));
  }
  span.reason += fmt::format("; attempt {}, given up: {}", delivery.attempts,
                             !may_retry ? "it would not help to try again"
                             : delay    ? "too old"
                                        : "no retry left");
  tx.erase(key);
  bury(tx, delivery, attempt.reason, ended);
  leave_span(tx, std::move(span));
}

// What cannot be delivered goes to its dead letter target, in the same transaction.
void Outbox::bury(store::Txn& tx, const OutsideDelivery& delivery, const std::string& why,
                  Time now) const {
  if (!delivery.dead_letter) return;
  const Event event{.scope = delivery.scope,
                    .source = delivery.owner,
                    .principal = "sns.amazonaws.com",
                    .payload = delivery.dead_letter_payload.empty() ? delivery.body
                                                                    : delivery.dead_letter_payload,
                    .cause = delivery.cause,
                    .now = now};
  const auto buried = targets_.deliver(tx, *delivery.dead_letter, event);
  journal::Span span = span_of(delivery, now);
  span.action = "delivery:DeadLetter";
  span.resource = delivery.dead_letter->arn;
  span.outcome = buried.has_error() ? Outcome::failed : Outcome::ok;
  span.reason = buried.has_error() ? buried.error().message() : why;
  leave_span(tx, std::move(span));
}

journal::Span Outbox::span_of(const OutsideDelivery& delivery, Time at) const {
  const bool mailbox = is_mail(delivery) && mail_ == MailGoes::to_mailbox;
  return {.cause = delivery.cause,
          .id = journal_.next_span(),
          .scope = delivery.scope,
          .action = !is_mail(delivery) ? "http:Post"
                    : mailbox          ? "mail:Deliver"
                                       : "smtp:Send",
          .resource = shown_endpoint(delivery),
          .at = at};
}

void Outbox::leave_span(store::Txn& tx, journal::Span span) const {
  tx.on_commit([journal = &journal_, span = std::move(span)] { journal->record(span); });
}

void Outbox::forget(store::Txn& tx, const std::string& owner) { tx.erase(pace_key(owner)); }

std::size_t Outbox::pending(const store::ReadTxn& tx) {
  std::size_t count = 0;
  tx.scan(store::prefix(make_key("delivery")),
          [&](std::string_view, std::string_view) { return ++count, true; });
  return count;
}

Mail Outbox::to_mail(const OutsideDelivery& delivery) {
  const std::string address = MailServer::default_from;
  return {.account = delivery.scope.account,
          .from = delivery.sender.empty() ? address : delivery.sender + " <" + address + ">",
          .to = delivery.endpoint,
          .subject = delivery.subject,
          .body = delivery.body,
          .message_id = delivery.message_id,
          .owner = delivery.owner,
          .trace = delivery.cause.trace,
          .at = delivery.created};
}

}  // namespace cloudlet::delivery
