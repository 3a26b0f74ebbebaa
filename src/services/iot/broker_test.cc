// The whole way, with a real broker on loopback: TLS with certificates that the service issued,
// policies in force, rules, republished messages, the HTTP data plane. The client is a script of
// bytes.
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

#include "services/iot/client_policy.h"
#include "services/iot/iot_fixture.h"
#include "services/iot/x509.h"

namespace cloudlet::iot {
namespace {

using asio::ip::tcp;
namespace ssl = asio::ssl;

struct Packet {
  int type = 0;  // 0: the connection ended
  std::string body;
};

// Speaks MQTT 3.1.1, one packet at a time, over TCP or TLS.
class Wire {
 public:
  Wire(std::uint16_t port, const std::string& ca = {}, const std::string& cert = {},
       const std::string& key = {}) {
    if (!ca.empty()) {
      context_.set_verify_mode(ssl::verify_peer);
      context_.add_certificate_authority(asio::buffer(ca));
      if (!cert.empty()) {
        context_.use_certificate_chain(asio::buffer(cert));
        context_.use_private_key(asio::buffer(key), ssl::context::pem);
      }
      tls_.emplace(socket_, context_);
      tls_->set_verify_callback(ssl::host_name_verification("localhost"));
    }
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (tls_) tls_->handshake(ssl::stream_base::client, failed_);
  }
  bool connected() const { return !failed_; }

  void send(char head, const std::string& body) {
    std::string packet(1, head);
    for (std::size_t rest = body.size(); packet.size() < 2 || rest > 0; rest >>= 7) {
      packet += static_cast<char>((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0));
    }
    packet += body;
    if (tls_)
      asio::write(*tls_, asio::buffer(packet), failed_);
    else
      asio::write(socket_, asio::buffer(packet), failed_);
  }
  Packet receive() {
    unsigned char head = 0, digit = 0;
    if (!read(&head, 1)) return {};
    std::size_t length = 0;
    for (int shift = 0; read(&digit, 1); shift += 7) {
      length |= static_cast<std::size_t>(digit & 0x7F) << shift;
      if (!(digit & 0x80)) break;
    }
    Packet packet{.type = head >> 4, .body = std::string(length, '\0')};
    if (length > 0 && !read(packet.body.data(), length)) return {};
    return packet;
  }

  static std::string text(const std::string& t) {
    return std::string{static_cast<char>(t.size() >> 8), static_cast<char>(t.size())} + t;
  }
  // The return code of CONNACK; -1: the connection ended instead.
  int connect(const std::string& id) {
    send(0x10, text("MQTT") + std::string("\x04\x02\x00\x3c", 4) + text(id));
    const Packet answer = receive();
    return answer.type == 2 ? answer.body[1] : -1;
  }
  void publish(const std::string& topic, const std::string& payload) {
    send(0x32, text(topic) + std::string("\x00\x01", 2) + payload);
  }
  void subscribe(const std::string& filter) {
    send(static_cast<char>(0x82),
         std::string("\x00\x02", 2) + text(filter) + std::string("\x01", 1));
  }

 private:
  bool read(void* to, std::size_t count) {
    if (tls_)
      asio::read(*tls_, asio::buffer(to, count), failed_);
    else
      asio::read(socket_, asio::buffer(to, count), failed_);
    return !failed_;
  }

  asio::io_context io_;
  ssl::context context_{ssl::context::tls_client};
  tcp::socket socket_{io_};
  std::optional<ssl::stream<tcp::socket&>> tls_;
  boost::system::error_code failed_;
};

class BrokerTest : public IotFixture {
 protected:
  void SetUp() override {
    start();
    broker = std::make_unique<mqtt::Broker>(mqtt::Options{.threads = 2}, service->application(),
                                            clock, *random);
    service->use(*broker);
    ASSERT_TRUE(broker->start().has_value());
    tcp_port = *broker->listen_tcp("127.0.0.1", 0);
    tls_port = *broker->listen_tls("127.0.0.1", 0, service->tls());
  }
  void TearDown() override {
    broker->stop();
    service->use(nullptr);
    IotFixture::TearDown();
  }

