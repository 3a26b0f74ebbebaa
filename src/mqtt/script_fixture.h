// Tests as scripts of bytes: send this packet, expect that one, over a real loopback socket and a
// clock that stands still.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "mqtt/broker.h"
#include "mqtt/memory_application.h"

namespace cloudlet::mqtt::script {

using Bytes = std::string;

// Written here once more by hand, so that the encoder is not tested with itself.
inline Bytes u16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
inline Bytes text(std::string_view value) {
  return u16(static_cast<unsigned>(value.size())) + Bytes(value);
}
inline Bytes byte(unsigned value) { return Bytes(1, static_cast<char>(value)); }
inline Bytes packet(unsigned first, const Bytes& body) {
  Bytes head = byte(first);
  auto length = body.size();
  do {
    head += byte(static_cast<unsigned>(length % 128 | (length >= 128 ? 128 : 0)));
    length /= 128;
  } while (length > 0);
  return head + body;
}

struct ConnectOptions {
  int level = 4;
  bool clean = true;
  unsigned keep_alive = 60;
  Bytes properties;  // 5.0
  Bytes will_topic;
  Bytes will_payload;
  unsigned will_qos = 0;
  bool will_retain = false;
  Bytes will_properties;  // 5.0
};
inline Bytes connect(std::string_view id, const ConnectOptions& o = {}) {
  unsigned flags = o.clean ? 2 : 0;
  if (!o.will_topic.empty()) flags |= 4U | o.will_qos << 3 | (o.will_retain ? 0x20U : 0U);
  Bytes body =
      text("MQTT") + byte(static_cast<unsigned>(o.level)) + byte(flags) + u16(o.keep_alive);
  if (o.level == 5) body += byte(static_cast<unsigned>(o.properties.size())) + o.properties;
  body += text(id);
  if (!o.will_topic.empty()) {
    if (o.level == 5)
      body += byte(static_cast<unsigned>(o.will_properties.size())) + o.will_properties;
    body += text(o.will_topic) + text(o.will_payload);
  }
  return packet(0x10, body);
}
inline Bytes connack(unsigned code, bool present = false) {
  return packet(0x20, byte(present ? 1 : 0) + byte(code));
}

struct PublishOptions {
  unsigned qos = 0;
  unsigned id = 0;
  bool retain = false;
  bool dup = false;
  int level = 4;
  Bytes properties;  // 5.0
};
inline Bytes publish(std::string_view topic, std::string_view payload,
                     const PublishOptions& o = {}) {
  Bytes body = text(topic);
  if (o.qos > 0) body += u16(o.id);
  if (o.level == 5) body += byte(static_cast<unsigned>(o.properties.size())) + o.properties;
  return packet(0x30U | (o.dup ? 8U : 0U) | o.qos << 1 | (o.retain ? 1U : 0U),
                body + Bytes(payload));
}
inline Bytes puback(unsigned id) { return packet(0x40, u16(id)); }
inline Bytes pubrec(unsigned id) { return packet(0x50, u16(id)); }
inline Bytes pubrel(unsigned id) { return packet(0x62, u16(id)); }
inline Bytes pubcomp(unsigned id) { return packet(0x70, u16(id)); }
inline Bytes subscribe(unsigned id, std::string_view filter, unsigned options = 0) {
  return packet(0x82, u16(id) + text(filter) + byte(options));
}
inline Bytes suback(unsigned id, unsigned code) { return packet(0x90, u16(id) + byte(code)); }
inline Bytes unsubscribe(unsigned id, std::string_view filter) {
  return packet(0xA2, u16(id) + text(filter));
}
inline Bytes unsuback(unsigned id) { return packet(0xB0, u16(id)); }
inline Bytes pingreq() { return packet(0xC0, ""); }
inline Bytes pingresp() { return packet(0xD0, ""); }
inline Bytes disconnect() { return packet(0xE0, ""); }

// A socket that speaks only what it is told to.
class Peer {
 public:
  static constexpr int patience_ms = 20'000;

