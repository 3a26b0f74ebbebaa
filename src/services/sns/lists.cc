// Lists of subscriptions, in pages of 100.
#include "base/encoding.h"
#include "services/sns/keys.h"
#include "services/sns/rules.h"
#include "services/sns/sns.h"

namespace cloudlet::sns {
namespace {

struct Page {
  std::vector<Subscription> subscriptions;
  std::optional<std::string> next_token;
};

Page read_page(const store::ReadTxn& tx, const Scope& scope, const store::Range& range) {
  Page page;
  std::string last;
  tx.scan(range, [&](std::string_view key, std::string_view value) {
    if (page.subscriptions.size() == page_size) {
      page.next_token = encode_page(last);
      return false;
    }
    store::KeyReader reader(key);
    reader.skip();
    reader.scope();
    reader.skip();
    const TopicId topic{.scope = scope, .name = reader.text()};
    const StoredSubscription stored = decode_subscription(value);
    page.subscriptions.push_back(
        {.endpoint = stored.endpoint,
         .owner = stored.owner,
         .protocol = stored.protocol,
         .subscription_arn = stored.pending ? "PendingConfirmation" : stored.arn(topic),
         .topic_arn = topic.arn()});
    last = key;
    return true;
  });
  return page;
}

}  // namespace

std::string encode_page(std::string_view last_key) { return to_base64(last_key); }

Result<store::Range> page_range(const store::Range& range,
                                const std::optional<std::string>& token) {
  if (!token || token->empty()) return range;
  const auto key = from_base64(*token);
  if (!key || *key < range.from || *key >= range.to) return rules::invalid_parameter("NextToken");
  return store::after(range, store::Key::from_bytes(*key));
}

Result<ListSubscriptionsOutput> Service::list_subscriptions(const store::ReadTxn& tx,
                                                            const wire::Call& call,
                                                            const ListSubscriptionsInput& input) {
  TRY(const store::Range range,
      page_range(store::prefix(keys::subscriptions(call.scope)), input.next_token));
  Page page = read_page(tx, call.scope, range);
  return ListSubscriptionsOutput{.next_token = page.next_token,
                                 .subscriptions = std::move(page.subscriptions)};
}

Result<ListSubscriptionsByTopicOutput> Service::list_subscriptions_by_topic(
    const store::ReadTxn& tx, const wire::Call& call, const ListSubscriptionsByTopicInput& input) {
  TRY(const TopicId topic, rules::own_topic(call, input.topic_arn, "ListSubscriptionsByTopic"));
  CHECK(find_topic(tx, topic));
  TRY(const store::Range range,
      page_range(store::prefix(keys::subscriptions(topic.scope, topic.name)), input.next_token));
  Page page = read_page(tx, topic.scope, range);
  return ListSubscriptionsByTopicOutput{.next_token = page.next_token,
                                        .subscriptions = std::move(page.subscriptions)};
}

}  // namespace cloudlet::sns
