// Simple Notification Service: topics, and who is told what is published to them.
//
// One publish is one transaction: it puts a delivery record for each address and URL, and hands
// each function its event.
#pragma once

#include <memory>
#include <string>

#include "delivery/outbox.h"
#include "gen/sns/api.h"
#include "journal/journal.h"
#include "services/sns/filter_view.h"
#include "services/sns/message.h"
#include "services/sns/signer.h"
#include "services/sns/state.h"
#include "store/store.h"
#include "store/timers.h"

namespace cloudlet::sns {

struct Copy;

struct Collaborators {
  store::Store& store;
  const delivery::Targets& targets;
  const delivery::Outbox& outbox;
  journal::Journal& journal;
  Clock& clock;
  Random& random;
  std::string endpoint =
      "http://localhost:4566";  // of links, where no client said how it reaches us
};

class Service final : public Operations, public delivery::Target {
 public:
  // Registers its timers and its view: before Store::start.
  explicit Service(const Collaborators& with);
  // After Store::start, before the first call: the key that signs. Blocks.
  Result<void> start();

  const Signer& signer() const { return *signer_; }

  Result<CreateTopicOutput> create_topic(store::Txn&, const wire::Call&,
                                         const CreateTopicInput&) override;
  Result<DeleteTopicOutput> delete_topic(store::Txn&, const wire::Call&,
                                         const DeleteTopicInput&) override;
  Result<GetTopicAttributesOutput> get_topic_attributes(const store::ReadTxn&, const wire::Call&,
                                                        const GetTopicAttributesInput&) override;
  Result<SetTopicAttributesOutput> set_topic_attributes(store::Txn&, const wire::Call&,
                                                        const SetTopicAttributesInput&) override;
  Result<ListTopicsOutput> list_topics(const store::ReadTxn&, const wire::Call&,
                                       const ListTopicsInput&) override;

  Result<ListTagsForResourceOutput> list_tags_for_resource(
      const store::ReadTxn&, const wire::Call&, const ListTagsForResourceInput&) override;
  Result<TagResourceOutput> tag_resource(store::Txn&, const wire::Call&,
                                         const TagResourceInput&) override;
  Result<UntagResourceOutput> untag_resource(store::Txn&, const wire::Call&,
                                             const UntagResourceInput&) override;

  Result<SubscribeOutput> subscribe(store::Txn&, const wire::Call&, const SubscribeInput&) override;
  Result<ConfirmSubscriptionOutput> confirm_subscription(store::Txn&, const wire::Call&,
                                                         const ConfirmSubscriptionInput&) override;
  Result<UnsubscribeOutput> unsubscribe(store::Txn&, const wire::Call&,
                                        const UnsubscribeInput&) override;
  Result<GetSubscriptionAttributesOutput> get_subscription_attributes(
      const store::ReadTxn&, const wire::Call&, const GetSubscriptionAttributesInput&) override;
  Result<SetSubscriptionAttributesOutput> set_subscription_attributes(
      store::Txn&, const wire::Call&, const SetSubscriptionAttributesInput&) override;
  Result<ListSubscriptionsOutput> list_subscriptions(const store::ReadTxn&, const wire::Call&,
                                                     const ListSubscriptionsInput&) override;
  Result<ListSubscriptionsByTopicOutput> list_subscriptions_by_topic(
      const store::ReadTxn&, const wire::Call&, const ListSubscriptionsByTopicInput&) override;

  Result<PublishOutput> publish(store::Txn&, const wire::Call&, const PublishInput&) override;
  Result<PublishBatchOutput> publish_batch(store::Txn&, const wire::Call&,
                                           const PublishBatchInput&) override;

  // Being a target ("sns"): the address is a topic, the payload is the message. Parameters:
  // "message_format" ("RAW", the default, or "JSON": the payload is MessageStructure=json),
  // "subject".
  Result<void> deliver(store::Txn& tx, const delivery::Address& to,
                       const delivery::Event& event) override;

 private:
  struct Mailing;  // a confirmation on its way out
  void send_confirmation(store::Txn& tx, const TopicId& topic, const StoredTopic& stored,
                         const StoredSubscription& subscription, const Mailing& mailing) const;
  std::string make_token(store::Txn& tx, const TopicId& topic, const StoredToken& token,
                         Time now) const;
  void token_expires(store::Txn& tx, const store::Timer& timer) const;
  void remove(store::Txn& tx, const TopicId& topic, const StoredSubscription& subscription,
              Time now) const;
  // Hands one subscription its copy.
  Result<void> hand_on(store::Txn& tx, const Copy& copy, const Message& message,
                       Signatures& signatures) const;
  // Hands `message` to every subscription. `cause`: what the publish came from.
  void fan_out(store::Txn& tx, const TopicId& topic, const StoredTopic& stored,
               const Message& message, Cause cause, std::string note) const;

  const Collaborators with_;
  FilterView filters_;
  std::unique_ptr<Signer> signer_;
};

// The topic, or NotFound in the service's words.
Result<StoredTopic> find_topic(const store::ReadTxn& tx, const TopicId& topic);
std::optional<StoredSubscription> read_subscription(const store::ReadTxn& tx, const TopicId& topic,
                                                    std::string_view id);
void write_subscription(store::Txn& tx, const TopicId& topic,
                        const StoredSubscription& subscription);

SignatureVersion signature_version(const StoredTopic& topic);
std::string sender_of(const StoredTopic& topic);  // display name of mails

// Sets one attribute of a subscription. `reason` stands in front of what is wrong: "Attributes
// Reason: " for Subscribe.
Result<void> set_attribute(StoredSubscription& subscription, const std::string& name,
                           const std::string& value, const std::string& reason);
// As stored, or the default; nothing for names that nobody can set.
std::string get_attribute(const StoredSubscription& subscription, const std::string& name);

// Pages of 100, as the service has them.
constexpr std::size_t page_size = 100;
std::string encode_page(std::string_view last_key);
// The rest of `range` after the page that the token ended.
Result<store::Range> page_range(const store::Range& range, const std::optional<std::string>& token);

}  // namespace cloudlet::sns
