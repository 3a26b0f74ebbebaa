// The MQTT broker: listeners, connections on I/O threads of its own, sessions, the topic tree.
// Everything that is durable or decided by policy is asked of an `Application`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cause.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "mqtt/application.h"
#include "mqtt/message.h"

namespace cloudlet::mqtt {

// AWS IoT Core's quotas where it has one
// (https://docs.aws.amazon.com/general/latest/gr/iot-core.html).
struct Limits {
  std::size_t payload_bytes_max = 128 * 1024;
  std::size_t packet_bytes_max = 132 * 1024;  // a whole packet: payload, topic, properties
  std::size_t topic_bytes_max = 256;          // of a topic or filter
  std::size_t topic_levels_max = 8;           // at most 7 slashes
  std::size_t client_id_bytes_max = 128;
  std::size_t subscriptions_max = 50;   // a session
  std::size_t subscribe_items_max = 8;  // a SUBSCRIBE
  std::size_t connections_max = 100'000;
  std::size_t sessions_max = 500'000;  // connected or kept
  // QoS above 0 unacknowledged, each way (5.0: receive maximum).
  std::uint16_t inflight_max = 100;
  // From accept to CONNECT, TLS included.
  std::chrono::seconds connect_timeout{10};
  // More (or 0, none) counts as this.
  std::chrono::seconds keep_alive_max{1200};
  std::chrono::seconds session_expiry_max{7 * 24 * 3600};
  // Of 3.1.1 clients with clean session 0.
  std::chrono::seconds session_expiry_default{3600};
  // In memory for one connected client; more: it is disconnected.
  std::size_t pending_messages_max = 100'000;
  std::size_t pending_bytes_max = 16 * 1024 * 1024;
  // Bytes waiting for a socket; more: QoS 0 is dropped for it.
  std::size_t output_bytes_max = 2 * 1024 * 1024;
  // Of all that waits in memory for all clients; more: whoever has most waiting is disconnected.
  std::size_t waiting_bytes_max = std::size_t{256} * 1024 * 1024;
  // A socket that takes nothing of what waits for it so long is disconnected.
  std::chrono::seconds stalled_max{20};
  // Batches of one connection that wait for a commit; then reading pauses.
  std::size_t batches_max = 16;
};

struct Options {
  unsigned threads = 0;  // I/O threads; 0: as many as the machine has cores, at most 4
  Limits limits;
};

// What a TLS listener shows. Clients are asked for a certificate; one without is decided upon by
// `Application::authenticate`.
struct TlsOptions {
  std::string certificate_pem;  // the server's, with its chain
  std::string key_pem;
};

struct ClientInfo {
  std::string id;
  std::string address;
  std::string principal;
  int protocol = 4;
  Listener listener = Listener::tcp;
  Time connected_at;
  std::uint64_t connection = 0;
};

struct Stats {
  std::size_t connections = 0;
  std::size_t sessions = 0;  // connected or kept
  std::size_t subscriptions = 0;
  std::uint64_t received = 0;   // PUBLISH packets taken
  std::uint64_t delivered = 0;  // PUBLISH packets written
  std::uint64_t dropped = 0;
};

// Thread-safe after `start`. What answers at once (`disconnect`, `clients`, `stop`) waits for the
// I/O threads: not to be called from a call to the application.
class Broker {
 public:
  // `application`, `clock` and `random` outlive the broker.
  Broker(Options options, Application& application, Clock& clock, Random& random);
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  // Loads the stored sessions and starts the threads. Then listeners are opened.
  Result<void> start();
  // Answer the port (asked for 0: the one that the system chose).
  Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port);
  Result<std::uint16_t> listen_tls(const std::string& address, std::uint16_t port,
                                   const TlsOptions& tls);
  // Closes the listeners and all connections (wills are published), waits until nothing calls the
  // application any more.
  void stop();

  // Publishes as if a client had: through Application::accept, to every subscriber. `done` when it
  // is durable. `from` says who publishes (for rules); its policy is not asked.
  void publish(const Client& from, const PublishView& message, const Cause& cause, Done done);

  // For an application that publishes inside a transaction of its own: the persistent sessions to
  // queue the message for, and after the commit `deliver` brings it to the live subscribers and
  // wakes those sessions.
  struct StoredRecipient {
    std::string client_id;
    Qos qos = Qos::at_least_once;
    bool retain = false;
  };
  std::vector<StoredRecipient> recipients(std::string_view topic, Qos qos, bool retain) const;
  void deliver(MessagePtr message);
  // There is something new in this session's queue.
  void wake(std::string_view client_id);

  // Ends a client's connection (its will is published). False: not connected. `done` (may be null)
  // after it is gone.
  bool disconnect(std::string_view client_id, Disconnection reason, std::function<void()> done);
  // Ends all connections for which `predicate` holds: a certificate was revoked. Called on I/O
  // threads.
  void disconnect_if(std::function<bool(const Client&)> predicate, Disconnection reason);
  // Remembered answers of SessionPolicy are forgotten.
  void policies_changed();

  std::vector<ClientInfo> clients() const;
  Stats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloudlet::mqtt
