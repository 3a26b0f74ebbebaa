// Finding what a request names, with the service's sentence when it is not there; and what every
// creation shares.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "services/iam/state.h"
#include "store/txn.h"

namespace cloudlet::iam {

Result<StoredRole> find_role(const store::ReadTxn& tx, const std::string& account,
                             const std::string& name);
Result<StoredUser> find_user(const store::ReadTxn& tx, const std::string& account,
                             const std::string& name);
Result<StoredProfile> find_profile(const store::ReadTxn& tx, const std::string& account,
                                   const std::string& name);

// A managed policy by ARN: the account's own, or one of AWS's (managed.h).
struct FoundPolicy {
  StoredPolicy policy;
  std::string arn;
  std::string aws_document;  // of AWS's; empty: the account's own
};
std::optional<FoundPolicy> find_policy(const store::ReadTxn& tx, const std::string& account,
                                       std::string_view arn);
// The account's own: AWS's cannot be changed (AccessDenied-like UnmodifiableEntity).
Result<StoredPolicy> find_own_policy(const store::ReadTxn& tx, const std::string& account,
                                     const std::string& arn);
std::uint64_t count_uses(const store::ReadTxn& tx, const std::string& account,
                         std::string_view policy_arn);

bool any_in(const store::ReadTxn& tx, const store::Key& under);

// "AROA" and 17 characters: the form of IAM's unique identifiers.
std::string new_id(Random& random, std::string_view prefix);

}  // namespace cloudlet::iam
