// What SNS keeps: topics, subscriptions, tokens, and how they are written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/arn.h"
#include "base/clock.h"
#include "store/txn.h"

namespace cloudlet::sns {

// A topic's name and where it lives: its ARN taken apart.
struct TopicId {
  Scope scope;
  std::string name;
  std::string arn() const { return make_arn("sns", scope, name); }
  auto operator<=>(const TopicId&) const = default;
};

struct StoredTopic {
  std::map<std::string, std::string>
      attributes;  // as set: DisplayName, Policy, DeliveryPolicy, SignatureVersion, ...
  std::map<std::string, std::string> tags;
  Time created;

  // Empty if not set.
  std::string attribute(const std::string& name) const;
};

// How many subscriptions a topic has, kept beside it so that nobody has to count.
struct Counts {
  std::uint64_t confirmed = 0;
  std::uint64_t pending = 0;
  std::uint64_t deleted = 0;  // in the last three days
};

struct StoredSubscription {
  std::string id;
  std::string protocol;
  std::string endpoint;
  std::string owner;  // account
  bool pending = true;
  bool authenticated = false;                // confirmed by a signed call
  bool authenticate_on_unsubscribe = false;  // the opt-out link does not work
  bool raw = false;                          // RawMessageDelivery
  std::string filter_policy;                 // JSON as given; empty: none
  std::string filter_scope;     // "MessageAttributes" or "MessageBody"; empty: the first
  std::string delivery_policy;  // JSON as given; empty: none
  std::string base_url;         // where its links point to: as the subscriber's client wrote it
  std::string principal;        // ARN of who subscribed
  std::string opt_out;          // the secret of its opt-out links; empty: made before there was one
  Time created;
  Time pending_until;  // unconfirmed by then: it goes away

  std::string arn(const TopicId& topic) const { return topic.arn() + ":" + id; }
};

// What a confirmation token is for.
struct StoredToken {
  std::string subscription_id;
  std::string again;  // an ended subscription that the token would bring back, encoded; empty: a
                      // pending one
};

std::string encode(const StoredTopic& topic);
StoredTopic decode_topic(std::string_view bytes);
std::string encode(const StoredSubscription& subscription);
StoredSubscription decode_subscription(std::string_view bytes);
std::string encode(const StoredToken& token);
StoredToken decode_token(std::string_view bytes);

Counts read_counts(const store::ReadTxn& tx, const TopicId& topic);
void write_counts(store::Txn& tx, const TopicId& topic, const Counts& counts);

}  // namespace cloudlet::sns
