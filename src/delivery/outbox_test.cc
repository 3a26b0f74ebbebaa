// The outbox without a wire: what is kept, when the next attempt is due, and what becomes of the
// undeliverable.
#include "delivery/outbox.h"

#include <gmock/gmock.h>

#include "delivery/delivery_fixture.h"

namespace cloudlet::delivery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

struct OutboxTest : DeliveryTest {
  std::unique_ptr<Process> running =
      process({.mail_server = MailServer{.url = "smtp://127.0.0.1:1/"}});

  // The first ready delivery of any lane.
  std::optional<ReadyKey> ready() const {
    std::optional<ReadyKey> found;
    running->store->snapshot()->scan(store::prefix(store::make_key("delivery-ready")),
                                     [&](std::string_view key, std::string_view) {
                                       store::KeyReader reader(key);
                                       reader.skip();
                                       found.emplace();
                                       found->lane = reader.text();
                                       found->number = reader.number();
                                       return false;
                                     });
    return found;
  }
  void settle(Attempt::Verdict verdict, std::string reason = "because") {
    const auto key = ready();
    ASSERT_TRUE(key);
    running->transact([&](store::Txn& tx) {
      running->outbox.settle(tx, *key, {.verdict = verdict, .reason = reason}, clock.now(),
                             clock.now());
    });
  }
  std::size_t pending() const { return Outbox::pending(*running->store->snapshot()); }
};

TEST_F(OutboxTest, ARecordComesBackAsItWas) {
  OutsideDelivery delivery = mail("ann@example.com", "Grüße");
  delivery.headers = {{"List-Unsubscribe", "<http://h/?a=b:c>"}};
  delivery.dead_letter = Address{.kind = "queue", .arn = "q", .parameters = {{"a", 1}}};
  delivery.cause = {.trace = std::string(32, 'a'), .span = 7, .hops = 3};
  delivery.spacing = Duration(5);
  delivery.attempts = 4;
  const OutsideDelivery back = decode_outside(encode(delivery));
  EXPECT_EQ(encode(back), encode(delivery));
  EXPECT_EQ(back.headers, delivery.headers);
  EXPECT_EQ(back.retry, delivery.retry);
  EXPECT_EQ(back.cause.hops, 3);
  EXPECT_EQ(back.dead_letter->parameters.at("a"), 1);
}

TEST_F(OutboxTest, SecretsInAUrlAreNotShown) {
  const auto delivery = http("https://ann:secret@example.com:8443/hook?key=hidden");
  EXPECT_EQ(shown_endpoint(delivery), "https://example.com:8443/hook");
  EXPECT_EQ(lane_of(delivery), "https://example.com:8443");
}

