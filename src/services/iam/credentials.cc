#include "services/iam/credentials.h"

#include "services/iam/keys.h"
#include "services/iam/state.h"

namespace cloudlet::iam {

store::Range AccessKeys::range() const { return prefix(store::make_key("iam")); }

// ("iam", account, "access-key", user, id); all else in the range is of no interest.
void AccessKeys::apply(std::string_view key, std::optional<std::string_view> value) {
  store::KeyReader reader(key);
  reader.skip();
  const std::string account = reader.text();
  if (reader.text() != "access-key") return;
  reader.skip();
  const std::string id = reader.text();
  const std::scoped_lock lock(mutex_);
  if (!value) {
    keys_.erase(id);
    return;
  }
  const StoredKey stored = decode_key(*value);
  if (!stored.active) {
    keys_.erase(id);
    return;
  }
  keys_[id] = {.secret = stored.secret,
               .account = account,
               .principal = {.kind = stored.user.empty() ? wire::Principal::Kind::root
                                                         : wire::Principal::Kind::user,
                             .arn = stored.user_arn,
                             .id = stored.user_id}};
}

std::optional<wire::Credential> AccessKeys::find(std::string_view access_key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = keys_.find(std::string(access_key));
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

}  // namespace cloudlet::iam
