// What the broker asks of the application behind it: who may do what, what must be durable before
// an acknowledgement leaves, and what is kept of persistent sessions. services/iot implements it
// over the store; memory_application.h in memory.
//
// Rules for implementers
// - Calls come from any I/O thread of the broker, at the same time. None may block or wait for a
// disk's sync.
// - A callback (`done`) is called exactly once, from any thread, at once (inside the call) or
// later.
// - What the calls of one client ask is to be committed in the order in which they were made: the
// broker does not wait
//   for one before it makes the next.
// - string_views and spans are valid during the call only.
// - A failed `done` leaves nothing changed. The broker then acknowledges nothing: it answers a 5.0
// client with a reason code, and closes the connection of a
//   3.1.1 client, which sends again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cause.h"
#include "base/clock.h"
#include "base/result.h"
#include "mqtt/message.h"

namespace cloudlet::mqtt {

// What `authenticate` may refuse with; anything else counts as server_unavailable. Message: for the
// trace, not the client.
namespace errors {
extern const ErrorKind not_authorized;       // 3.1.1 code 5, 5.0 code 0x87
extern const ErrorKind bad_credentials;      // 3.1.1 code 4, 5.0 code 0x86
extern const ErrorKind identifier_rejected;  // 3.1.1 code 2, 5.0 code 0x85
extern const ErrorKind server_unavailable;   // 3.1.1 code 3, 5.0 code 0x88
}  // namespace errors

// ---- who
// ------------------------------------------------------------------------------------------

enum class Listener { tcp, tls, websocket };

// The X.509 certificate that a TLS client proved to hold the key of. Nothing else about it is
// checked before `authenticate`: not its issuer, dates, nor whether it is known.
struct PeerCertificate {
  std::string der;
  std::string fingerprint;  // SHA-256 of `der`, 64 lower-case hex digits: what AWS IoT calls the
                            // certificate id
  std::string server_name;  // what the client asked for (SNI); may be empty
};

struct Verdict {
  bool allowed = true;
  std::string reason;  // of a denial: a sentence for the trace
};

// What one connected client may do. Asked on I/O threads, at any time: thread-safe, quick, and
// never waits. The broker remembers answers until `Broker::policies_changed`.
class SessionPolicy {
 public:
  virtual ~SessionPolicy() = default;
  virtual Verdict may_publish(std::string_view topic, bool retain) const = 0;
  virtual Verdict may_subscribe(std::string_view filter) const = 0;
  virtual Verdict may_receive(std::string_view topic) const = 0;
};

struct ConnectRequest {
  std::string client_id;  // as sent, or as assigned by the broker
  bool client_id_assigned = false;
  int protocol = 4;  // 4: MQTT 3.1.1, 5: MQTT 5.0
  Listener listener = Listener::tcp;
  std::string address;  // the peer's IP address
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<PeerCertificate> certificate;
  bool clean_start = true;
  bool persistent = false;  // its session is to outlive the connection
  MessagePtr will;          // null: none
};

struct Grant {
  std::shared_ptr<const SessionPolicy> policy;
  std::string principal;  // for rules and traces: a certificate id, an access key id, or empty
  // Client ids are unique in it: two clients of the same id in two spaces are two sessions. Without
  // a NUL. Empty: the space of all who name none.
  std::string space;
};

// What names a session: a client id in its space. Wherever the calls below name one by `client_id`
// alone (queues, packet ids, wills), it is this.
std::string session_name(std::string_view space, std::string_view client_id);
// The client id in it, for people.
std::string_view client_id_of(std::string_view session_name);

// A connected client, as the calls below see it. `grant.policy` is never null.
struct Client {
  std::string id;
  int protocol = 4;
  Listener listener = Listener::tcp;
  std::string address;
  std::string username;
  std::string certificate_id;  // the fingerprint, or empty
  Grant grant;
  bool persistent = false;
  std::uint64_t connection =
      0;  // differs for every connection: version number of the lifecycle events
  Time connected_at;

