// What is stored: certificates, policies, things, rules. Encoded as numbered fields
// (store/record.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "base/clock.h"
#include "gen/iot/types.h"

namespace cloudlet::iot {

struct StoredCertificate {
  std::string id;  // SHA-256 of the DER, 64 hex digits
  Scope scope;
  CertificateStatus status = CertificateStatus::inactive;
  CertificateMode mode = CertificateMode::default_;
  std::string pem;
  std::string ca_id;  // id of the issuer's certificate, if it is known
  Time created;
  Time modified;
  Time not_before;
  Time not_after;
  std::uint64_t version = 1;  // customerVersion
  std::string generation;
};
std::string encode(const StoredCertificate& certificate);
StoredCertificate decode_certificate(std::string_view bytes);

struct StoredPolicy {
  std::string name;
  std::uint64_t default_version = 1;
  std::uint64_t last_version = 1;  // numbers are never used again
  Time created;
  Time modified;
  std::string generation;
};
std::string encode(const StoredPolicy& policy);
StoredPolicy decode_policy(std::string_view bytes);

struct StoredPolicyVersion {
  std::uint64_t number = 1;
  std::string document;
  Time created;
};
std::string encode(const StoredPolicyVersion& version);
StoredPolicyVersion decode_policy_version(std::string_view bytes);

struct StoredThing {
  std::string name;
  std::string id;
  std::string type;  // empty: none
  std::map<std::string, std::string> attributes;
  std::uint64_t version = 1;
};
std::string encode(const StoredThing& thing);
StoredThing decode_thing(std::string_view bytes);

struct StoredThingType {
  std::string name;
  std::string id;
  std::string description;
  std::vector<std::string> searchable;
  Time created;
  std::optional<Time> deprecated;
};
std::string encode(const StoredThingType& type);
StoredThingType decode_thing_type(std::string_view bytes);

struct StoredRule {
  std::string name;
  Scope scope;
  TopicRulePayload payload;
  Time created;
  bool operator==(const StoredRule&) const = default;
};
std::string encode(const StoredRule& rule);
StoredRule decode_rule(std::string_view bytes);

// ARNs of this service's resources.
std::string certificate_arn(const Scope& scope, std::string_view id);
std::string policy_arn(const Scope& scope, std::string_view name);
std::string thing_arn(const Scope& scope, std::string_view name);
std::string thing_type_arn(const Scope& scope, std::string_view name);
std::string rule_arn(const Scope& scope, std::string_view name);

}  // namespace cloudlet::iot
