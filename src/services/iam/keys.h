// Every key that IAM writes. IAM is global: no region. Names are unique whatever their case, so
// keys hold them in lower case.
#pragma once

#include <string>
#include <string_view>

#include "store/key.h"

namespace cloudlet::iam::keys {

using store::Key;
using store::make_key;

inline std::string folded(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// StoredRole
inline Key roles(const std::string& account) { return make_key("iam", account, "role"); }
inline Key role(const std::string& account, std::string_view name) {
  return roles(account).add(folded(name));
}
// The text of an inline policy
inline Key role_policies(const std::string& account, std::string_view role) {
  return make_key("iam", account, "role-policy", folded(role));
}
inline Key role_policy(const std::string& account, std::string_view role, std::string_view policy) {
  return role_policies(account, role).add(policy);
}
// Which managed policies a role has, by ARN; and the other way round
inline Key role_attachments(const std::string& account, std::string_view role) {
  return make_key("iam", account, "role-attachment", folded(role));
}
inline Key role_attachment(const std::string& account, std::string_view role,
                           std::string_view arn) {
  return role_attachments(account, role).add(arn);
}
inline Key policy_users(const std::string& account, std::string_view arn) {
  return make_key("iam", account, "policy-use", arn);
}
inline Key policy_user(const std::string& account, std::string_view arn, std::string_view role) {
  return policy_users(account, arn).add(folded(role));
}
// StoredPolicy, by folded name; StoredVersion, by number
inline Key policies(const std::string& account) { return make_key("iam", account, "policy"); }
inline Key policy(const std::string& account, std::string_view name) {
  return policies(account).add(folded(name));
}
inline Key versions(const std::string& account, std::string_view policy) {
  return make_key("iam", account, "policy-version", folded(policy));
}
inline Key version(const std::string& account, std::string_view policy, std::uint64_t number) {
  return versions(account, policy).add(number);
}
// StoredProfile; and the profiles of a role
inline Key profiles(const std::string& account) { return make_key("iam", account, "profile"); }
inline Key profile(const std::string& account, std::string_view name) {
  return profiles(account).add(folded(name));
}
inline Key role_profiles(const std::string& account, std::string_view role) {
  return make_key("iam", account, "role-profile", folded(role));
}
inline Key role_profile(const std::string& account, std::string_view role,
                        std::string_view profile) {
  return role_profiles(account, role).add(folded(profile));
}
// StoredUser
inline Key users(const std::string& account) { return make_key("iam", account, "user"); }
inline Key user(const std::string& account, std::string_view name) {
  return users(account).add(folded(name));
}
// StoredKey, by user (the root: no name); what the view of all credentials reads
inline Key access_keys(const std::string& account, std::string_view user) {
  return make_key("iam", account, "access-key", folded(user));
}
inline Key access_key(const std::string& account, std::string_view user, std::string_view id) {
  return access_keys(account, user).add(id);
}

}  // namespace cloudlet::iam::keys
