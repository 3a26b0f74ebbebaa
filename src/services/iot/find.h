// Finding what an operation speaks of, or the service's error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/iot/state.h"
#include "store/txn.h"
#include "wire/call.h"

namespace cloudlet::iot {

// ResourceNotFoundException for what isn't there, or is another account's.
Result<StoredCertificate> find_certificate(const store::ReadTxn& tx, const wire::Call& call,
                                           std::string_view id);
Result<StoredPolicy> find_policy(const store::ReadTxn& tx, const wire::Call& call,
                                 std::string_view name);
Result<StoredPolicyVersion> find_policy_version(const store::ReadTxn& tx, const wire::Call& call,
                                                const StoredPolicy& policy, std::uint64_t number);
Result<StoredThing> find_thing(const store::ReadTxn& tx, const wire::Call& call,
                               std::string_view name);
Result<StoredThingType> find_thing_type(const store::ReadTxn& tx, const wire::Call& call,
                                        std::string_view name);
// UnauthorizedException: the service doesn't tell a missing rule from a forbidden one.
Result<StoredRule> find_rule(const store::ReadTxn& tx, const wire::Call& call,
                             std::string_view name);

// The certificate id in a principal's ARN. InvalidRequestException for thing groups, Cognito
// identities and nonsense.
Result<std::string> certificate_in_arn(const wire::Call& call, std::string_view arn);

// Tags at creation, and all that goes with a resource.
Result<void> put_tags(store::Txn& tx, std::string_view arn, const std::vector<Tag>& tags);
void drop_tags(store::Txn& tx, std::string_view arn);

}  // namespace cloudlet::iot