  CreateKeysAndCertificateOutput device(const std::string& policy_document) {
    auto made = make_certificate();
    EXPECT_TRUE(write(&Service::create_policy,
                      {.policy_document = policy_document, .policy_name = "device"})
                    .has_value());
    EXPECT_TRUE(
        write(&Service::attach_policy, {.policy_name = "device", .target = *made.certificate_arn})
            .has_value());
    return made;
  }
  std::unique_ptr<Wire> open(const CreateKeysAndCertificateOutput& made) {
    return std::make_unique<Wire>(tls_port, service->authority_pem(), *made.certificate_pem,
                                  *made.key_pair->private_key);
  }
  void make_rule(const std::string& name, const std::string& sql, const Action& action) {
    TopicRulePayload payload{.actions = {action}, .aws_iot_sql_version = "2016-03-23", .sql = sql};
    ASSERT_TRUE(
        write(&Service::create_topic_rule, {.rule_name = name, .topic_rule_payload = payload})
            .has_value());
  }
  static Action to_s3() {
    Action action;
    action.s3 = S3Action{.bucket_name = "archive",
                         .key = "${topic()}",
                         .role_arn = "arn:aws:iam::123456789012:role/r"};
    return action;
  }
  static Action to_topic(const std::string& topic) {
    Action action;
    action.republish =
        RepublishAction{.qos = 1, .role_arn = "arn:aws:iam::123456789012:role/r", .topic = topic};
    return action;
  }

  std::unique_ptr<mqtt::Broker> broker;
  std::uint16_t tcp_port = 0, tls_port = 0;
};

const std::string everything =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]})";

const std::string own_topics = R"({"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"iot:Connect","Resource":"*"},
  {"Effect":"Allow","Action":["iot:Publish","iot:Receive"],"Resource":"arn:aws:iot:*:*:topic/device/${iot:ClientId}/*"},
  {"Effect":"Allow","Action":"iot:Subscribe","Resource":"arn:aws:iot:*:*:topicfilter/device/${iot:ClientId}/*"}]})";

TEST_F(BrokerTest, ADevicePublishesOverTlsAndTheRuleHasActedBeforeThePuback) {
  const auto made = device(own_topics);
  make_rule("Archive", "SELECT *, principal() AS who FROM 'device/+/devicePayload'", to_s3());
  auto wire = open(made);
  ASSERT_TRUE(wire->connected());
  ASSERT_EQ(wire->connect("soil1"), 0);
  wire->publish("device/soil1/devicePayload", R"({"humidity":29})");
  EXPECT_EQ(wire->receive().type, 4);  // PUBACK
  ASSERT_EQ(s3.delivered().size(), 1U);
  EXPECT_EQ(s3.delivered()[0].event.payload,
            R"({"humidity":29,"who":")" + *made.certificate_id + "\"}");
}

TEST_F(BrokerTest, WhatNoPolicyAllowsEndsTheConnection) {
  const auto made = device(own_topics);
  auto wire = open(made);
  ASSERT_EQ(wire->connect("soil1"), 0);
  wire->publish("device/soil2/devicePayload", "{}");
  EXPECT_EQ(wire->receive().type, 0);
  const auto spans = journal.about("topic/device/soil2/devicePayload", 1);
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(spans[0].outcome, journal::Outcome::denied);
  EXPECT_EQ(spans[0].reason,
            "no statement of policy device allows iot:Publish on topic/device/soil2/devicePayload "
            "(client soil1)");
}

