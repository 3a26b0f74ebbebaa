// Persistent MQTT sessions in the store: subscriptions, queues, packet ids, wills, and retained
// messages. Plain functions of a transaction; the order of calls is the order of commits.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "mqtt/application.h"
#include "store/txn.h"

namespace cloudlet::iot {

// Owned copies of what the broker asks: transactions run after the call.
struct OpenSession {
  std::string client_id;
  bool fresh = false;
  bool persistent = false;
  std::chrono::seconds expiry{0};
  mqtt::MessagePtr will;
  Time now;
  std::optional<Scope> scope;  // the client's; none: it showed no credentials
  std::string principal;
};
void open_session(store::Txn& tx, const OpenSession& opening);

struct CloseSession {
  std::string client_id;  // the session's name, as everywhere here
  bool keep = false;
  bool will_pending = false;
  std::chrono::seconds expiry{0};
  Time at;
};
void close_session(store::Txn& tx, const CloseSession& closing);

std::vector<mqtt::StoredSession> load_sessions(const store::ReadTxn& tx);

// Appends to the queue of a session, wakes nobody. False: the queue is full, the message is dropped
// for this session.
struct Enqueue {
  std::string_view client_id;
  mqtt::Qos qos = mqtt::Qos::at_least_once;
  bool retain = false;
};
bool enqueue(store::Txn& tx, const Enqueue& to, std::string_view encoded_message,
             std::size_t queue_max);

std::vector<mqtt::QueuedMessage> read_queue(const store::ReadTxn& tx,
                                            const mqtt::Application::QueueRead& read);
void apply_progress(store::Txn& tx, std::string_view client_id, const mqtt::Progress& progress);

// One that expires is removed by a timer then.
void retain_message(store::Txn& tx, std::string_view topic, std::string_view encoded_message,
                    std::optional<Time> expires_at);
void remove_retained(store::Txn& tx, std::string_view topic);
constexpr std::string_view retained_expires =
    "iot.retained-expires";  // a timer; payload: the topic
// The retained messages that filters take, in the order of topics, so many of them as may be held
// in memory at once. Expired ones are left out.
struct RetainedSearch {
  Time now;
  std::size_t limit = 0;
  std::size_t bytes_left = 16 << 20;
  bool cut = false;  // there were more

  std::vector<mqtt::MessagePtr> find(const store::ReadTxn& tx, std::string_view filter);
};

}  // namespace cloudlet::iot