TEST_F(OutboxTest, TemporaryFailuresAreRepeatedByThePolicyAndThenGivenUp) {
  running->enqueue(http("http://127.0.0.1:1/"));
  for (int attempt = 1; attempt <= 3; ++attempt) {
    settle(Attempt::Verdict::temporary);
    EXPECT_FALSE(ready()) << "after attempt " << attempt;
    clock.advance(Duration(19'999));
    ASSERT_TRUE(running->watch.wait_for(1, 0));
    clock.advance(Duration(1));
    ASSERT_TRUE(running->watch.wait_for(1, 1)) << "after attempt " << attempt;
  }
  settle(Attempt::Verdict::temporary, "Connection refused");
  EXPECT_EQ(pending(), 0u);
  EXPECT_THAT(running->reason(""),
              HasSubstr("Connection refused; attempt 4, given up: no retry left"));
}

TEST_F(OutboxTest, PermanentFailuresGoToTheDeadLetterTargetAtOnce) {
  OutsideDelivery delivery = http("http://127.0.0.1:1/", "the message");
  delivery.dead_letter = Address{.kind = "queue", .arn = "arn:queue"};
  running->enqueue(delivery);
  settle(Attempt::Verdict::permanent, "HTTP 404");
  EXPECT_EQ(pending(), 0u);
  EXPECT_THAT(RecordingTarget::all(*running->store->snapshot()),
              ElementsAre("arn:queue the message"));
}

TEST_F(OutboxTest, ADeadLetterTargetThatRefusesIsSaidInTheJournal) {
  running->queue.refuse = true;
  OutsideDelivery delivery = http("http://127.0.0.1:1/");
  delivery.dead_letter = Address{.kind = "queue", .arn = "arn:queue"};
  running->enqueue(delivery);
  settle(Attempt::Verdict::permanent);
  EXPECT_EQ(pending(), 0u);
  running->transact([](store::Txn&) {});
  const auto spans = running->journal.about("arn:queue", 1);
  ASSERT_THAT(spans, SizeIs(1));
  EXPECT_EQ(spans[0].outcome, journal::Outcome::failed);
  EXPECT_EQ(spans[0].reason, "no such queue");
}

TEST_F(OutboxTest, TooOldIsGivenUp) {
  OutsideDelivery delivery = mail("ann@example.com");
  delivery.age_max = Duration(15'000);
  running->enqueue(delivery);
  settle(Attempt::Verdict::temporary);
  clock.advance(Duration(10'000));
  ASSERT_TRUE(running->watch.wait_for(1, 1));
  settle(Attempt::Verdict::temporary);
  EXPECT_EQ(pending(), 0u);
  EXPECT_THAT(running->reason(""), HasSubstr("too old"));
}

TEST_F(OutboxTest, RetriesWithoutDelayAreReadyAtOnce) {
  OutsideDelivery delivery = http("http://127.0.0.1:1/");
  delivery.retry = {.no_delay = 2, .least = Duration(0), .most = Duration(0)};
  running->enqueue(delivery);
  settle(Attempt::Verdict::temporary);
  settle(Attempt::Verdict::temporary);
  settle(Attempt::Verdict::temporary);
  EXPECT_EQ(pending(), 0u);
}

TEST_F(OutboxTest, SpacingHoldsTheNextOnesOfAnOwnerBack) {
  OutsideDelivery delivery = http("http://127.0.0.1:1/");
  delivery.spacing = Duration(100);
  for (int i = 0; i < 3; ++i) running->enqueue(delivery);
  ASSERT_TRUE(running->watch.wait_for(3, 1));
  clock.advance(Duration(100));
  ASSERT_TRUE(running->watch.wait_for(3, 2));
  clock.advance(Duration(100));
  ASSERT_TRUE(running->watch.wait_for(3, 3));
}

TEST_F(OutboxTest, WhatWasRemovedMeanwhileIsNotNoted) {
  running->enqueue(http("http://127.0.0.1:1/"));
  const auto key = ready();
  running->transact([&](store::Txn& tx) { tx.erase(store::prefix(store::make_key("delivery"))); });
  EXPECT_FALSE(running->outbox.find(*running->store->snapshot(), *key));
  settle(Attempt::Verdict::temporary);
  EXPECT_FALSE(ready());
}

TEST_F(OutboxTest, TargetsCutLoopsAndNameUnknownKinds) {
  running->transact([&](store::Txn& tx) {
    const Address to{.kind = "queue", .arn = "arn:queue"},
        unknown{.kind = "pigeon", .arn = "arn:pigeon"};
    Event event{.payload = "p", .cause = {.trace = "t", .span = 1, .hops = 15}, .now = clock.now()};
    EXPECT_TRUE(running->targets.deliver(tx, to, event).has_value());
    EXPECT_THAT(running->targets.deliver(tx, unknown, event).error().message(),
                HasSubstr("pigeon"));
    event.cause.hops = 16;
    EXPECT_THAT(running->targets.deliver(tx, to, event).error().message(), HasSubstr("16 times"));
  });
  EXPECT_THAT(RecordingTarget::all(*running->store->snapshot()), SizeIs(1));
}

TEST_F(DeliveryTest, WithoutAServerAMailIsInTheMailboxWithItsTransaction) {
  const auto running = process();
  running->transact([&](store::Txn& tx) {
    running->outbox.enqueue(tx, mail("ann@example.com", "Humidity 32"));
    EXPECT_EQ(Mailbox::size(tx), 1u);
  });
  const auto listed = Mailbox::list(*running->store->snapshot(), {});
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].from, "AWS Notifications <no-reply@sns.amazonaws.com>");
  EXPECT_EQ(Mailbox::get(*running->store->snapshot(), listed[0].id)->body, "Humidity 32");
  EXPECT_EQ(running->reason("ann@example.com"), "put into the built-in mailbox");
}

}  // namespace
}  // namespace cloudlet::delivery