TEST_F(BrokerTest, WithoutAGoodCertificateNobodyComesIn) {
  Wire none(tls_port, service->authority_pem());
  if (none.connected()) EXPECT_NE(none.connect("x"), 0);

  const KeyTexts keys = make_rsa_key();
  const auto foreign = issue_certificate({.subject = {{"CommonName", "x"}},
                                          .public_pem = keys.public_pem,
                                          .not_before = clock.now(),
                                          .not_after = from_millis(2'500'000'000'000)},
                                         {.key_pem = keys.private_pem}, *random);
  Wire wrong(tls_port, service->authority_pem(), foreign->pem, keys.private_pem);
  EXPECT_NE(wrong.connect("x"), 0);

  const auto inactive = make_certificate(false);
  EXPECT_EQ(open(inactive)->connect("x"), 5);  // not authorized
}

TEST_F(BrokerTest, ARevokedCertificateLosesItsConnection) {
  const auto made = device(own_topics);
  auto wire = open(made);
  ASSERT_EQ(wire->connect("soil1"), 0);
  ASSERT_TRUE(write(&Service::update_certificate, {.certificate_id = *made.certificate_id,
                                                   .new_status = CertificateStatus::revoked})
                  .has_value());
  EXPECT_EQ(wire->receive().type, 0);
  EXPECT_NE(open(made)->connect("soil1"), 0);
}

// Client ids are unique within an account and region, as on AWS: nobody takes another account's
// session up.
TEST_F(BrokerTest, TheSameClientIdInTwoAccountsIsTwoSessions) {
  const auto ours = device(everything);
  const Scope home = std::exchange(scope, {.account = "210987654321", .region = "eu-west-1"});
  const auto theirs = device(everything);
  scope = home;
  const auto keep = [](Wire& wire, const std::string& id) {
    wire.send(0x10, Wire::text("MQTT") + std::string("\x04\x00\x00\x3c", 4) + Wire::text(id));
    return wire.receive().body;
  };
  const auto first = open(ours);
  EXPECT_EQ(keep(*first, "pump"), std::string("\0\0", 2));
  first->subscribe("a");
  EXPECT_EQ(first->receive().type, 9);
  auto second = open(theirs);
  EXPECT_EQ(keep(*second, "pump"), std::string("\0\0", 2)) << "a session of its own";
  second->subscribe("b");
  EXPECT_EQ(second->receive().type, 9);
  // Both are there, and each has what it asked for, also after it comes back.
  first->publish("b", "for the second");
  EXPECT_EQ(first->receive().type, 4);
  EXPECT_EQ(second->receive().type, 3);
  second = nullptr;
  second = open(theirs);
  EXPECT_EQ(keep(*second, "pump"), std::string("\1\0", 2));
  EXPECT_NE(second->receive().body.find("for the second"), std::string::npos) << "unacknowledged";
  first->publish("a", "for the first");
  EXPECT_EQ(first->receive().type + first->receive().type, 7) << "its acknowledgement, and it";
  EXPECT_EQ(broker->stats().sessions, 2U);
}

// The process ended while a client with a will was connected: its rules hear it at the next start.
TEST_F(BrokerTest, AWillOfAKilledProcessIsHeardByItsAccountsRules) {
  make_rule("Wills", "SELECT *, principal() AS who FROM 'wills/+'", to_s3());
  const auto made = device(everything);
  const mqtt::MessagePtr will =
      std::make_shared<mqtt::Message>(mqtt::Message{.topic = "wills/a", .payload = "{}"});
  std::promise<void> stored;
  service->application().open_session(
      {.client_id = "a",
       .will = will,
       .grant = {.policy = open_policy(scope), .principal = "somebody"},
       .at = clock.now()},
      [&](const Result<void>&) { stored.set_value(); });
  stored.get_future().wait();
  broker->stop();
  broker = std::make_unique<mqtt::Broker>(mqtt::Options{.threads = 2}, service->application(),
                                          clock, *random);
  service->use(*broker);
  ASSERT_TRUE(broker->start().has_value());
  while (s3.delivered().empty()) std::this_thread::yield();
  EXPECT_EQ(s3.delivered()[0].event.payload, R"({"who":"somebody"})");
}

