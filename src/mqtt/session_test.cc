// Subscriptions, retained messages, persistent sessions and what survives a restart: scripts of
// bytes. Section numbers are of MQTT 3.1.1.
#include <thread>

#include "mqtt/script_fixture.h"

namespace cloudlet::mqtt {
namespace {

using namespace script;
using Sessions = BrokerTest;

const ConnectOptions persistent{.clean = false};

// Section 3.8.4: a code for each filter; the same filter again replaces, and sends the retained
// messages again [MQTT-3.8.4-3].
TEST_F(Sessions, SubscribingAgainReplaces) {
  const auto p = connected("p");
  p->send(publish("t", "kept", {.qos = 1, .id = 1, .retain = true}));
  p->expect(puback(1));
  const auto s = subscribed("s", "t", 0);
  s->expect(publish("t", "kept", {.retain = true}));
  s->send(subscribe(2, "t", 1));
  s->expect(suback(2, 1));
  s->expect(publish("t", "kept", {.qos = 1, .id = 1, .retain = true}));
  p->send(publish("t", "live", {.qos = 1, .id = 2}));
  s->expect(publish("t", "live", {.qos = 1, .id = 2}));
  s->expect_silence();  // one subscription, not two
}

// [MQTT-3.3.5-1]: overlapping filters deliver once, with the highest QoS.
TEST_F(Sessions, OverlappingFiltersDeliverOnce) {
  const auto s = connected("s");
  s->send(
      packet(0x82, u16(1) + text("a/#") + byte(0) + text("a/+") + byte(1) + text("a/b") + byte(0)));
  s->expect(packet(0x90, u16(1) + byte(0) + byte(1) + byte(0)));
  const auto p = connected("p");
  p->send(publish("a/b", "x", {.qos = 1, .id = 1}));
  s->expect(publish("a/b", "x", {.qos = 1, .id = 1}));
  s->expect_silence();
}

// [MQTT-4.7.2-1]: leading wildcards don't see '$'.
TEST_F(Sessions, WildcardsDoNotSeeDollarTopics) {
  const auto all = subscribed("all", "#");
  const auto plus = subscribed("plus", "+/x");
  const auto named = subscribed("named", "$aws/#");
  const auto p = connected("p");
  p->send(publish("$aws/x", "1"));
  named->expect(publish("$aws/x", "1"));
  all->expect_silence();
  plus->expect_silence();
}

// [MQTT-4.7.1-2], [MQTT-4.7.1-3] and shared subscriptions, which are not there: 0x80, and the
// connection goes on.
TEST_F(Sessions, BadFiltersAreRefusedOneByOne) {
  const auto s = connected("s");
  for (const auto* filter : {"a/#/b", "a#", "+a", "a/b+", "", "$share/g/t"}) {
    s->send(subscribe(1, filter, 1));
    s->expect(suback(1, 0x80));
  }
}

// [MQTT-3.8.1-1], [MQTT-3.8.3-3], [MQTT-3-8.3-4], [MQTT-3.10.1-1], [MQTT-3.10.3-2].
TEST_F(Sessions, MalformedSubscribesEndTheConnection) {
  const Bytes cases[] = {packet(0x80, u16(1) + text("t") + byte(0)),
                         packet(0x82, u16(1)),
                         subscribe(1, "t", 3),
                         subscribe(1, "t", 4),
                         subscribe(0, "t", 0),
                         packet(0xA0, u16(1) + text("t")),
                         packet(0xA2, u16(1)),
                         packet(0x82, u16(1) + text("t"))};
  for (const auto& bad : cases) {
    const auto s = connected("s");
    s->send(bad);
    s->expect_closed();
  }
}

TEST_F(Sessions, SubscriptionsAreLimited) {
  options.limits.subscriptions_max = 2;
  const auto s = subscribed("s", "a");
  s->send(subscribe(2, "b") + subscribe(3, "c") + subscribe(4, "a"));
  s->expect_all({suback(2, 0), suback(3, 0x80), suback(4, 0)});
}

TEST_F(Sessions, ADeniedSubscriptionIsAnsweredWith0x80) {
  application.policy->rule = [](std::string_view action, std::string_view resource) {
    return action != "subscribe" || resource == "open";
  };
  const auto s = connected("s");
  s->send(subscribe(1, "secret", 1) + subscribe(2, "open", 1));
  s->expect_all({suback(1, 0x80), suback(2, 1)});
  EXPECT_TRUE(application.saw("denied s iot:Subscribe secret"));
}

// [MQTT-3.10.4-1]: no more messages; [MQTT-3.10.4-5]: answered also if there was no such
// subscription.
TEST_F(Sessions, Unsubscribes) {
  const auto s = subscribed("s", "t");
  s->send(unsubscribe(2, "t") + unsubscribe(3, "other"));
  s->expect(unsuback(2) + unsuback(3));
  const auto p = connected("p");
  p->send(publish("t", "x", {.qos = 1, .id = 1}));
  p->expect(puback(1));
  s->expect_silence();
}

// [MQTT-3.3.1-10], [MQTT-3.3.1-11]: an empty retained message removes, and is not kept.
// [MQTT-3.3.1-9]: live, the flag is 0.
TEST_F(Sessions, RetainedMessagesComeAndGo) {
  const auto live = subscribed("live", "#");
  const auto p = connected("p");
  p->send(publish("a/1", "one", {.retain = true}) +
          publish("a/2", "two", {.qos = 1, .id = 1, .retain = true}));
  p->expect(puback(1));
  live->expect(publish("a/1", "one") + publish("a/2", "two"));
  const auto late = subscribed("late", "a/+", 1);
  late->expect(publish("a/1", "one", {.retain = true}) +
               publish("a/2", "two", {.qos = 1, .id = 1, .retain = true}));
  p->send(publish("a/1", "", {.retain = true}));
  live->expect(publish("a/1", ""));
  const auto later = subscribed("later", "a/#");
  later->expect(publish("a/2", "two", {.retain = true}));
  later->expect_silence();
}

// Section 3.1.2.4: a session kept, its subscriptions and what came meanwhile; session present is
// said [MQTT-3.2.2-2].
TEST_F(Sessions, APersistentSessionGetsWhatItMissed) {
  auto s = connected("s", persistent);
  s->send(subscribe(1, "t", 1));
  s->expect(suback(1, 1));
  s->send(disconnect());
  s->expect_closed();
  const auto p = connected("p");
  for (unsigned i = 1; i <= 300; ++i) {
    p->send(publish("t", std::to_string(i), {.qos = 1, .id = i}));
    p->expect(puback(i));
  }
  p->send(publish("t", "not kept", {.qos = 0}));
  p->expect_silence();
  EXPECT_EQ(application.queued("s"), 300U);
  s = connected("s", persistent, true);
  for (unsigned i = 1; i <= 300; ++i) {
    s->expect(publish("t", std::to_string(i), {.qos = 1, .id = i}));
    s->send(puback(i));
  }
  s->expect_silence();
  EXPECT_EQ(application.queued("s"), 0U);
}

// [MQTT-4.4.0-1]: what was not acknowledged comes again, with its packet id, DUP, and in order.
TEST_F(Sessions, UnacknowledgedMessagesComeAgain) {
  auto s = connected("s", persistent);
  s->send(subscribe(1, "t", 2));
  s->expect(suback(1, 2));
  const auto p = connected("p");
  p->send(publish("t", "1", {.qos = 1, .id = 1}) + publish("t", "2", {.qos = 2, .id = 2}) +
          publish("t", "3", {.qos = 2, .id = 3}) + publish("t", "4", {.qos = 1, .id = 4}));
  s->expect(publish("t", "1", {.qos = 1, .id = 1}) + publish("t", "2", {.qos = 2, .id = 2}) +
            publish("t", "3", {.qos = 2, .id = 3}) + publish("t", "4", {.qos = 1, .id = 4}));
  s->send(puback(4) + pubrec(2));
  s->expect(pubrel(2));
  s->close();
  EXPECT_TRUE(application.saw("disconnected s CONNECTION_LOST"));
  s = connected("s", persistent, true);
  s->expect(publish("t", "1", {.qos = 1, .id = 1, .dup = true}) + pubrel(2) +
            publish("t", "3", {.qos = 2, .id = 3, .dup = true}));
  s->send(puback(1) + pubcomp(2) + pubrec(3));
  s->expect(pubrel(3));
  s->send(pubcomp(3));
  s->expect_silence();
  EXPECT_EQ(application.queued("s"), 0U);
}

// The process ends between the publisher's PUBACK and the subscriber's: nothing that was
// acknowledged is lost.
TEST_F(Sessions, ARestartLosesNothing) {
  auto s = connected("s", persistent);
  s->send(subscribe(1, "t", 2));
  s->expect(suback(1, 2));
  auto p = connected("p", persistent);
  p->send(publish("t", "1", {.qos = 2, .id = 1}) + publish("t", "2", {.qos = 2, .id = 2}));
  p->expect(pubrec(1) + pubrec(2));
  s->expect(publish("t", "1", {.qos = 2, .id = 1}) + publish("t", "2", {.qos = 2, .id = 2}));
  s->send(pubrec(1));
  s->expect(pubrel(1));

  stop();
  start();
  // The publisher never saw PUBREC for 2 and sends it again: it is known, and not published again.
  p = connected("p", persistent, true);
  p->send(publish("t", "2", {.qos = 2, .id = 2, .dup = true}) + pubrel(1) + pubrel(2));
  p->expect_all({pubrec(2), pubcomp(1), pubcomp(2)});
  s = connected("s", persistent, true);
  s->expect(pubrel(1) + publish("t", "2", {.qos = 2, .id = 2, .dup = true}));
  s->send(pubcomp(1) + pubrec(2));
  s->expect(pubrel(2));
  s->send(pubcomp(2));
  s->expect_silence();
  EXPECT_EQ(application.queued("s"), 0U);
  EXPECT_EQ(application.count("accept t"), 2U);
  // And the ids that PUBREL gave back are free.
  p->send(publish("t", "3", {.qos = 2, .id = 2}));
  p->expect(pubrec(2));
  s->expect(publish("t", "3", {.qos = 2, .id = 3, .dup = true}));
}

// PUBREL and PUBCOMP change what is stored: they follow the commit, too.
TEST_F(Sessions, TheSecondHalfOfQos2FollowsTheCommit) {
  const auto p = connected("p", persistent);
  p->send(publish("t", "1", {.qos = 2, .id = 1}));
  p->expect(pubrec(1));
  HeldCommits commits;
  application.set_commit(commits.hook());
  p->send(pubrel(1));
  p->expect_silence();
  commits.release(1);
  p->expect(pubcomp(1));
  application.set_commit(nullptr);
}

// [MQTT-3.1.2-6]: a clean session forgets the kept one.
TEST_F(Sessions, ACleanSessionForgets) {
  auto s = connected("s", persistent);
  s->send(subscribe(1, "t", 1));
  s->expect(suback(1, 1));
  s->send(disconnect());
  s->expect_closed();
  s = connected("s");
  s->send(disconnect());
  s->expect_closed();
  s = connected("s", persistent, false);
  const auto p = connected("p");
  p->send(publish("t", "x", {.qos = 1, .id = 1}));
  p->expect(puback(1));
  s->expect_silence();
}

TEST_F(Sessions, AKeptSessionExpires) {
  auto s = connected("s", persistent);
  s->send(disconnect());
  s->expect_closed();
  EXPECT_EQ(application.sessions(), 1U);
  clock.advance(options.limits.session_expiry_default);
  s = connected("s", persistent, false);
}

// A retained message for a persistent session with QoS above 0 is as durable as any other.
TEST_F(Sessions, RetainedMessagesOfPersistentSessionsGoThroughTheQueue) {
  const auto p = connected("p");
  p->send(publish("t", "kept", {.qos = 1, .id = 1, .retain = true}));
  p->expect(puback(1));
  auto s = connected("s", persistent);
  s->send(subscribe(1, "t", 1));
  s->expect(suback(1, 1) + publish("t", "kept", {.qos = 1, .id = 1, .retain = true}));
  s->close();
  EXPECT_TRUE(application.saw("disconnected s CONNECTION_LOST"));
  s = connected("s", persistent, true);
  s->expect(publish("t", "kept", {.qos = 1, .id = 1, .retain = true, .dup = true}));
}

// The will of a connection that the end of the process cut off is published by the next one
// (section 3.1.2.5).
TEST_F(Sessions, AWillSurvivesTheProcess) {
  const auto a = connected(
      "a", {.will_topic = "wills/a", .will_payload = "gone", .will_qos = 1, .will_retain = true});
  // What a store would hold had the process been killed here: the application as it is now.
  const auto stored = application.load();
  ASSERT_EQ((*stored).size(), 1U);
  EXPECT_EQ((*stored)[0].will->payload, "gone");
  stop();
  start();
  const auto s = subscribed("s", "wills/#");
  s->expect(publish("wills/a", "gone", {.retain = true}));
}

// A subscriber that is far behind makes its publishers wait, not others; when it moves, all goes on
// and nothing is lost.
TEST_F(Sessions, PublishersWaitForAReceiverThatIsBehind) {
  const auto s = subscribed("s", "t", 1);
  const auto p = connected("p");
  constexpr unsigned count = 20'000;
  std::thread publisher([&] {
    std::string sent;
    for (unsigned i = 0; i < count; ++i)
      sent += publish("t", std::string(200, 'x'), {.qos = 1, .id = 1 + i % 65'535});
    p->send(sent);
  });
  std::thread acknowledged([&] { EXPECT_EQ(p->read(count * 4).size(), count * 4); });
  for (unsigned i = 0; i < count; ++i) {
    s->expect(publish("t", std::string(200, 'x'), {.qos = 1, .id = 1 + i % 65'535}));
    s->send(puback(1 + i % 65'535));
  }
  publisher.join();
  acknowledged.join();
}

}  // namespace
}  // namespace cloudlet::mqtt
