// CONNECT, keep-alive, wills, take-over: scripts of bytes. Section numbers are of MQTT 3.1.1 unless
// said.
#include "mqtt/script_fixture.h"

namespace cloudlet::mqtt {
namespace {

using namespace script;
using Connecting = BrokerTest;

TEST_F(Connecting, AcceptsACleanSession) {
  const auto a = connected("a");
  EXPECT_TRUE(application.saw("connected a"));
}

// [MQTT-3.1.0-1]: the first packet is CONNECT.
TEST_F(Connecting, AnythingElseFirstClosesTheConnection) {
  const auto a = peer();
  a->send(pingreq());
  a->expect_closed();
}

// [MQTT-3.1.0-2]: a second CONNECT ends the connection.
TEST_F(Connecting, ASecondConnectIsAViolation) {
  const auto a = connected("a");
  a->send(connect("a"));
  a->expect_closed();
  EXPECT_TRUE(application.saw("disconnected a CLIENT_ERROR"));
}

// [MQTT-3.1.2-2]: unknown level, return code 1.
TEST_F(Connecting, AnUnknownLevelIsAnsweredWithCodeOne) {
  const auto a = peer();
  a->send(connect("a", {.level = 3}));
  a->expect(connack(1));
  a->expect_closed();
}

// [MQTT-3.1.2-3]: the reserved flag is 0; [MQTT-3.1.4-1]: closed without CONNACK.
TEST_F(Connecting, AReservedFlagClosesWithoutAnswer) {
  const auto a = peer();
  a->send(packet(0x10, text("MQTT") + byte(4) + byte(3) + u16(60) + text("a")));
  a->expect_closed();
}

// [MQTT-3.1.2-22]: a password needs a user name.
TEST_F(Connecting, APasswordWithoutUserNameClosesWithoutAnswer) {
  const auto a = peer();
  a->send(packet(0x10, text("MQTT") + byte(4) + byte(0x42) + u16(60) + text("a") + text("secret")));
  a->expect_closed();
}

// [MQTT-3.1.2-14]: will QoS 3 is malformed.
TEST_F(Connecting, WillQosThreeClosesWithoutAnswer) {
  const auto a = peer();
  a->send(connect("a", {.will_topic = "t", .will_payload = "x", .will_qos = 3}));
  a->expect_closed();
}

// [MQTT-1.5.3-1], [MQTT-1.5.3-2]: ill-formed UTF-8 and U+0000.
TEST_F(Connecting, AClientIdMustBeProperUtf8) {
  for (const std::string& id :
       {std::string("\xff\xfe"), std::string("a\0b", 3), std::string("\xed\xa0\x80")}) {
    const auto a = peer();
    a->send(connect(id));
    a->expect_closed();
  }
}

// [MQTT-3.1.3-6]: an empty client id with a clean session gets one; [MQTT-3.1.3-8]: without,
// code 2.
TEST_F(Connecting, AnEmptyClientIdIsAssignedOrRefused) {
  const auto a = connected("");
  const auto b = connected("");
  a->expect_silence();  // the second did not take the first over
  const auto c = peer();
  c->send(connect("", {.clean = false}));
  c->expect(connack(2));
  c->expect_closed();
}

TEST_F(Connecting, TheApplicationsRefusalBecomesTheReturnCode) {
  const std::pair<const ErrorKind*, unsigned> cases[] = {{&errors::not_authorized, 5},
                                                         {&errors::bad_credentials, 4},
                                                         {&errors::identifier_rejected, 2},
                                                         {&errors::server_unavailable, 3}};
  for (const auto& [kind, code] : cases) {
    application.refuse_connect = kind;
    const auto a = peer();
    a->send(connect("a"));
    a->expect(connack(code));
    a->expect_closed();
  }
  EXPECT_TRUE(application.saw("denied a iot:Connect a"));
}

// [MQTT-3.1.4-2]: the one that came first is disconnected, and its will published.
TEST_F(Connecting, ASecondConnectionTakesTheClientIdOver) {
  const auto watcher = subscribed("watcher", "wills/#");
  const auto first = connected("a", {.will_topic = "wills/a", .will_payload = "gone"});
  const auto second = connected("a");
  first->expect_closed();
  watcher->expect(publish("wills/a", "gone"));
  second->expect_silence();
  EXPECT_TRUE(application.saw("disconnected a DUPLICATE_CLIENTID"));
}

// Section 3.1.4: a client may go on before CONNACK.
TEST_F(Connecting, PacketsBehindConnectAreNotLost) {
  const auto a = peer();
  a->send(connect("a") + subscribe(1, "t", 0) + publish("t", "x", {.qos = 1, .id = 2}));
  a->expect(connack(0));
  a->expect_all({suback(1, 0), publish("t", "x"), puback(2)});
}

// A packet may come in any pieces.
TEST_F(Connecting, OneByteAtATime) {
  const auto a = peer();
  for (const char c : connect("a") + publish("t", "x", {.qos = 1, .id = 9}))
    a->send(std::string(1, c));
  a->expect(connack(0));
  a->expect(puback(9));
}

TEST_F(Connecting, WithoutConnectTheConnectionTimesOut) {
  const auto a = peer();
  const auto b = connected("b");  // after it, `a` has been accepted as well
  clock.advance(std::chrono::seconds(9));
  b->expect_silence();
  clock.advance(std::chrono::seconds(2));
  a->expect_closed();
}

// [MQTT-3.1.2-24]: one and a half times the keep-alive; the will is published [MQTT-3.1.2-8].
TEST_F(Connecting, SilenceEndsTheConnectionAndPublishesTheWill) {
  const auto watcher = subscribed("watcher", "wills/#");
  const auto a =
      connected("a", {.keep_alive = 10, .will_topic = "wills/a", .will_payload = "silent"});
  clock.advance(std::chrono::seconds(14));
  a->expect_silence();  // and this was a sign of life
  clock.advance(std::chrono::seconds(14));
  a->expect_silence();
  clock.advance(std::chrono::seconds(15));
  a->expect_closed();
  watcher->expect(publish("wills/a", "silent"));
  EXPECT_TRUE(application.saw("disconnected a MQTT_KEEP_ALIVE_TIMEOUT"));
}

// Only whole packets are signs of life: a slow sender can't stay for ever.
TEST_F(Connecting, TricklingBytesAreSilence) {
  const auto a = connected("a", {.keep_alive = 10});
  a->expect_silence();
  const auto big = publish("t", std::string(1000, 'x'));
  for (int i = 0; i < 15; ++i) {
    a->send(big.substr(static_cast<std::size_t>(i), 1));
    clock.advance(std::chrono::seconds(1));
  }
  a->expect_closed();
}

// [MQTT-3.1.2-10]: DISCONNECT forgets the will; a broken connection doesn't [MQTT-3.1.2-8].
TEST_F(Connecting, OnlyAnUncleanEndPublishesTheWill) {
  const auto watcher = subscribed("watcher", "wills/#", 1);
  const auto polite = connected("polite", {.will_topic = "wills/polite", .will_payload = "no"});
  polite->send(disconnect());
  polite->expect_closed();
  const auto rude =
      connected("rude", {.will_topic = "wills/rude", .will_payload = "yes", .will_qos = 1});
  rude->close();
  watcher->expect(publish("wills/rude", "yes", {.qos = 1, .id = 1}));
}

// [MQTT-3.1.2-17]: a retained will.
TEST_F(Connecting, ARetainedWillIsKept) {
  const auto rude =
      connected("rude", {.will_topic = "status", .will_payload = "off", .will_retain = true});
  rude->close();
  EXPECT_TRUE(application.saw("accept status"));
  const auto late = subscribed("late", "status");
  late->expect(publish("status", "off", {.retain = true}));
}

// A protocol error is an unclean end as well, and ends this connection only.
TEST_F(Connecting, GarbageEndsOneConnectionOnly) {
  const auto watcher = subscribed("watcher", "wills/#");
  const auto a = connected("a", {.will_topic = "wills/a", .will_payload = "bad"});
  a->send(std::string("\xff\xff\xff\xff\xff\xff", 6));
  a->expect_closed();
  watcher->expect(publish("wills/a", "bad"));
  watcher->expect_silence();
}

// [MQTT-3.14.1-1]: reserved bits of DISCONNECT; then the will counts.
TEST_F(Connecting, ADisconnectWithReservedBitsIsMalformed) {
  const auto watcher = subscribed("watcher", "wills/#");
  const auto a = connected("a", {.will_topic = "wills/a", .will_payload = "bad"});
  a->send(packet(0xE1, ""));
  a->expect_closed();
  watcher->expect(publish("wills/a", "bad"));
}

TEST_F(Connecting, TooLargeAPacketEndsTheConnection) {
  options.limits.packet_bytes_max = 1000;
  const auto a = connected("a");
  a->send(packet(0x30, text("t") + std::string(2000, 'x')));
  a->expect_closed();
}

TEST_F(Connecting, TheApplicationCanEndConnections) {
  const auto a = connected("a");
  EXPECT_FALSE(broker->disconnect("nobody", Disconnection::server_initiated, nullptr));
  EXPECT_TRUE(broker->disconnect("a", Disconnection::server_initiated, nullptr));
  a->expect_closed();
  const auto b = connected("b");
  EXPECT_EQ(broker->clients().size(), 1U);
  broker->disconnect_if([](const Client& client) { return client.id == "b"; },
                        Disconnection::not_authorized);
  b->expect_closed();
  EXPECT_TRUE(application.saw("disconnected b AUTH_ERROR"));
}

}  // namespace
}  // namespace cloudlet::mqtt
