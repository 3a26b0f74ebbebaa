// Topics: create, delete, attributes, list.
#include "services/sns/access_policy.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/keys.h"
#include "services/sns/rules.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {
namespace {

std::map<std::string, std::string> tags_of(const std::vector<Tag>& tags) {
  std::map<std::string, std::string> map;
  for (const Tag& tag : tags) map[tag.key] = tag.value;
  return map;
}

// Creating what exists is fine as long as nothing that was said differs.
Result<void> check_same(const StoredTopic& existing, const CreateTopicInput& input) {
  for (const auto& [name, value] : input.attributes) {
    const bool unset = name == "FifoTopic" || (name == "KmsMasterKeyId" && value.empty());
    if (!unset && existing.attribute(name) != value)
      return rules::invalid_parameter(
          "Attributes Reason: Topic already exists with different attributes");
  }
  if (!input.tags.empty() && tags_of(input.tags) != existing.tags)
    return rules::invalid_parameter("Tags Reason: Topic already exists with different tags");
  return {};
}

}  // namespace

Result<StoredTopic> find_topic(const store::ReadTxn& tx, const TopicId& topic) {
  const auto bytes = tx.get(keys::topic(topic.scope, topic.name));
  if (!bytes) return errors::not_found("Topic does not exist");
  return decode_topic(*bytes);
}

SignatureVersion signature_version(const StoredTopic& topic) {
  return topic.attribute("SignatureVersion") == "2" ? SignatureVersion::sha256
                                                    : SignatureVersion::sha1;
}

std::string sender_of(const StoredTopic& topic) {
  const std::string name = topic.attribute("DisplayName");
  return name.empty() ? "AWS Notifications" : name;
}

Result<CreateTopicOutput> Service::create_topic(store::Txn& tx, const wire::Call& call,
                                                const CreateTopicInput& input) {
  CHECK(rules::check_topic_name(input.name));
  if (input.data_protection_policy && !input.data_protection_policy->empty())
    return rules::invalid_parameter(
        "DataProtectionPolicy Reason: data protection is not served by cloudlet");
  for (const auto& [name, value] : input.attributes)
    CHECK(rules::check_topic_attribute(name, value, "Attributes Reason: "));
  CHECK(rules::check_tags(input.tags));

  const TopicId topic{.scope = call.scope, .name = input.name};
  const store::Key key = keys::topic(topic.scope, topic.name);
  if (const auto bytes = tx.get(key)) {
    CHECK(check_same(decode_topic(*bytes), input));
    return CreateTopicOutput{.topic_arn = topic.arn()};
  }
  StoredTopic stored{
      .attributes = input.attributes, .tags = tags_of(input.tags), .created = call.now};
  for (const char* not_kept : {"FifoTopic", "KmsMasterKeyId"}) stored.attributes.erase(not_kept);
  tx.put(key, encode(stored));
  return CreateTopicOutput{.topic_arn = topic.arn()};
}

// Deleting what is not there is fine. What waits in the outbox is still sent.
Result<DeleteTopicOutput> Service::delete_topic(store::Txn& tx, const wire::Call& call,
                                                const DeleteTopicInput& input) {
  TRY(const TopicId topic, rules::own_topic(call, input.topic_arn, "DeleteTopic"));
  tx.erase(keys::topic(topic.scope, topic.name));
  tx.erase(keys::counts(topic.scope, topic.name));
  tx.erase(store::prefix(keys::subscriptions(topic.scope, topic.name)));
  tx.erase(store::prefix(keys::endpoints(topic.scope, topic.name)));
  tx.erase(store::prefix(keys::tokens(topic.scope, topic.name)));
  return DeleteTopicOutput{};
}

Result<GetTopicAttributesOutput> Service::get_topic_attributes(
    const store::ReadTxn& tx, const wire::Call& call, const GetTopicAttributesInput& input) {
  TRY(const TopicId topic, rules::own_topic(call, input.topic_arn, "GetTopicAttributes"));
  TRY(const StoredTopic stored, find_topic(tx, topic));
  const Counts counts = read_counts(tx, topic);
  GetTopicAttributesOutput output;
  auto& attributes = output.attributes;
  attributes = {{"DisplayName", ""}, {"Policy", default_access_policy(topic)}};
  for (const auto& [name, value] : stored.attributes)
    if (!value.empty()) attributes[name] = value;
  attributes["TopicArn"] = topic.arn();
  attributes["Owner"] = topic.scope.account;
  attributes["SubscriptionsConfirmed"] = std::to_string(counts.confirmed);
  attributes["SubscriptionsPending"] = std::to_string(counts.pending);
  attributes["SubscriptionsDeleted"] = std::to_string(counts.deleted);
  attributes["EffectiveDeliveryPolicy"] =
      effective_json_of_topic(effective_policy(stored.attribute("DeliveryPolicy"), ""));
  return output;
}

Result<SetTopicAttributesOutput> Service::set_topic_attributes(
    store::Txn& tx, const wire::Call& call, const SetTopicAttributesInput& input) {
  TRY(const TopicId topic, rules::own_topic(call, input.topic_arn, "SetTopicAttributes"));
  TRY(StoredTopic stored, find_topic(tx, topic));
  const std::string value = input.attribute_value.value_or("");
  CHECK(rules::check_topic_attribute(input.attribute_name, value, ""));
  if (input.attribute_name == "FifoTopic") return rules::invalid_parameter("AttributeName");
  if (value.empty())
    stored.attributes.erase(input.attribute_name);
  else
    stored.attributes[input.attribute_name] = value;
  tx.put(keys::topic(topic.scope, topic.name), encode(stored));
  return SetTopicAttributesOutput{};
}

Result<ListTopicsOutput> Service::list_topics(const store::ReadTxn& tx, const wire::Call& call,
                                              const ListTopicsInput& input) {
  TRY(const store::Range range,
      page_range(store::prefix(keys::topics(call.scope)), input.next_token));
  ListTopicsOutput output;
  std::string last;
  tx.scan(range, [&](std::string_view key, std::string_view) {
    if (output.topics.size() == page_size) {
      output.next_token = encode_page(last);
      return false;
    }
    store::KeyReader reader(key);
    reader.skip();
    reader.scope();
    reader.skip();
    output.topics.push_back(
        {.topic_arn = TopicId{.scope = call.scope, .name = reader.text()}.arn()});
    last = key;
    return true;
  });
  return output;
}

}  // namespace cloudlet::sns
