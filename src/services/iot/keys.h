// Every key this service writes, as typed tuples under "iot".
//
// Everything that decides what a certificate may do stands under ("iot", "auth"), so that one view
// hears of it. Certificates are found by id alone (a TLS client shows nothing else); the record
// says whose they are.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arn.h"
#include "store/key.h"

namespace cloudlet::iot::keys {

using store::Key;
using store::make_key;

// The authority: one certificate and key each.
inline Key ca() { return make_key("iot", "authority", "ca"); }
inline Key server() { return make_key("iot", "authority", "server"); }

// Certificates.
inline Key auth() { return make_key("iot", "auth"); }
inline Key certificate(std::string_view id) { return make_key("iot", "auth", "cert", id); }
inline Key certificate_policies(std::string_view id) {
  return make_key("iot", "auth", "cert-policy", id);
}
inline Key certificate_policy(std::string_view id, std::string_view policy) {
  return certificate_policies(id).add(policy);
}
inline Key certificates(const Scope& scope) { return make_key("iot", "cert-by-date", scope); }
inline Key certificate_by_date(const Scope& scope, Time created, std::string_view id) {
  return certificates(scope).add(created).add(id);
}
inline Key certificate_things(std::string_view id) { return make_key("iot", "cert-thing", id); }
inline Key certificate_thing(std::string_view id, std::string_view thing) {
  return certificate_things(id).add(thing);
}

// Policies.
inline Key policies(const Scope& scope) { return make_key("iot", "auth", "policy", scope); }
inline Key policy(const Scope& scope, std::string_view name) { return policies(scope).add(name); }
inline Key policy_versions(const Scope& scope, std::string_view name) {
  return make_key("iot", "auth", "policy-version", scope, name);
}
inline Key policy_version(const Scope& scope, std::string_view name, std::uint64_t number) {
  return policy_versions(scope, name).add(number);
}
inline Key policy_targets(const Scope& scope, std::string_view name) {
  return make_key("iot", "policy-target", scope, name);
}
inline Key policy_target(const Scope& scope, std::string_view name, std::string_view certificate) {
  return policy_targets(scope, name).add(certificate);
}

// Things.
inline Key things(const Scope& scope) { return make_key("iot", "thing", scope); }
inline Key thing(const Scope& scope, std::string_view name) { return things(scope).add(name); }
inline Key thing_principals(const Scope& scope, std::string_view name) {
  return make_key("iot", "thing-cert", scope, name);
}
inline Key thing_principal(const Scope& scope, std::string_view name,
                           std::string_view certificate) {
  return thing_principals(scope, name).add(certificate);
}
inline Key thing_types(const Scope& scope) { return make_key("iot", "thing-type", scope); }
inline Key thing_type(const Scope& scope, std::string_view name) {
  return thing_types(scope).add(name);
}

// Tags of anything, by ARN.
inline Key tags(std::string_view arn) { return make_key("iot", "tags", arn); }
inline Key tag(std::string_view arn, std::string_view key) { return tags(arn).add(key); }

// Rules.
inline Key all_rules() { return make_key("iot", "rule"); }
inline Key rules(const Scope& scope) { return make_key("iot", "rule", scope); }
inline Key rule(const Scope& scope, std::string_view name) { return rules(scope).add(name); }

// MQTT: one broker, one space of topics. `client` names a session (mqtt::session_name): a client id
// of the default account and region as it is, so that what was stored before there were others
// still opens.
inline Key retained_messages() { return make_key("iot", "retained"); }
inline Key retained(std::string_view topic) { return retained_messages().add(topic); }
// The timer that removes it when it expires.
inline Key retained_timer(std::string_view topic) {
  return make_key("iot", "retained-timer", topic);
}
inline Key sessions() { return make_key("iot", "session"); }
inline Key session(std::string_view client) { return sessions().add(client); }
inline Key subscriptions(std::string_view client) {
  return make_key("iot", "subscription", client);
}
inline Key subscription(std::string_view client, std::string_view filter) {
  return subscriptions(client).add(filter);
}
// The session's queue: where it ends, and what is in it by position.
inline Key queue_end(std::string_view client) { return make_key("iot", "queue-end", client); }
inline Key queue(std::string_view client) { return make_key("iot", "queue", client); }
inline Key queued(std::string_view client, std::uint64_t position) {
  return queue(client).add(position);
}
inline Key received_ids(std::string_view client) { return make_key("iot", "received", client); }
inline Key received_id(std::string_view client, std::uint16_t packet_id) {
  return received_ids(client).add(static_cast<std::uint64_t>(packet_id));
}
inline Key will(std::string_view client) { return make_key("iot", "will", client); }

}  // namespace cloudlet::iot::keys
