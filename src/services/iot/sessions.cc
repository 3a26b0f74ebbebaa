// Sessions, queues and retained messages over the store.
#include "services/iot/sessions.h"

#include <algorithm>

#include "mqtt/topic.h"
#include "services/iot/client_policy.h"
#include "services/iot/keys.h"
#include "services/iot/stored_message.h"

namespace cloudlet::iot {
namespace {

void forget(store::Txn& tx, std::string_view client) {
  tx.erase(keys::session(client));
  tx.erase(store::prefix(keys::subscriptions(client)));
  tx.erase(store::prefix(keys::queue(client)));
  tx.erase(keys::queue_end(client));
  tx.erase(store::prefix(keys::received_ids(client)));
  tx.erase(keys::will(client));
}

// There as long as the persistent session is.
std::optional<QueueEnd> end_of_queue(const store::ReadTxn& tx, std::string_view client) {
  const auto stored = tx.get(keys::queue_end(client));
  if (!stored) return std::nullopt;
  return decode_queue_end(*stored);
}

// The fixed part of a filter, before its first wildcard: what matching topics begin with.
std::string_view fixed_part(std::string_view filter) {
  return filter.substr(0, filter.find_first_of("+#"));
}

}  // namespace

void open_session(store::Txn& tx, const OpenSession& opening) {
  if (opening.fresh || !opening.persistent) forget(tx, opening.client_id);
  if (opening.will)
    tx.put(keys::will(opening.client_id), encode_message(*opening.will, opening.now));
  else
    tx.erase(keys::will(opening.client_id));
  if (opening.persistent || opening.will) {
    tx.put(keys::session(opening.client_id),
           encode(StoredSessionRecord{.persistent = opening.persistent,
                                      .expiry = opening.expiry,
                                      .scope = opening.scope,
                                      .principal = opening.principal}));
  }
  if (opening.persistent && !tx.exists(keys::queue_end(opening.client_id))) {
    tx.put(keys::queue_end(opening.client_id), encode(QueueEnd{}));
  }
}

void close_session(store::Txn& tx, const CloseSession& closing) {
  if (!closing.keep) {
    forget(tx, closing.client_id);
    return;
  }
  if (!closing.will_pending) tx.erase(keys::will(closing.client_id));
  StoredSessionRecord record;
  if (const auto stored = tx.get(keys::session(closing.client_id)))
    record = decode_session(*stored);
  record.persistent = true;
  record.expiry = closing.expiry;
  record.disconnected_at = closing.at;
  tx.put(keys::session(closing.client_id), encode(record));
}

std::vector<mqtt::StoredSession> load_sessions(const store::ReadTxn& tx) {
  std::vector<mqtt::StoredSession> sessions;
  tx.scan(store::prefix(keys::sessions()), [&](std::string_view key, std::string_view value) {
    store::KeyReader reader(key);
    reader.skip();
    reader.skip();
    const StoredSessionRecord record = decode_session(value);
    sessions.push_back(
        {.client_id = reader.text(),
         .expiry = record.expiry,
         .disconnected_at = record.disconnected_at,
         .will_grant = {.policy = open_policy(record.scope), .principal = record.principal}});
    return true;
  });
  for (mqtt::StoredSession& session : sessions) {
    tx.scan(store::prefix(keys::subscriptions(session.client_id)),
            [&](std::string_view, std::string_view value) {
              session.subscriptions.push_back(decode_subscription(value));
              return true;
            });
    tx.scan(store::prefix(keys::received_ids(session.client_id)),
            [&](std::string_view key, std::string_view) {
              store::KeyReader reader(key);
              for (int i = 0; i < 3; ++i) reader.skip();
              session.received.push_back(static_cast<std::uint16_t>(reader.number()));
              return true;
            });
    if (const auto will = tx.get(keys::will(session.client_id))) {
      const StoredMessage stored = decode_message(*will);
      session.will = stored.message;
      session.opened_at = stored.stored;
    }
  }
  return sessions;
}

bool enqueue(store::Txn& tx, const Enqueue& to, std::string_view encoded_message,
             std::size_t queue_max) {
  auto end = end_of_queue(tx, to.client_id);
  if (!end) return true;  // the session ended meanwhile: nothing waits for it
  if (end->count >= queue_max) return false;
  ++end->last;
  ++end->count;
  tx.put(keys::queued(to.client_id, end->last),
         encode(QueueEntry{
             .qos = to.qos, .retain = to.retain, .message = std::string(encoded_message)}));
  tx.put(keys::queue_end(to.client_id), encode(*end));
  return true;
}

std::vector<mqtt::QueuedMessage> read_queue(const store::ReadTxn& tx,
                                            const mqtt::Application::QueueRead& read) {
  std::vector<mqtt::QueuedMessage> messages;
  if (read.limit == 0) return messages;
  std::size_t bytes = 0;
  const store::Range all = store::prefix(keys::queue(read.client_id));
  const store::Range rest =
      read.after == 0 ? all : store::after(all, keys::queued(read.client_id, read.after));
  tx.scan(rest, [&](std::string_view key, std::string_view value) {
    store::KeyReader reader(key);
    for (int i = 0; i < 3; ++i) reader.skip();
    const QueueEntry entry = decode_queue_entry(value);
    mqtt::QueuedMessage& message = messages.emplace_back();
    message.position = reader.number();
    message.qos = entry.qos;
    message.retain = entry.retain;
    message.received = entry.received;
    if (!entry.message.empty()) message.message = decode_message(entry.message).message;
    bytes += value.size();
    return messages.size() < read.limit && bytes < read.bytes_max;
  });
  return messages;
}

void apply_progress(store::Txn& tx, std::string_view client_id, const mqtt::Progress& progress) {
  QueueEnd end = end_of_queue(tx, client_id).value_or(QueueEnd{});
  const std::uint64_t before = end.count;
  for (const std::uint64_t position : progress.completed) {
    const auto key = keys::queued(client_id, position);
    if (!tx.exists(key)) continue;
    tx.erase(key);
    if (end.count > 0) --end.count;
  }
  if (end.count != before) tx.put(keys::queue_end(client_id), encode(end));
  for (const std::uint64_t position : progress.received) {
    const auto key = keys::queued(client_id, position);
    const auto stored = tx.get(key);
    if (!stored) continue;
    QueueEntry entry = decode_queue_entry(*stored);
    entry.received = true;
    entry.message.clear();
    tx.put(key, encode(entry));
  }
  for (const std::uint16_t id : progress.released) tx.erase(keys::received_id(client_id, id));
}

void retain_message(store::Txn& tx, std::string_view topic, std::string_view encoded_message,
                    std::optional<Time> expires_at) {
  remove_retained(tx, topic);
  tx.put(keys::retained(topic), encoded_message);
  if (!expires_at) return;
  const store::TimerId timer = tx.at(*expires_at, retained_expires, topic);
  tx.put(keys::retained_timer(topic), std::to_string(timer));
}

void remove_retained(store::Txn& tx, std::string_view topic) {
  tx.erase(keys::retained(topic));
  const auto timer = tx.get(keys::retained_timer(topic));
  if (!timer) return;
  tx.cancel_timer(std::stoull(*timer));
  tx.erase(keys::retained_timer(topic));
}

std::vector<mqtt::MessagePtr> RetainedSearch::find(const store::ReadTxn& tx,
                                                   std::string_view filter) {
  std::vector<mqtt::MessagePtr> found;
  const auto take = [&](std::string_view value) {
    const StoredMessage stored = decode_message(value);
    if (!mqtt::matches(filter, stored.message->topic)) return;
    if (stored.message->expires_at && *stored.message->expires_at <= now) return;
    cut = cut || limit == 0 || bytes_left < value.size();
    if (cut) return;
    --limit;
    bytes_left -= value.size();
    found.push_back(stored.message);
  };
  std::string_view fixed = fixed_part(filter);
  if (fixed.size() == filter.size()) {
    if (const auto stored = tx.get(keys::retained(filter))) take(*stored);
    return found;
  }
  // "a/#" also takes "a" itself.
  if (filter.ends_with("/#") && fixed.size() == filter.size() - 1) fixed.remove_suffix(1);
  const store::Range range = fixed.empty() ? store::prefix(keys::retained_messages())
                                           : store::text_prefix(keys::retained_messages(), fixed);
  tx.scan(range, [&](std::string_view, std::string_view value) {
    take(value);
    return !cut;
  });
  return found;
}

}  // namespace cloudlet::iot
