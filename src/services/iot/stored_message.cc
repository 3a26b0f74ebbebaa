// Encoding messages and sessions.
#include "services/iot/stored_message.h"

#include "store/record.h"

namespace cloudlet::iot {

using store::RecordReader;
using store::RecordWriter;

std::string encode_message(const mqtt::PublishView& m, Time now) {
  assert_that(!m.topic.empty(), "a message has a topic");
  RecordWriter w;
  w.text(1, m.topic)
      .text(2, m.payload)
      .text(3, m.properties)
      .number(4, static_cast<std::uint64_t>(m.qos));
  w.flag(5, m.retain).time(7, now);
  if (m.expires_at) w.time(6, *m.expires_at);
  return w.take();
}

std::string encode_message(const mqtt::Message& m, Time now) {
  return encode_message(mqtt::PublishView{.topic = m.topic,
                                          .payload = m.payload,
                                          .properties = m.properties,
                                          .qos = m.qos,
                                          .retain = m.retain,
                                          .expires_at = m.expires_at},
                        now);
}

StoredMessage decode_message(std::string_view bytes) {
  auto message = std::make_shared<mqtt::Message>();
  StoredMessage stored;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: message->topic = r.text(); break;
      case 2: message->payload = r.text(); break;
      case 3: message->properties = r.text(); break;
      case 4: message->qos = static_cast<mqtt::Qos>(r.number()); break;
      case 5: message->retain = r.flag(); break;
      case 6: message->expires_at = r.time(); break;
      case 7: stored.stored = r.time(); break;
      default: break;
    }
  }
  assert_that(!message->topic.empty(), "a message has a topic");
  stored.message = std::move(message);
  return stored;
}

std::string encode(const QueueEntry& e) {
  RecordWriter w;
  w.number(1, static_cast<std::uint64_t>(e.qos))
      .flag(2, e.retain)
      .flag(3, e.received)
      .text(4, e.message);
  return w.take();
}

QueueEntry decode_queue_entry(std::string_view bytes) {
  QueueEntry e;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: e.qos = static_cast<mqtt::Qos>(r.number()); break;
      case 2: e.retain = r.flag(); break;
      case 3: e.received = r.flag(); break;
      case 4: e.message = r.text(); break;
      default: break;
    }
  }
  assert_that(e.received || !e.message.empty(),
              "a queued message is there until the client has it");
  return e;
}

std::string encode(const QueueEnd& end) {
  return RecordWriter().number(1, end.last).number(2, end.count).take();
}

QueueEnd decode_queue_end(std::string_view bytes) {
  QueueEnd end;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: end.last = r.number(); break;
      case 2: end.count = r.number(); break;
      default: break;
    }
  }
  assert_that(end.count <= end.last, "no more messages wait than were queued");
  return end;
}

std::string encode(const StoredSessionRecord& s) {
  RecordWriter w;
  w.flag(1, s.persistent).number(2, static_cast<std::uint64_t>(s.expiry.count()));
  if (s.disconnected_at) w.time(3, *s.disconnected_at);
  if (s.scope) w.text(4, s.scope->account).text(5, s.scope->region);
  if (!s.principal.empty()) w.text(6, s.principal);
  return w.take();
}

StoredSessionRecord decode_session(std::string_view bytes) {
  StoredSessionRecord s;
  Scope scope;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: s.persistent = r.flag(); break;
      case 2: s.expiry = std::chrono::seconds(r.number()); break;
      case 3: s.disconnected_at = r.time(); break;
      case 4: scope.account = r.text(); break;
      case 5: scope.region = r.text(); break;
      case 6: s.principal = r.text(); break;
      default: break;
    }
  }
  if (!scope.account.empty()) s.scope = std::move(scope);
  return s;
}

std::string encode(const mqtt::Subscription& s) {
  RecordWriter w;
  w.text(1, s.filter)
      .number(2, static_cast<std::uint64_t>(s.qos))
      .flag(3, s.no_local)
      .flag(4, s.retain_as_published);
  return w.take();
}

mqtt::Subscription decode_subscription(std::string_view bytes) {
  mqtt::Subscription s;
  for (RecordReader r(bytes); r.next();) {
    switch (r.field()) {
      case 1: s.filter = r.text(); break;
      case 2: s.qos = static_cast<mqtt::Qos>(r.number()); break;
      case 3: s.no_local = r.flag(); break;
      case 4: s.retain_as_published = r.flag(); break;
      default: break;
    }
  }
  assert_that(!s.filter.empty(), "a subscription has a filter");
  return s;
}

}  // namespace cloudlet::iot
