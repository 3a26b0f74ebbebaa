// What IAM stores.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace cloudlet::iam {

using Tags = std::map<std::string, std::string>;

struct StoredRole {
  std::string name;
  std::string path = "/";
  std::string id;     // "AROA..."
  std::string trust;  // the document
  std::string description;
  std::string boundary;  // ARN of the permissions boundary; empty: none
  std::uint64_t session_seconds_max = 3600;
  Time created;
  Tags tags;

  std::string arn(const std::string& account) const;
};

struct StoredPolicy {
  std::string name;
  std::string path = "/";
  std::string id;  // "ANPA..."
  std::string description;
  std::uint64_t default_version = 1;
  std::uint64_t last_version = 1;  // numbers never come back
  Time created;
  Time updated;
  Tags tags;

  std::string arn(const std::string& account) const;
};

struct StoredVersion {
  std::string document;
  Time created;
};

struct StoredProfile {
  std::string name;
  std::string path = "/";
  std::string id;    // "AIPA..."
  std::string role;  // name; empty: none. One at most
  Time created;
  Tags tags;

  std::string arn(const std::string& account) const;
};

struct StoredUser {
  std::string name;
  std::string path = "/";
  std::string id;  // "AIDA..."
  std::string boundary;
  Time created;
  Tags tags;

  std::string arn(const std::string& account) const;
};

struct StoredKey {
  std::string id;  // "AKIA..."
  std::string secret;
  std::string user;  // name; empty: the account's root
  std::string user_id;
  std::string user_arn;
  bool active = true;
  Time created;
};

std::string encode(const StoredRole& role);
std::string encode(const StoredPolicy& policy);
std::string encode(const StoredVersion& version);
std::string encode(const StoredProfile& profile);
std::string encode(const StoredUser& user);
std::string encode(const StoredKey& key);

StoredRole decode_role(std::string_view bytes);
StoredPolicy decode_policy(std::string_view bytes);
StoredVersion decode_version(std::string_view bytes);
StoredProfile decode_profile(std::string_view bytes);
StoredUser decode_user(std::string_view bytes);
StoredKey decode_key(std::string_view bytes);

}  // namespace cloudlet::iam
