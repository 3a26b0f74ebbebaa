// Tags of topics.
#include "services/sns/keys.h"
#include "services/sns/rules.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {
namespace {

Result<StoredTopic> find_tagged(const store::ReadTxn& tx, const TopicId& topic) {
  const auto bytes = tx.get(keys::topic(topic.scope, topic.name));
  if (!bytes) return errors::resource_not_found("Resource does not exist");
  return decode_topic(*bytes);
}

}  // namespace

Result<ListTagsForResourceOutput> Service::list_tags_for_resource(
    const store::ReadTxn& tx, const wire::Call& call, const ListTagsForResourceInput& input) {
  TRY(const TopicId topic,
      rules::own_topic(call, input.resource_arn, "ListTagsForResource", "ResourceArn"));
  TRY(const StoredTopic stored, find_tagged(tx, topic));
  ListTagsForResourceOutput output;
  for (const auto& [key, value] : stored.tags) output.tags.push_back({.key = key, .value = value});
  return output;
}

Result<TagResourceOutput> Service::tag_resource(store::Txn& tx, const wire::Call& call,
                                                const TagResourceInput& input) {
  TRY(const TopicId topic,
      rules::own_topic(call, input.resource_arn, "TagResource", "ResourceArn"));
  CHECK(rules::check_tags(input.tags));
  TRY(StoredTopic stored, find_tagged(tx, topic));
  for (const Tag& tag : input.tags) stored.tags[tag.key] = tag.value;
  if (stored.tags.size() > rules::tags_max)
    return errors::tag_limit_exceeded(
        "Could not complete request: tag quota of per resource exceeded");
  tx.put(keys::topic(topic.scope, topic.name), encode(stored));
  return TagResourceOutput{};
}

Result<UntagResourceOutput> Service::untag_resource(store::Txn& tx, const wire::Call& call,
                                                    const UntagResourceInput& input) {
  TRY(const TopicId topic,
      rules::own_topic(call, input.resource_arn, "UntagResource", "ResourceArn"));
  TRY(StoredTopic stored, find_tagged(tx, topic));
  for (const std::string& key : input.tag_keys) stored.tags.erase(key);
  tx.put(keys::topic(topic.scope, topic.name), encode(stored));
  return UntagResourceOutput{};
}

}  // namespace cloudlet::sns
