// What a 5.0 client needs to connect, publish and subscribe, and what it is told is not there.
// Sections of MQTT 5.0.
#include "mqtt/properties.h"
#include "mqtt/script_fixture.h"

namespace cloudlet::mqtt {
namespace {

using namespace script;
using Mqtt5 = BrokerTest;

const ConnectOptions five{.level = 5};

Bytes u32(unsigned value) { return u16(value >> 16) + u16(value & 0xffff); }
Bytes subscribe5(unsigned id, std::string_view filter, unsigned options,
                 const Bytes& properties = "") {
  return packet(0x82, u16(id) + byte(static_cast<unsigned>(properties.size())) + properties +
                          text(filter) + byte(options));
}
Bytes suback5(unsigned id, unsigned code) { return packet(0x90, u16(id) + byte(0) + byte(code)); }
Bytes disconnect5(unsigned reason) { return packet(0xE0, byte(reason) + byte(0)); }
Bytes acknowledge5(unsigned first, unsigned id, unsigned reason) {
  return packet(first, u16(id) + byte(reason));
}

std::unique_ptr<Peer> subscribed5(Mqtt5* test, std::unique_ptr<Peer> peer, std::string_view filter,
                                  unsigned options) {
  peer->send(subscribe5(1, filter, options));
  peer->expect(suback5(1, options & 3));
  return peer;
}

// Section 3.2.2.3: what the server sets, and what it doesn't offer.
TEST_F(Mqtt5, ConnackSaysWhatIsThere) {
  const auto a = peer();
  a->send(connect("", {.level = 5, .keep_alive = 0, .properties = byte(0x11) + u32(0xffffffff)}));
  const auto answer = a->read_packet();
  const auto expiry = static_cast<unsigned>(options.limits.session_expiry_max.count());
  EXPECT_NE(answer.find(byte(0x11) + u32(expiry) + byte(0x21) + u16(100) + byte(0x27) +
                        u32(132 * 1024) + byte(0x12)),
            Bytes::npos);
  EXPECT_NE(answer.find(byte(0x29) + byte(0) + byte(0x2A) + byte(0) + byte(0x13) + u16(1200)),
            Bytes::npos);
}

// Sections 3.3.2.3, 4.?: user properties, content type, response topic and correlation data
// reach 5.0 subscribers unaltered; the expiry counts down [MQTT-3.3.2-6]; 3.1.1 subscribers get the
// message without.
TEST_F(Mqtt5, PropertiesTravelWithTheMessage) {
  const auto s5 = subscribed5(this, connected("s5", five), "t", 1);
  const auto s4 = subscribed("s4", "t", 1);
  const auto p = connected("p", five);
  const Bytes forwarded = byte(0x01) + byte(1) + byte(0x03) + text("application/json") +
                          byte(0x08) + text("reply/to") + byte(0x09) + text("c1") + byte(0x26) +
                          text("k") + text("v") + byte(0x26) + text("k") + text("w");
  p->send(publish("t", "x", {.qos = 1, .id = 1, .level = 5, .properties = forwarded}));
  p->expect(puback(1));
  s5->expect(publish("t", "x", {.qos = 1, .id = 1, .level = 5, .properties = forwarded}));
  s4->expect(publish("t", "x", {.qos = 1, .id = 1}));
  const auto user = byte(0x26) + text("k") + text("v");
  p->send(publish("t", "y", {.level = 5, .properties = user + byte(0x02) + u32(60) + user}));
  s5->expect(publish("t", "y", {.level = 5, .properties = byte(0x02) + u32(60) + user + user}));
}

TEST_F(Mqtt5, PropertiesDecodeForTheApplication) {
  const MessageProperties all{.payload_format = 1,
                              .content_type = "text/plain",
                              .response_topic = "r",
                              .correlation_data = std::string("\0\1", 2),
                              .user = {{"a", "1"}, {"a", "2"}}};
  const auto decoded = decode_message_properties(encode_message_properties(all));
  EXPECT_EQ(decoded.content_type, all.content_type);
  EXPECT_EQ(decoded.correlation_data, all.correlation_data);
  EXPECT_EQ(decoded.response_topic, all.response_topic);
  EXPECT_EQ(decoded.payload_format, all.payload_format);
  EXPECT_EQ(decoded.user, all.user);
}

// Section 3.3.4: an expired message is not delivered to a session that comes back too late.
TEST_F(Mqtt5, AnExpiredMessageIsNotDelivered) {
  auto s = connected("s", {.clean = false});
  s->send(subscribe(1, "t", 1));
  s->expect(suback(1, 1));
  s->send(disconnect());
  s->expect_closed();
  const auto p = connected("p", five);
  p->send(
      publish("t", "short", {.qos = 1, .id = 1, .level = 5, .properties = byte(0x02) + u32(10)}));
  p->send(publish("t", "long", {.qos = 1, .id = 2, .level = 5}));
  p->expect(puback(1) + puback(2));
  clock.advance(std::chrono::seconds(11));
  s = connected("s", {.clean = false}, true);
  s->expect(publish("t", "long", {.qos = 1, .id = 2}));
  s->send(puback(2));
  s->expect_silence();
  EXPECT_EQ(application.queued("s"), 0U);
}

// Section 3.8.3.1: no local, retain as published, retain handling.
TEST_F(Mqtt5, SubscriptionOptions) {
  const auto a = subscribed5(this, connected("a", five), "t", 1U | 4U | 8U);
  a->send(publish("t", "own", {.qos = 1, .id = 1, .level = 5}));
  a->expect(puback(1));
  const auto p = connected("p", five);
  p->send(publish("t", "kept", {.qos = 1, .id = 1, .retain = true, .level = 5}));
  a->expect(publish("t", "kept", {.qos = 1, .id = 1, .retain = true, .level = 5}));
  a->send(puback(1));
  a->send(subscribe5(2, "t", 1U | 0x10U));  // only if new: it isn't
  a->expect(suback5(2, 1));
  a->send(subscribe5(3, "t", 1U | 0x20U));  // never
  a->expect(suback5(3, 1));
  a->expect_silence();
  a->send(subscribe5(4, "+", 1U | 0x10U));  // new
  a->expect(suback5(4, 1));
  a->expect(publish("t", "kept", {.qos = 1, .id = 2, .retain = true, .level = 5}));
}

// No local also for a persistent session, whose messages take the way through its queue.
TEST_F(Mqtt5, NoLocalOfAPersistentSession) {
  const auto a = subscribed5(
      this, connected("a", {.level = 5, .properties = byte(0x11) + u32(100)}), "t", 1U | 4U);
  a->send(publish("t", "own", {.qos = 1, .id = 1, .level = 5}));
  a->expect(puback(1));
  a->expect_silence();
  EXPECT_EQ(application.queued("a"), 0U);
}

// What CONNACK said is not there is refused with its own reason: 0x9E, 0xA1, 0x94, 0x8C.
TEST_F(Mqtt5, WhatIsNotThereIsRefused) {
  const auto a = connected("a", five);
  a->send(subscribe5(1, "$share/g/t", 0) + subscribe5(2, "t", 0, byte(0x0B) + byte(5)));
  a->expect(suback5(1, 0x9E) + suback5(2, 0xA1));
  a->send(publish("t", "x", {.level = 5, .properties = byte(0x23) + u16(1)}));
  a->expect(disconnect5(0x94));
  a->expect_closed();
  const auto b = peer();
  b->send(connect("b", {.level = 5, .properties = byte(0x15) + text("SCRAM-SHA-1")}));
  EXPECT_EQ(b->read_packet().substr(2, 2), byte(0) + byte(0x8C));
  b->expect_closed();
}

// Section 4.13: the reason is said before the connection is closed.
TEST_F(Mqtt5, ErrorsAreSaid) {
  const std::pair<Bytes, unsigned> cases[] = {
      {publish("t/#", "x", {.level = 5}), 0x90},
      {packet(0x36, text("t") + u16(1) + byte(0)), 0x81},
      {publish("t", "x", {.level = 5, .properties = byte(0x7f) + byte(1)}), 0x81},
      {publish("t", "x", {.level = 5, .properties = byte(0x11) + u32(1)}), 0x82},  // not of PUBLISH
      {publish("t", "x", {.level = 5, .properties = byte(0x01) + byte(1) + byte(0x01) + byte(1)}),
       0x82},  // twice
      {publish("t", "x", {.level = 5, .properties = byte(0x08) + text("a/#")}), 0x82},
      {packet(0xF0, byte(0x18) + byte(0)), 0x82},  // AUTH
      {connect("x", five), 0x82},
      {packet(0xE0, byte(0) + byte(5) + byte(0x11) + u32(5)), 0x82},  // an expiry that was 0
  };
  for (const auto& [bad, reason] : cases) {
    const auto a = connected("a", five);
    a->send(bad);
    a->expect(disconnect5(reason));
    a->expect_closed();
  }
}

// Section 3.4.2.1: a denied or failed publish is answered, and the connection goes on.
TEST_F(Mqtt5, PublishRefusalsHaveReasons) {
  application.policy->rule = [](std::string_view action, std::string_view resource) {
    return action != "publish" || resource != "secret";
  };
  const auto a = connected("a", five);
  a->send(publish("secret", "x", {.qos = 1, .id = 1, .level = 5}) +
          publish("secret", "x", {.qos = 2, .id = 2, .level = 5}));
  a->expect(acknowledge5(0x40, 1, 0x87) + acknowledge5(0x50, 2, 0x87));
  application.fail_accept = true;
  a->send(publish("t", "x", {.qos = 2, .id = 2, .level = 5}));
  a->expect(acknowledge5(0x50, 2, 0x97));
  application.fail_accept = false;
  a->send(publish("t", "x", {.qos = 2, .id = 2, .level = 5}));
  a->expect(pubrec(2));
}

// Sections 3.1.2.11.3 and 4.9: the client's receive maximum is kept; more than the server's is an
// error (0x93).
TEST_F(Mqtt5, ReceiveMaximum) {
  options.limits.inflight_max = 2;
  const auto s =
      subscribed5(this, connected("s", {.level = 5, .properties = byte(0x21) + u16(1)}), "t", 1);
  const auto p = connected("p", five);
  p->send(publish("t", "1", {.qos = 2, .id = 1, .level = 5}) +
          publish("t", "2", {.qos = 2, .id = 2, .level = 5}));
  p->expect(pubrec(1) + pubrec(2));
  s->expect(publish("t", "1", {.qos = 1, .id = 1, .level = 5}));
  s->expect_silence();
  s->send(puback(1));
  s->expect(publish("t", "2", {.qos = 1, .id = 2, .level = 5}));
  p->send(publish("t", "3", {.qos = 2, .id = 3, .level = 5}));
  p->expect(disconnect5(0x93));
}

// Section 3.1.2.11.4: what is larger than the client takes is left out, and the next comes.
TEST_F(Mqtt5, MaximumPacketSize) {
  const auto s =
      subscribed5(this, connected("s", {.level = 5, .properties = byte(0x27) + u32(50)}), "t", 1);
  const auto p = connected("p");
  p->send(publish("t", std::string(100, 'x'), {.qos = 1, .id = 1}) +
          publish("t", "small", {.qos = 1, .id = 2}));
  s->expect(publish("t", "small", {.qos = 1, .id = 1, .level = 5}));
  EXPECT_TRUE(application.saw("dropped s t"));
}

// Section 3.1.3.2.2: the will waits, unless the client is back before; 0x04 asks for it (3.14.2.1).
TEST_F(Mqtt5, WillDelay) {
  const auto watcher = subscribed("watcher", "wills/#");
  const ConnectOptions delayed{.level = 5,
                               .clean = false,
                               .properties = byte(0x11) + u32(100),
                               .will_topic = "wills/a",
                               .will_payload = "late",
                               .will_properties = byte(0x18) + u32(10)};
  auto a = connected("a", delayed);
  a->close();
  EXPECT_TRUE(application.saw("disconnected a CONNECTION_LOST"));
  clock.advance(std::chrono::seconds(9));
  a = connected("a", delayed);
  clock.advance(std::chrono::seconds(9));
  watcher->expect_silence();
  a->send(packet(0xE0, byte(0x04)));
  a->expect_closed();
  watcher->expect_silence();
  clock.advance(std::chrono::seconds(11));
  watcher->expect(publish("wills/a", "late"));
}

// Sections 3.1.2.11.2 and 3.14.2.2.2: the session lives as long as the client asked last.
TEST_F(Mqtt5, SessionExpiry) {
  const ConnectOptions kept{.level = 5, .clean = false, .properties = byte(0x11) + u32(100)};
  auto a = connected("a", kept);
  a->send(packet(0xE0, byte(0) + byte(5) + byte(0x11) + u32(1000)));
  a->expect_closed();
  clock.advance(std::chrono::seconds(999));
  a = peer();
  a->send(connect("a", kept));
  EXPECT_EQ(a->read_packet()[2], 1);  // session present
  a->send(disconnect());
  a->expect_closed();
  clock.advance(std::chrono::seconds(101));
  a = peer();
  a->send(connect("a", kept));
  EXPECT_EQ(a->read_packet()[2], 0);
}

// Section 3.14: the server says why it ends a connection.
TEST_F(Mqtt5, TheServerSaysWhy) {
  const auto first = connected("a", five);
  const auto second = connected("a", five);
  first->expect(disconnect5(0x8E));
  first->expect_closed();
  clock.advance(std::chrono::seconds(91));
  second->expect(disconnect5(0x8D));
  const auto third = connected("a", five);
  stop();
  third->expect(disconnect5(0x8B));
}

// Section 3.11.3: a reason for each filter.
TEST_F(Mqtt5, UnsubackHasReasons) {
  const auto a = subscribed5(this, connected("a", five), "t", 0);
  a->send(packet(0xA2, u16(2) + byte(0) + text("t") + text("u")));
  a->expect(packet(0xB0, u16(2) + byte(0) + byte(0) + byte(0x11)));
}

}  // namespace
}  // namespace cloudlet::mqtt
