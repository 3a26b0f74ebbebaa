// Peers that read slowly or not at all, and what must not be lost or grow because of them.
// Section numbers are of MQTT 3.1.1 unless said.
#include <thread>

#include "mqtt/script_fixture.h"

namespace cloudlet::mqtt {
namespace {

using namespace script;
using Hostile = BrokerTest;

Bytes u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }

// Sends as long as the socket takes it. Answers how many bytes went.
std::size_t send_until_full(int socket, const Bytes& unit, std::size_t bytes_max) {
  Bytes block;
  while (block.size() < 64 * 1024) block += unit;
  std::size_t sent = 0;
  while (sent < bytes_max) {
    pollfd wait{.fd = socket, .events = POLLOUT, .revents = 0};
    if (::poll(&wait, 1, 1000) <= 0) return sent;
    const auto from = sent % unit.size();
    const auto count =
        ::send(socket, block.data() + from, block.size() - from, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  return sent;
}

// Answers wait for who does not read them, but not without end: the broker stops reading first.
TEST_F(Hostile, WhoDoesNotReadItsAnswersIsNotReadEither) {
  options.limits.output_bytes_max = 64 * 1024;
  const auto deaf = connected("deaf");
  constexpr std::size_t much = 64 * 1024 * 1024;
  const auto sent = send_until_full(deaf->socket(), pingreq(), much);
  ASSERT_LT(sent, much);
  // It reads after all: every request that came whole is answered.
  std::thread reader([&] { EXPECT_EQ(deaf->read(sent / 2 * 2).size(), sent / 2 * 2); });
  reader.join();
  if (sent % 2 == 1) deaf->send(pingreq().substr(1));
  deaf->send(pingreq());
  deaf->expect(sent % 2 == 1 ? pingresp() + pingresp() : pingresp());
}

// All retained messages come, however many there are, and what is published meanwhile comes after
// them [MQTT-3.3.1-6].
TEST_F(Hostile, ManyRetainedMessagesAllReachASubscriber) {
  options.limits.output_bytes_max = 64 * 1024;
  const auto p = connected("p");
  const Bytes payload(1000, 'x');
  for (unsigned i = 1; i <= 300; ++i) {
    p->send(publish("r/" + std::to_string(i), payload, {.qos = 1, .id = i, .retain = true}));
    p->expect(puback(i));
  }
  const auto s = connected("s");
  s->send(subscribe(1, "r/#", 0));
  s->expect(suback(1, 0));
  p->send(publish("r/live", "now", {.qos = 1, .id = 400}));
  p->expect(puback(400));
  std::size_t retained = 0;
  for (Bytes got; (got = s->read_packet()) != publish("r/live", "now");) {
    ASSERT_EQ(static_cast<unsigned char>(got[0]), 0x31U) << to_hex(got).substr(0, 80);
    ++retained;
  }
  EXPECT_EQ(retained, 300U);
  EXPECT_EQ(application.count("dropped s r/300"), 0U);
}

// A receiver that takes a few bytes now and then holds its publishers up for a moment only.
TEST_F(Hostile, ATricklingReceiverHoldsNobodyUpForLong) {
  const auto slow = connected("slow", {.keep_alive = 1200});
  const int small = 8 * 1024;
  ::setsockopt(slow->socket(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  slow->send(subscribe(1, "t", 0));
  slow->expect(suback(1, 0));
  const auto p = connected("p", {.keep_alive = 1200});
  const auto other = connected("other", {.keep_alive = 1200});
  std::atomic<bool> done = false;
  constexpr unsigned count = 300;
  std::thread publisher([&] {
    for (unsigned i = 1; i <= count; ++i)
      p->send(publish("t", std::string(100'000, 'x'), {.qos = 1, .id = i}));
    EXPECT_EQ(p->read(count * 4).size(), count * 4U);
    done = true;
  });
  // Time passes only while nothing else does; each second the receiver takes a little.
  using Steady = std::chrono::steady_clock;
  const auto patience = Steady::now() + std::chrono::seconds(20);
  auto quiet_since = Steady::now();
  std::uint64_t received = 0;
  unsigned seconds = 0;
  while (!done && Steady::now() < patience) {
    other->expect_silence();
    if (std::exchange(received, broker->stats().received) != received) {
      quiet_since = Steady::now();
    } else if (Steady::now() - quiet_since > std::chrono::milliseconds(20)) {
      slow->read(64'000);
      clock.advance(std::chrono::seconds(1));
      quiet_since = Steady::now();
      ++seconds;
    }
  }
  EXPECT_TRUE(done);
  EXPECT_LT(seconds, 30U);
  EXPECT_EQ(application.ends_of("p") + application.ends_of("slow"), "");
  slow->close();
  publisher.join();
}

// 20 receivers that stopped reading, and one publisher of 20 MB.
class StuckReceivers : public BrokerTest {
 protected:
  std::unique_ptr<Peer> flood() {
    for (int i = 0; i < 20; ++i) stuck_.push_back(subscribed(name(i), "t/#", 0));
    auto p = connected("p");
    for (unsigned i = 1; i <= 200; ++i) {
      p->send(publish("t/large", Bytes(100'000, 'x'), {.qos = 1, .id = i}));
      p->expect(puback(i));
      clock.advance(std::chrono::seconds(i % 20 == 0 ? 1 : 0));  // who stands is not waited for
    }
    return p;
  }
  std::size_t ended() {
    std::size_t count = 0;
    for (int i = 0; i < 20; ++i) count += application.ends_of(name(i)).empty() ? 0 : 1;
    return count;
  }

 private:
  static std::string name(int i) { return "stuck" + std::to_string(i); }
  std::vector<std::unique_ptr<Peer>> stuck_;
};

// Each stays within its own bound: all together do, too. Those with the most waiting go; who reads
// stays.
TEST_F(StuckReceivers, AreBoundedTogether) {
  options.limits.waiting_bytes_max = 8 * 1024 * 1024;
  const auto reads = subscribed("reads", "t/small", 0);
  const auto p = flood();
  p->send(publish("t/small", "still here"));
  reads->expect(publish("t/small", "still here"));
  EXPECT_GT(ended(), 10U);
  EXPECT_EQ(application.ends_of("reads") + application.ends_of("p"), "");
}

// With 2 MiB to send each they would fit; the buffers that grew to hold it, by doubling, do not:
// what counts is what is held.
TEST_F(StuckReceivers, CountWithTheMemoryThatTheirOutputHolds) {
  options.limits.waiting_bytes_max = 46 * 1024 * 1024;
  const auto p = flood();
  EXPECT_GT(ended(), 0U);
}

// Kept sessions are bounded as well: the next one is told that the server is full.
TEST_F(Hostile, SessionsAreLimited) {
  options.limits.sessions_max = 2;
  const ConnectOptions kept{.clean = false};
  connected("a", kept)->send(disconnect());
  connected("b", kept)->send(disconnect());
  EXPECT_TRUE(application.saw("disconnected b CLIENT_INITIATED_DISCONNECT"));
  const auto c = peer();
  c->send(connect("c", kept));
  c->expect(connack(3));
  c->expect_closed();
  connected("a", kept, true);  // one that is there may come back
}

// 5.0 section 3.1.3.2.4: the will's expiry interval begins when the will is published, not when it
// was left.
TEST_F(Hostile, AWillExpiresAfterItsPublicationNotAfterConnect) {
  const auto a = connected("a", {.level = 5,
                                 .will_topic = "wills/a",
                                 .will_payload = "gone",
                                 .will_retain = true,
                                 .will_properties = byte(0x02) + u32(60)});
  clock.advance(std::chrono::seconds(50));
  a->send(pingreq());
  a->expect(pingresp());
  clock.advance(std::chrono::seconds(50));
  a->send(pingreq());
  a->expect(pingresp());
  a->close();
  EXPECT_TRUE(application.saw("disconnected a CONNECTION_LOST"));
  clock.advance(std::chrono::seconds(50));
  const auto s = connected("s", {.level = 5});
  s->send(packet(0x82, u16(1) + byte(0) + text("wills/#") + byte(0)));
  s->expect(packet(0x90, u16(1) + byte(0) + byte(0)));
  s->expect(
      publish("wills/a", "gone", {.retain = true, .level = 5, .properties = byte(0x02) + u32(10)}));
}

// The same for a will that the end of the process left behind.
TEST_F(Hostile, AWillOfAKilledProcessExpiresAfterItsPublication) {
  const auto a = connected("a", {.level = 5,
                                 .will_topic = "wills/a",
                                 .will_payload = "gone",
                                 .will_retain = true,
                                 .will_properties = byte(0x02) + u32(60)});
  const auto stored = application.load();
  ASSERT_EQ((*stored).size(), 1U);
  clock.advance(std::chrono::seconds(100));
  TestApplication next;
  next.open_session({.client_id = "a", .will = (*stored)[0].will, .at = (*stored)[0].opened_at},
                    [](const Result<void>&) {});
  Broker second(options, next, clock, *random);
  ASSERT_TRUE(second.start().has_value());
  const auto bound = second.listen_tcp("127.0.0.1", 0);
  Peer s(*bound);
  s.send(connect("s", {.level = 5}) + packet(0x82, u16(1) + byte(0) + text("wills/#") + byte(0)));
  s.read_packet();
  s.expect(packet(0x90, u16(1) + byte(0) + byte(0)));
  // Retained or live: the first sweep may come before the subscription or after it.
  auto got = s.read_packet();
  got[0] = 0x30;
  const Bytes expiry = byte(0x02) + u32(60);
  EXPECT_EQ(to_hex(got), to_hex(publish("wills/a", "gone", {.level = 5, .properties = expiry})));
}

// Section 4.3.3: PUBCOMP frees the packet id. A release that could not be stored frees nothing: the
// store would take the id's next message for a repetition.
TEST_F(Hostile, AReleaseThatWasNotStoredFreesNoPacketId) {
  const ConnectOptions kept{.clean = false};
  auto a = connected("a", kept);
  a->send(publish("t", "x", {.qos = 2, .id = 9}));
  a->expect(pubrec(9));
  application.fail_progress = true;
  a->send(pubrel(9));
  a->expect_closed();
  application.fail_progress = false;
  a = connected("a", kept, true);
  a->send(publish("t", "x", {.qos = 2, .id = 9, .dup = true}));
  a->expect(pubrec(9));
  EXPECT_EQ(application.count("accept t"), 1U);
  a->send(pubrel(9));
  a->expect(pubcomp(9));
}

// Messages whose properties had to be put together anew are one batch as others are: one commit a
// read.
TEST_F(Hostile, MessagesThatExpireShareACommit) {
  const auto p = connected("p", {.level = 5});
  HeldCommits commits;
  application.set_commit(commits.hook());
  Bytes all;
  for (unsigned i = 1; i <= 20; ++i) {
    const Bytes user = byte(0x26) + text("n") + text(std::to_string(i));
    all += publish(
        "t", std::to_string(i),
        {.qos = 1, .id = i, .retain = true, .level = 5, .properties = byte(0x02) + u32(60) + user});
  }
  p->send(all);
  commits.release(1);
  Bytes answers;
  for (unsigned i = 1; i <= 20; ++i) answers += puback(i);
  p->expect(answers);
  EXPECT_EQ(application.count("batch of 20"), 1U);
  application.set_commit(nullptr);
  const auto s = connected("s", {.level = 5});
  s->send(packet(0x82, u16(1) + byte(0) + text("t") + byte(0)));
  s->expect(packet(0x90, u16(1) + byte(0) + byte(0)));
  const Bytes last = byte(0x02) + u32(60) + byte(0x26) + text("n") + text("20");
  s->expect(publish("t", "20", {.retain = true, .level = 5, .properties = last}));
}

}  // namespace
}  // namespace cloudlet::mqtt
