#include "services/sns/state.h"

#include "base/result.h"
#include "services/sns/keys.h"
#include "store/record.h"

namespace cloudlet::sns {
namespace {

std::string encode_pair(const std::string& name, const std::string& value) {
  store::RecordWriter writer;
  return writer.text(1, name).text(2, value).take();
}

std::pair<std::string, std::string> decode_pair(std::string_view bytes) {
  std::pair<std::string, std::string> pair;
  for (store::RecordReader reader(bytes); reader.next();) {
    if (reader.field() == 1) pair.first = reader.text();
    if (reader.field() == 2) pair.second = reader.text();
  }
  return pair;
}

}  // namespace

std::string StoredTopic::attribute(const std::string& name) const {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string() : found->second;
}

std::string encode(const StoredTopic& topic) {
  store::RecordWriter writer;
  for (const auto& [name, value] : topic.attributes) writer.element(1, encode_pair(name, value));
  for (const auto& [key, value] : topic.tags) writer.element(2, encode_pair(key, value));
  return writer.time(3, topic.created).take();
}

StoredTopic decode_topic(std::string_view bytes) {
  StoredTopic topic;
  for (store::RecordReader reader(bytes); reader.next();) switch (reader.field()) {
      case 1: topic.attributes.insert(decode_pair(reader.view())); break;
      case 2: topic.tags.insert(decode_pair(reader.view())); break;
      case 3: topic.created = reader.time(); break;
      default: break;
    }
  return topic;
}

std::string encode(const StoredSubscription& subscription) {
  assert_that(!subscription.id.empty() && !subscription.protocol.empty(),
              "a subscription has an id and a protocol");
  store::RecordWriter writer;
  writer.text(1, subscription.id).text(2, subscription.protocol).text(3, subscription.endpoint);
  writer.text(4, subscription.owner)
      .flag(5, subscription.pending)
      .flag(6, subscription.authenticated);
  writer.flag(7, subscription.authenticate_on_unsubscribe).flag(8, subscription.raw);
  writer.text(9, subscription.filter_policy).text(10, subscription.filter_scope);
  writer.text(11, subscription.delivery_policy)
      .text(12, subscription.base_url)
      .time(13, subscription.created)
      .time(14, subscription.pending_until)
      .text(15, subscription.principal)
      .text(16, subscription.opt_out);
  return writer.take();
}

StoredSubscription decode_subscription(std::string_view bytes) {
  StoredSubscription subscription{.pending = false};
  for (store::RecordReader reader(bytes); reader.next();) switch (reader.field()) {
      case 1: subscription.id = reader.text(); break;
      case 2: subscription.protocol = reader.text(); break;
      case 3: subscription.endpoint = reader.text(); break;
      case 4: subscription.owner = reader.text(); break;
      case 5: subscription.pending = reader.flag(); break;
      case 6: subscription.authenticated = reader.flag(); break;
      case 7: subscription.authenticate_on_unsubscribe = reader.flag(); break;
      case 8: subscription.raw = reader.flag(); break;
      case 9: subscription.filter_policy = reader.text(); break;
      case 10: subscription.filter_scope = reader.text(); break;
      case 11: subscription.delivery_policy = reader.text(); break;
      case 12: subscription.base_url = reader.text(); break;
      case 13: subscription.created = reader.time(); break;
      case 14: subscription.pending_until = reader.time(); break;
      case 15: subscription.principal = reader.text(); break;
      case 16: subscription.opt_out = reader.text(); break;
      default: break;
    }
  assert_that(!subscription.id.empty() && !subscription.protocol.empty(),
              "a subscription has an id and a protocol");
  return subscription;
}

std::string encode(const StoredToken& token) {
  store::RecordWriter writer;
  return writer.text(1, token.subscription_id).text(2, token.again).take();
}

StoredToken decode_token(std::string_view bytes) {
  StoredToken token;
  for (store::RecordReader reader(bytes); reader.next();) {
    if (reader.field() == 1) token.subscription_id = reader.text();
    if (reader.field() == 2) token.again = reader.text();
  }
  return token;
}

Counts read_counts(const store::ReadTxn& tx, const TopicId& topic) {
  Counts counts;
  const auto bytes = tx.get(keys::counts(topic.scope, topic.name));
  if (!bytes) return counts;
  for (store::RecordReader reader(*bytes); reader.next();) switch (reader.field()) {
      case 1: counts.confirmed = reader.number(); break;
      case 2: counts.pending = reader.number(); break;
      case 3: counts.deleted = reader.number(); break;
      default: break;
    }
  return counts;
}

void write_counts(store::Txn& tx, const TopicId& topic, const Counts& counts) {
  store::RecordWriter writer;
  writer.number(1, counts.confirmed).number(2, counts.pending).number(3, counts.deleted);
  tx.put(keys::counts(topic.scope, topic.name), writer.take());
}

}  // namespace cloudlet::sns
