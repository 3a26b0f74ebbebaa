// The access key of an account's root that a server which verifies signatures hands to its owner:
// how somebody gets in before there is any user.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "services/iam/state.h"
#include "store/txn.h"

namespace cloudlet::iam {

// A new pair of id and secret, of nobody yet.
StoredKey new_key(Random& random, Time now);

// A new key of the root. The keys it had are gone: what was lost is nobody's.
StoredKey renew_root_key(store::Txn& tx, const std::string& account, Random& random, Time now);

// Whether that is a working key of the account's root.
bool is_root_key(const store::ReadTxn& tx, const std::string& account, const std::string& id,
                 const std::string& secret);

}  // namespace cloudlet::iam
