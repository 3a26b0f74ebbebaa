#include "services/iam/root_key.h"

#include "base/digest.h"
#include "services/iam/keys.h"
#include "services/iam/present.h"

namespace cloudlet::iam {

StoredKey renew_root_key(store::Txn& tx, const std::string& account, Random& random, Time now) {
  tx.erase(prefix(keys::access_keys(account, "")));
  StoredKey key = new_key(random, now);
  key.user_id = account;
  key.user_arn = "arn:aws:iam::" + account + ":root";
  tx.put(keys::access_key(account, "", key.id), encode(key));
  return key;
}

bool is_root_key(const store::ReadTxn& tx, const std::string& account, const std::string& id,
                 const std::string& secret) {
  const auto bytes = tx.get(keys::access_key(account, "", id));
  if (!bytes) return false;
  const StoredKey key = decode_key(*bytes);
  return key.active && equal_constant_time(key.secret, secret);
}

}  // namespace cloudlet::iam