  std::string session() const { return session_name(grant.space, id); }
};

// ---- messages
// ------------------------------------------------------------------------------------------

// A persistent session that a message is to be queued for.
struct Recipient {
  std::string_view client_id;
  Qos qos = Qos::at_least_once;  // at which it will be delivered, 1 or 2
  bool retain = false;           // the flag it will be delivered with (5.0: retain as published)
};

struct Arrival {
  PublishView publish;
  std::span<const Recipient>
      recipients;  // persistent sessions subscribed to it with QoS above 0, connected or not
  // True: a QoS 2 message of a persistent session. Its packet id is to be remembered with the
  // message (see `StoredSession::received`).
  bool remember_packet_id = false;
};

using Done = std::function<void(Result<void>)>;

// All that arrived from one client in one read.
class Batch {
 public:
  Batch(const Client& client, std::span<const Arrival> arrivals, Cause cause)
      : client_(client), arrivals_(arrivals), cause_(std::move(cause)) {}
  virtual ~Batch() = default;

  const Client& client() const {
    return client_;
  }  // for a message from inside: what Broker::publish was given
  std::span<const Arrival> arrivals() const { return arrivals_; }
  const Cause& cause() const { return cause_; }  // of a message from inside; otherwise empty
  // What to call when the batch is durable. Taken once, by who answers Accepted::later.
  virtual Done completion() = 0;

 private:
  const Client& client_;
  std::span<const Arrival> arrivals_;
  Cause cause_;
};

enum class Accepted {
  now,    // nothing of it has to be durable, or it already is: acknowledge and deliver
  later,  // `completion()` was taken, and will be called
};

// ---- sessions
// ------------------------------------------------------------------------------------------

struct Subscription {
  std::string filter;
  Qos qos = Qos::at_most_once;
  bool no_local = false;             // 5.0: not to the client that published it
  bool retain_as_published = false;  // 5.0: keep the flag
};

struct StoredSession {
  std::string client_id;
  std::chrono::seconds expiry{0};       // how long it lives after the connection ended
  std::optional<Time> disconnected_at;  // empty: the process ended while it was connected
  std::vector<Subscription> subscriptions;
  std::vector<std::uint16_t>
      received;      // ids of QoS 2 messages from the client that it has not released yet
  Grant will_grant;  // whose will it is
  // Of a connection that the process's end cut off: published at start, then cleared. Its
  // `expires_at` is that of a message published at `opened_at`.
  MessagePtr will;
  Time opened_at;
};

// A connection takes its session up. Called if the session is persistent, if it replaces a stored
// one, or if there is a will.
struct SessionOpening {
  std::string_view client_id;
  bool fresh = false;       // forget subscriptions, queue and packet ids that are stored
  bool persistent = false;  // keep a session; otherwise only the will (if any) is stored
  std::chrono::seconds expiry{0};
  MessagePtr will;  // `expires_at` as if it were published at `at`
  Grant grant;      // of the client
  Time at;          // when the connection was made
};

// A message in a persistent session's queue.
struct QueuedMessage {
  std::uint64_t position = 0;  // 1, 2, 3... in the session, in the order of commits, without gaps,
                               // never used again while the session lives. The broker makes the
                               // packet id of it, so that a redelivery after a restart has the same
  Qos qos = Qos::at_least_once;
  bool retain = false;
  bool received = false;  // QoS 2: the client has it (PUBREC); only its PUBREL is to be sent.
                          // `message` may be null then
  MessagePtr message;
};

// What a client's acknowledgements changed, gathered from one read.
struct Progress {
  std::vector<std::uint64_t> completed;  // PUBACK or PUBCOMP, or expired: remove from the queue
  std::vector<std::uint64_t> received;   // PUBREC: mark as received; the payload may go
  std::vector<std::uint16_t> released;   // PUBREL: forget the remembered packet ids
};

struct SubscribeRequest {
  struct Item {
    Subscription subscription;
    bool send_retained = true;  // 5.0 retain handling
  };
  const Client& client;
  std::span<const Item> items;
};

// A retained message for a new subscription, to be sent with the retain flag.
struct RetainedDelivery {
  MessagePtr message;
  Qos qos = Qos::at_most_once;  // the lower one of the message's and the subscription's
};

enum class Disconnection {
  client_initiated,  // DISCONNECT
  connection_lost,   // the socket ended or failed
  keep_alive_timeout,
  taken_over,        // another connection with the same client id
  protocol_error,    // malformed, or against the protocol
  not_authorized,    // published what it may not, or its right to be connected ended
  too_slow,          // did not read what was sent to it
  overload,          // the memory for all that waits is full, and most of it waited for this one
  quota_exceeded,    // a limit
  server_initiated,  // the application asked
  server_shutdown,
};
// AWS IoT's words (lifecycle events): "CLIENT_INITIATED_DISCONNECT", "MQTT_KEEP_ALIVE_TIMEOUT", ...
std::string_view to_string(Disconnection reason);
// A sentence for the journal; empty where AWS IoT's word says it all.
std::string_view explain(Disconnection reason);

// ---- the application
// ------------------------------------------------------------------------------------------

class Application {
 public:
  virtual ~Application() = default;