  explicit Peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { close(); }

  int socket() const { return socket_; }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void send(const Bytes& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto count = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;  // what the broker did shows in what is expected next
      sent += static_cast<std::size_t>(count);
    }
  }
  // Exactly `count` bytes, or fewer if the connection ends.
  Bytes read(std::size_t count) {
    Bytes out;
    while (out.size() < count) {
      pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, patience_ms) <= 0) {
        ADD_FAILURE() << "nothing came for " << patience_ms << " ms";
        break;
      }
      char buffer[65536];
      const auto got = ::recv(socket_, buffer, std::min(sizeof buffer, count - out.size()), 0);
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
  // One whole packet, of fewer than 16,384 bytes.
  Bytes read_packet() {
    auto head = read(2);
    if (head.size() < 2) return head;
    std::size_t length = static_cast<unsigned char>(head[1]);
    if (length >= 128) {
      head += read(1);
      length = length - 128 + 128 * static_cast<unsigned char>(head.back());
    }
    return head + read(length);
  }
  void expect(const Bytes& bytes) { EXPECT_EQ(to_hex(read(bytes.size())), to_hex(bytes)); }
  // In any order (acknowledgements and messages overtake one another).
  void expect_all(std::vector<Bytes> packets) {
    std::vector<std::string> wanted;
    std::vector<std::string> got;
    for (const auto& each : packets) {
      wanted.push_back(to_hex(each));
      got.push_back(to_hex(read_packet()));
    }
    std::ranges::sort(wanted);
    std::ranges::sort(got);
    EXPECT_EQ(got, wanted);
  }
  void expect_closed() { EXPECT_EQ(to_hex(read(1)), ""); }
  // Nothing was sent before the answer to a PINGREQ: all that came before it has been dealt with.
  void expect_silence() {
    send(pingreq());
    expect(pingresp());
  }

 private:
  int socket_;
};

// MemoryApplication with what tests want to see and decide.
class TestApplication : public MemoryApplication {
 public:
  using MemoryApplication::MemoryApplication;

  struct Policy : SessionPolicy {
    std::function<bool(std::string_view action, std::string_view resource)> rule;
    Verdict answer(std::string_view action, std::string_view resource) const {
      if (!rule || rule(action, resource)) return {};
      return {.allowed = false, .reason = "the test says no"};
    }
    Verdict may_publish(std::string_view topic, bool) const override {
      return answer("publish", topic);
    }
    Verdict may_subscribe(std::string_view filter) const override {
      return answer("subscribe", filter);
    }
    Verdict may_receive(std::string_view topic) const override { return answer("receive", topic); }
  };

  void authenticate(const ConnectRequest& request, Authenticated done) override {
    record("authenticate " + request.client_id);
    if (certificate_seen && request.certificate) certificate_seen(*request.certificate);
    if (refuse_connect) return done(Error(*refuse_connect, "the test refuses"));
    done(Grant{.policy = policy});
  }
  Accepted accept(Batch& batch) override {
    record("batch of " + std::to_string(batch.arrivals().size()));
    for (const auto& arrival : batch.arrivals())
      record("accept " + std::string(arrival.publish.topic));
    if (fail_accept) {
      batch.completion()(Error(errors::server_unavailable, "the test's disk is full"));
      return Accepted::later;
    }
    return MemoryApplication::accept(batch);
  }
  void progress(std::string_view client_id, const Progress& progress, Done done) override {
    if (fail_progress) return done(Error(errors::server_unavailable, "the test's disk is full"));
    MemoryApplication::progress(client_id, progress, std::move(done));
  }
  void on_connected(const Client& client) override { record("connected " + client.id); }
  void on_disconnected(const Client& client, Disconnection reason) override {
    record("disconnected " + client.id + " " + std::string(to_string(reason)));
  }
  void on_denied(const Client& client, std::string_view action, std::string_view resource,
                 std::string_view) override {
    record("denied " + client.id + " " + std::string(action) + " " + std::string(resource));
  }
  void on_dropped(std::string_view client, std::string_view topic, std::string_view) override {
    record("dropped " + std::string(client) + " " + std::string(topic));
  }

