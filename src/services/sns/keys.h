// Every key that SNS writes. All of a topic's lie in ranges of its own, so that deleting it costs
// the same whatever it has.
#pragma once

#include <string>
#include <string_view>

#include "base/arn.h"
#include "store/key.h"

namespace cloudlet::sns::keys {

inline store::Key topics(const Scope& scope) {
  return store::make_key("sns", scope.account, scope.region, "topic");
}
inline store::Key topic(const Scope& scope, std::string_view name) {
  return topics(scope).add(name);
}
inline store::Key counts(const Scope& scope, std::string_view topic_name) {
  return store::make_key("sns", scope.account, scope.region, "counts", topic_name);
}

// topic, id -> StoredSubscription
inline store::Key subscriptions(const Scope& scope) {
  return store::make_key("sns", scope.account, scope.region, "subscription");
}
inline store::Key subscriptions(const Scope& scope, std::string_view topic_name) {
  return subscriptions(scope).add(topic_name);
}
inline store::Key subscription(const Scope& scope, std::string_view topic_name,
                               std::string_view id) {
  return subscriptions(scope, topic_name).add(id);
}

// topic, protocol, endpoint -> id
inline store::Key endpoints(const Scope& scope, std::string_view topic_name) {
  return store::make_key("sns", scope.account, scope.region, "endpoint", topic_name);
}
inline store::Key endpoint(const Scope& scope, std::string_view topic_name,
                           std::string_view protocol, std::string_view address) {
  return endpoints(scope, topic_name).add(protocol).add(address);
}

// topic, token -> StoredToken
inline store::Key tokens(const Scope& scope, std::string_view topic_name) {
  return store::make_key("sns", scope.account, scope.region, "token", topic_name);
}
inline store::Key token(const Scope& scope, std::string_view topic_name, std::string_view text) {
  return tokens(scope, topic_name).add(text);
}

// The key pair that signs messages: one for the whole server.
inline store::Key signer() { return store::make_key("sns-signer"); }

}  // namespace cloudlet::sns::keys
