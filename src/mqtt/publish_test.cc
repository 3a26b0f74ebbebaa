// PUBLISH and its acknowledgements, in both directions: scripts of bytes. Section numbers are of
// MQTT 3.1.1 unless said.
#include <thread>

#include "mqtt/script_fixture.h"

namespace cloudlet::mqtt {
namespace {

using namespace script;
using Publishing = BrokerTest;

// Section 4.3: a subscriber gets the lower QoS of the message's and its own.
TEST_F(Publishing, DeliversWithTheLowerQos) {
  const auto p = connected("p");
  for (unsigned subscribed_qos = 0; subscribed_qos <= 2; ++subscribed_qos) {
    const auto s = subscribed("s" + std::to_string(subscribed_qos), "t/#", subscribed_qos);
    unsigned id = 0;
    for (unsigned qos = 0; qos <= 2; ++qos) {
      p->send(publish("t/x", "m", {.qos = qos, .id = 7}));
      if (qos == 1) p->expect(puback(7));
      if (qos == 2) p->expect(pubrec(7)), p->send(pubrel(7)), p->expect(pubcomp(7));
      const auto granted = std::min(qos, subscribed_qos);
      if (granted > 0) ++id;
      s->expect(publish("t/x", "m", {.qos = granted, .id = id}));
    }
    s->send(disconnect());
    s->expect_closed();
  }
}

// [MQTT-4.3.3-2]: the same QoS 2 packet id again, before PUBREL, is answered but not published
// twice.
TEST_F(Publishing, ARepeatedQos2MessageIsDeliveredOnce) {
  const auto s = subscribed("s", "t");
  const auto p = connected("p");
  p->send(publish("t", "once", {.qos = 2, .id = 5}));
  p->expect(pubrec(5));
  s->expect(publish("t", "once"));
  p->send(publish("t", "once", {.qos = 2, .id = 5, .dup = true}));
  p->expect(pubrec(5));
  p->send(pubrel(5));
  p->expect(pubcomp(5));
  p->send(publish("t", "again", {.qos = 2, .id = 5}));  // the id is free again
  p->expect(pubrec(5));
  s->expect(publish("t", "again"));
  EXPECT_EQ(application.count("accept t"), 2U);
}

// A PUBREL for nothing is answered, so that the client can go on (section 4.3.3).
TEST_F(Publishing, PubrelIsAlwaysAnswered) {
  const auto p = connected("p");
  p->send(pubrel(77));
  p->expect(pubcomp(77));
}

// The subscriber's side of QoS 2: PUBREC, PUBREL, PUBCOMP; and the next message waits its turn in
// the window.
TEST_F(Publishing, TheWindowHoldsMessagesBack) {
  options.limits.inflight_max = 1;
  const auto s = subscribed("s", "t", 2);
  const auto p = connected("p");
  p->send(publish("t", "1", {.qos = 2, .id = 1}) + publish("t", "2", {.qos = 1, .id = 2}));
  p->expect(pubrec(1) + puback(2));
  s->expect(publish("t", "1", {.qos = 2, .id = 1}));
  s->expect_silence();
  s->send(pubrec(1));
  s->expect(pubrel(1));
  s->expect_silence();
  s->send(pubcomp(1));
  s->expect(publish("t", "2", {.qos = 1, .id = 2}));
  s->send(puback(2));
  s->expect_silence();
}

// [MQTT-4.6.0-2], [MQTT-4.6.0-6]: acknowledgements and deliveries keep the order of arrival.
TEST_F(Publishing, KeepsTheOrder) {
  const auto s = subscribed("s", "t", 1);
  const auto p = connected("p");
  std::string sent;
  std::string acknowledged;
  for (unsigned i = 1; i <= 500; ++i) {
    sent += publish("t", std::to_string(i), {.qos = 1, .id = i});
    acknowledged += puback(i);
  }
  p->send(sent);
  p->expect(acknowledged);
  for (unsigned i = 1; i <= 500; ++i) {
    s->expect(publish("t", std::to_string(i), {.qos = 1, .id = i}));
    s->send(puback(i));
  }
}

// [MQTT-3.3.1-4]: QoS 3. [MQTT-3.3.1-2]: DUP with QoS 0. [MQTT-2.3.1-1]: packet id 0.
// [MQTT-3.3.2-2]: wildcards. Each ends the connection.
TEST_F(Publishing, MalformedPublishesEndTheConnection) {
  const Bytes cases[] = {packet(0x36, text("t") + u16(1)),
                         packet(0x38, text("t")),
                         publish("t", "x", {.qos = 1, .id = 0}),
                         publish("t/+", "x"),
                         publish("#", "x"),
                         publish("", "x"),
                         packet(0x30, u16(10) + "t"),
                         publish(std::string(300, 'x'), "x"),
                         publish("1/2/3/4/5/6/7/8/9", "x"),
                         publish(std::string("a\0b", 3), "x")};
  for (const auto& bad : cases) {
    const auto p = connected("p");
    p->send(bad);
    p->expect_closed();
  }
  EXPECT_EQ(application.count("accept t"), 0U);
}

// What was published before the mistake, in the same read, counts and was acknowledged.
TEST_F(Publishing, WhatCameBeforeTheMistakeCounts) {
  const auto p = connected("p");
  p->send(publish("good", "x", {.qos = 1, .id = 1}) + publish("+", "x"));
  p->expect(puback(1));
  p->expect_closed();
  EXPECT_EQ(application.count("accept good"), 1U);
}

TEST_F(Publishing, TooLargeAPayloadEndsTheConnection) {
  options.limits.payload_bytes_max = 100;
  const auto p = connected("p");
  p->send(publish("t", std::string(100, 'x'), {.qos = 1, .id = 1}));
  p->expect(puback(1));
  p->send(publish("t", std::string(101, 'x'), {.qos = 1, .id = 2}));
  p->expect_closed();
}

TEST_F(Publishing, ALargeMessageGoesThrough) {
  const auto s = subscribed("s", "t");
  const auto p = connected("p");
  const std::string payload(128 * 1024, 'x');
  p->send(publish("t", payload, {.qos = 1, .id = 1}));
  p->expect(puback(1));
  s->expect(publish("t", payload));
}

// A policy's no: a 3.1.1 client is disconnected (as AWS IoT does), nothing is published.
TEST_F(Publishing, ADeniedPublishEndsTheConnection) {
  application.policy->rule = [](std::string_view action, std::string_view resource) {
    return action != "publish" || resource != "secret";
  };
  const auto s = subscribed("s", "#");
  const auto p = connected("p");
  p->send(publish("open", "x", {.qos = 1, .id = 1}) + publish("secret", "x", {.qos = 1, .id = 2}));
  p->expect(puback(1));
  p->expect_closed();
  s->expect(publish("open", "x"));
  s->expect_silence();
  EXPECT_TRUE(application.saw("denied p iot:Publish secret"));
  EXPECT_TRUE(application.saw("disconnected p AUTH_ERROR"));
}

TEST_F(Publishing, WhatAClientMayNotReceiveIsNotSent) {
  application.policy->rule = [](std::string_view action, std::string_view resource) {
    return action != "receive" || resource != "secret";
  };
  const auto s = subscribed("s", "#", 1);
  const auto p = connected("p");
  p->send(publish("secret", "x", {.qos = 1, .id = 1}) + publish("open", "x", {.qos = 1, .id = 2}));
  p->expect(puback(1) + puback(2));
  s->expect(publish("open", "x", {.qos = 1, .id = 1}));
}

// Nothing is acknowledged or delivered before the commit, whatever comes behind it.
TEST_F(Publishing, AcknowledgementsFollowTheCommit) {
  HeldCommits commits;
  const auto s = subscribed("s", "#");
  const auto p = connected("p");
  application.set_commit(commits.hook());
  p->send(publish("durable", "1", {.qos = 1, .id = 1, .retain = true}));
  EXPECT_TRUE(application.saw("accept durable"));
  p->send(publish("light", "2", {.qos = 1, .id = 2}));
  EXPECT_TRUE(application.saw("accept light"));
  p->expect_silence();
  s->expect_silence();
  commits.release(1);
  p->expect(puback(1) + puback(2));
  s->expect(publish("durable", "1") + publish("light", "2"));
}

// A client that publishes faster than commits come is not read any more; nothing is lost.
TEST_F(Publishing, ReadingPausesWhileCommitsWait) {
  options.limits.batches_max = 2;
  HeldCommits commits;
  const auto p = connected("p");
  application.set_commit(commits.hook());
  std::string acknowledged;
  for (unsigned i = 1; i <= 2; ++i) {
    p->send(publish("t" + std::to_string(i), "x", {.qos = 1, .id = i, .retain = true}));
    EXPECT_TRUE(application.saw("accept t" + std::to_string(i)));
  }
  p->send(publish("t3", "x", {.qos = 1, .id = 3, .retain = true}));
  const auto other = connected("other");
  other->expect_silence();
  EXPECT_EQ(application.count("accept t3"), 0U);
  commits.release(2);
  commits.release(1);
  p->expect(puback(1) + puback(2) + puback(3));
}

// A failed commit acknowledges nothing: the 3.1.1 client is disconnected and sends again.
TEST_F(Publishing, AFailedCommitIsNotAcknowledged) {
  application.fail_accept = true;
  const auto p = connected("p");
  p->send(publish("t", "x", {.qos = 1, .id = 1}));
  p->expect_closed();
}

TEST_F(Publishing, TheApplicationPublishes) {
  const auto s = subscribed("s", "t", 1);
  std::promise<bool> done;
  broker->publish(Client{.id = "inside"}, {.topic = "t", .payload = "x", .qos = Qos::at_least_once},
                  {}, [&](const Result<void>& outcome) { done.set_value(outcome.has_value()); });
  EXPECT_TRUE(done.get_future().get());
  s->expect(publish("t", "x", {.qos = 1, .id = 1}));
  broker->deliver(std::make_shared<const Message>(Message{.topic = "t", .payload = "y"}));
  s->expect(publish("t", "y"));
}

// A receiver that takes nothing is given up, others go on. Nothing waits without bound.
TEST_F(Publishing, AStuckReceiverIsDisconnected) {
  options.limits.pending_messages_max = 1000;
  const auto stuck = subscribed("stuck", "t", 1);  // never acknowledges
  const auto p = connected("p");
  for (unsigned i = 0; i < 1200; ++i) {
    p->send(publish("t", "x", {.qos = 1, .id = 1 + i}));
    p->expect(puback(1 + i));
  }
  EXPECT_TRUE(application.saw("disconnected stuck SERVER_INITIATED_DISCONNECT"));
}

// A receiver whose socket takes nothing: publishers wait for it a moment only, then it loses QoS 0
// messages, then its connection. Everything published was acknowledged.
TEST_F(Publishing, ADeadSocketHoldsNobodyUpForLong) {
  options.limits.stalled_max = std::chrono::seconds(4);
  const auto stuck = connected("stuck", {.keep_alive = 1200});
  stuck->send(subscribe(1, "t", 0));
  stuck->expect(suback(1, 0));
  const auto p = connected("p", {.keep_alive = 1200});
  const auto other = connected("other", {.keep_alive = 1200});
  std::thread publisher([&] {
    for (unsigned i = 1; i <= 300; ++i) {
      p->send(publish("t", std::string(100'000, 'x'), {.qos = 1, .id = i}));
    }
  });
  const std::string gone = "disconnected stuck SERVER_INITIATED_DISCONNECT";
  // Time passes only while nothing else does.
  using Steady = std::chrono::steady_clock;
  const auto patience = Steady::now() + std::chrono::seconds(20);
  auto quiet_since = Steady::now();
  std::uint64_t received = 0;
  while (application.count(gone) == 0 && Steady::now() < patience) {
    other->expect_silence();
    if (std::exchange(received, broker->stats().received) != received) {
      quiet_since = Steady::now();
    } else if (Steady::now() - quiet_since > std::chrono::milliseconds(50)) {
      clock.advance(std::chrono::seconds(1));
      quiet_since = Steady::now();
    }
  }
  EXPECT_EQ(application.count(gone), 1U);
  EXPECT_EQ(application.ends_of("p"), "");
  EXPECT_EQ(p->read(300 * 4).size(), 300U * 4U);
  publisher.join();
}

}  // namespace
}  // namespace cloudlet::mqtt