  // Waits until `event` was recorded.
  ::testing::AssertionResult saw(const std::string& event) {
    std::unique_lock lock(mutex_);
    const auto there = [&] { return std::ranges::find(events_, event) != events_.end(); };
    if (changed_.wait_for(lock, std::chrono::seconds(20), there))
      return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "no \"" << event << "\"";
  }
  // Why the client's connections ended.
  std::string ends_of(const std::string& client) {
    std::scoped_lock lock(mutex_);
    std::string out;
    for (const auto& event : events_) {
      if (event.starts_with("disconnected " + client + " ")) out += event + "; ";
    }
    return out;
  }
  std::size_t count(const std::string& event) {
    std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(events_, event));
  }

  std::shared_ptr<Policy> policy = std::make_shared<Policy>();
  const ErrorKind* refuse_connect = nullptr;
  std::atomic<bool> fail_accept = false;
  std::atomic<bool> fail_progress = false;
  std::function<void(const PeerCertificate&)> certificate_seen;

 private:
  void record(std::string event) {
    std::scoped_lock lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> events_;
};

// Commits that happen when the test says so.
class HeldCommits {
 public:
  MemoryApplication::Commit hook() {
    return [this](std::function<void()> done) {
      std::scoped_lock lock(mutex_);
      held_.push_back(std::move(done));
      changed_.notify_all();
    };
  }
  // Waits for `count` commits, then lets all of them happen.
  void release(std::size_t count) {
    std::vector<std::function<void()>> due;
    {
      std::unique_lock lock(mutex_);
      EXPECT_TRUE(
          changed_.wait_for(lock, std::chrono::seconds(20), [&] { return held_.size() >= count; }));
      due.swap(held_);
    }
    for (const auto& each : due) each();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> held_;
};

class BrokerTest : public ::testing::Test {
 protected:
  // Every test with sessions spread over two threads.
  BrokerTest() { options.threads = 2; }
  ~BrokerTest() override { stop(); }

  void start() {
    broker = std::make_unique<Broker>(options, application, clock, *random);
    ASSERT_TRUE(broker->start().has_value());
    const auto bound = broker->listen_tcp("127.0.0.1", 0);
    ASSERT_TRUE(bound.has_value());
    port = *bound;
  }
  void stop() {
    application.set_commit(nullptr);
    broker.reset();
  }
  std::unique_ptr<Peer> peer() {
    if (!broker) start();
    return std::make_unique<Peer>(port);
  }
  // Connected, CONNACK read.
  std::unique_ptr<Peer> connected(std::string_view id, const ConnectOptions& o = {},
                                  bool present = false) {
    auto out = peer();
    out->send(connect(id, o));
    if (o.level == 5) {
      const auto answer = out->read_packet();
      EXPECT_EQ(answer.substr(0, 1), "\x20");
      EXPECT_EQ(answer[3], 0) << to_hex(answer);
    } else {
      out->expect(connack(0, present));
    }
    return out;
  }
  std::unique_ptr<Peer> subscribed(std::string_view id, std::string_view filter, unsigned qos = 0) {
    auto out = connected(id);
    out->send(subscribe(1, filter, qos));
    out->expect(suback(1, qos));
    return out;
  }

  Clock clock{from_millis(1'600'000'000'000)};
  std::unique_ptr<Random> random = seeded_random(7);
  TestApplication application;
  Options options;
  std::unique_ptr<Broker> broker;
  std::uint16_t port = 0;
};

}  // namespace cloudlet::mqtt::script