TEST_F(BrokerTest, ADetachedPolicyCountsFromTheNextPacket) {
  const auto made = device(own_topics);
  auto wire = open(made);
  ASSERT_EQ(wire->connect("soil1"), 0);
  wire->publish("device/soil1/x", "{}");
  EXPECT_EQ(wire->receive().type, 4);
  ASSERT_TRUE(
      write(&Service::detach_policy, {.policy_name = "device", .target = *made.certificate_arn})
          .has_value());
  wire->publish("device/soil1/x", "{}");
  EXPECT_EQ(wire->receive().type, 0);
}

TEST_F(BrokerTest, RepublishedMessagesReachSubscribersAndOtherRules) {
  make_rule("Copy", "SELECT x FROM 'in/+'", to_topic("out/${topic(2)}"));
  make_rule("Archive", "SELECT * FROM 'out/#'", to_s3());
  Wire listener(tcp_port), sender(tcp_port);
  ASSERT_EQ(listener.connect("listener"), 0);
  listener.subscribe("out/+");
  ASSERT_EQ(listener.receive().type, 9);  // SUBACK
  ASSERT_EQ(sender.connect("sender"), 0);
  sender.publish("in/7", R"({"x":1,"y":2})");
  EXPECT_EQ(sender.receive().type, 4);
  const Packet got = listener.receive();
  ASSERT_EQ(got.type, 3);
  EXPECT_NE(got.body.find("out/7"), std::string::npos);
  EXPECT_TRUE(got.body.ends_with(R"({"x":1})"));
  ASSERT_EQ(s3.delivered().size(), 1U);
  EXPECT_EQ(s3.delivered()[0].event.payload, R"({"x":1})");
  EXPECT_EQ(s3.delivered()[0].event.cause.hops, 2);
}

TEST_F(BrokerTest, RepublishingInCirclesIsCutAfterSixteenHops) {
  make_rule("Loop", "SELECT * FROM 'loop'", to_topic("loop"));
  Wire listener(tcp_port), sender(tcp_port);
  ASSERT_EQ(listener.connect("listener"), 0);
  listener.subscribe("loop");
  ASSERT_EQ(listener.receive().type, 9);
  ASSERT_EQ(sender.connect("sender"), 0);
  sender.publish("loop", "{}");
  EXPECT_EQ(sender.receive().type, 4);
  // Its own and those of the hops before the cut.
  for (int i = 0; i < Cause::hops_max; ++i) ASSERT_EQ(listener.receive().type, 3) << i;
  const auto spans = journal.about("rule/Loop", 100);
  EXPECT_EQ(spans.size(), static_cast<std::size_t>(Cause::hops_max));
  const auto cut = std::count_if(spans.begin(), spans.end(), [](const journal::Span& span) {
    return span.reason.find("a loop") != std::string::npos;
  });
  EXPECT_EQ(cut, 1);
}

TEST_F(BrokerTest, TheDataPlaneGoesTheSameWay) {
  make_rule("Archive", "SELECT *, clientid() AS c FROM 'a/b'", to_s3());
  Wire listener(tcp_port);
  ASSERT_EQ(listener.connect("listener"), 0);
  listener.subscribe("a/#");
  ASSERT_EQ(listener.receive().type, 9);
  const wire::Call c = call();
  const auto published = wait(service->data().publish(
      c, {.payload = R"({"x":1})", .qos = 1, .retain = true, .topic = "a/b"}));
  ASSERT_TRUE(published.has_value());
  EXPECT_EQ(listener.receive().type, 3);
  ASSERT_EQ(s3.delivered().size(), 1U);
  EXPECT_EQ(s3.delivered()[0].event.payload, R"({"x":1,"c":"n/a"})");
  EXPECT_TRUE(
      service->data().get_retained_message(*store->snapshot(), c, {.topic = "a/b"}).has_value());
  EXPECT_FALSE(wait(service->data().publish(c, {.topic = "a/+"})).has_value());
}

}  // namespace
}  // namespace cloudlet::iot