  // Once, before any listener opens: every stored session. May block.
  virtual Result<std::vector<StoredSession>> load() = 0;

  // May this client connect? Also after the certificate was proven. The client gets CONNACK after
  // `done`.
  using Authenticated = std::function<void(Result<Grant>)>;
  virtual void authenticate(const ConnectRequest& request, Authenticated done) = 0;

  // Everything that must happen before the acknowledgement: rules, retained messages (an empty
  // retained payload removes), the recipients' queues, the remembered packet ids, in one
  // transaction, or none if nothing is durable. A full queue drops the new message for that
  // recipient alone. The broker acknowledges, wakes the recipients and delivers to the other
  // subscribers afterwards.
  virtual Accepted accept(Batch& batch) = 0;

  // CONNACK follows `done`.
  virtual void open_session(const SessionOpening& opening, Done done) = 0;
  // The connection ended: the will is settled (published before, or dropped), and the expiry counts
  // from `at`. `keep` false: remove all of the session.
  struct SessionClosing {
    std::string_view client_id;
    bool keep = false;
    bool will_pending = false;
    std::chrono::seconds expiry{0};  // a 5.0 client may change it in its DISCONNECT
    Time at;
  };
  virtual void close_session(const SessionClosing& closing, Done done) = 0;

  // Stores the subscriptions of a persistent session (replacing same filters), and looks retained
  // messages up. For a persistent session, retained messages with a QoS above 0 go into its queue
  // in the same transaction; all others, at most `limit`, are answered. SUBACK follows `done`.
  using Subscribed = std::function<void(Result<std::vector<RetainedDelivery>>)>;
  virtual void subscribe(const SubscribeRequest& request, std::size_t limit, Subscribed done) = 0;
  // For persistent sessions only. UNSUBACK follows `done`.
  virtual void unsubscribe(const Client& client, std::span<const std::string> filters,
                           Done done) = 0;

  // The queue of a persistent session, committed messages with a position above `after`, in order,
  // at most `limit` and about `bytes_max`. Everything committed before the call is seen.
  struct QueueRead {
    std::string_view client_id;
    std::uint64_t after = 0;
    std::size_t limit = 0;
    std::size_t bytes_max = 0;
  };
  virtual std::vector<QueuedMessage> read_queue(const QueueRead& read) const = 0;
  // PUBREL and PUBCOMP follow `done`.
  virtual void progress(std::string_view client_id, const Progress& progress, Done done) = 0;

  // What happened, for lifecycle events and the journal. Called after the fact, in order per
  // client.
  virtual void on_connected(const Client& client) { (void)client; }
  virtual void on_disconnected(const Client& client, Disconnection reason) {
    (void)client, (void)reason;
  }
  virtual void on_subscribed(const Client& client, std::span<const std::string> filters) {
    (void)client, (void)filters;
  }
  virtual void on_unsubscribed(const Client& client, std::span<const std::string> filters) {
    (void)client, (void)filters;
  }
  // A refused connect: `client.grant` is empty. `action` is "iot:Connect", "iot:Publish",
  // "iot:Subscribe", "iot:Receive"; `resource` the client id, topic or filter.
  virtual void on_denied(const Client& client, std::string_view action, std::string_view resource,
                         std::string_view reason) {
    (void)client, (void)action, (void)resource, (void)reason;
  }
  // What became of messages that came to `topic` from a client since the last call for the topic.
  // The first one is told at once, later ones at most once a second.
  struct Published {
    std::string_view topic;
    std::size_t subscribers = 0;
    std::size_t denied = 0;  // subscribers that may not receive it, and the first one of them
    std::string_view denied_client;
    std::string_view denied_reason;
    std::uint64_t times = 1;
  };
  virtual void on_published(const Client& client, const Published& what) {
    (void)client, (void)what;
  }
  // About once a second, and after the clock jumped.
  virtual void tick() {}
  // A message was given up for one receiver: too slow (QoS 0), or larger than what it takes.
  // `client_id` is the client's own.
  virtual void on_dropped(std::string_view client_id, std::string_view topic,
                          std::string_view reason) {
    (void)client_id, (void)topic, (void)reason;
  }
};

}  // namespace cloudlet::mqtt
