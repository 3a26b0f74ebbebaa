#include "services/sts/sessions.h"

#include "services/sts/session.h"

namespace cloudlet::sts {

store::Range Sessions::range() const { return prefix(store::make_key("sts")); }

// ("sts", account, "session", access key)
void Sessions::apply(std::string_view key, std::optional<std::string_view> value) {
  store::KeyReader reader(key);
  reader.skip();
  const std::string account = reader.text();
  if (reader.text() != "session") return;
  const std::string access_key = reader.text();
  const std::scoped_lock lock(mutex_);
  if (!value) {
    sessions_.erase(access_key);
    return;
  }
  const StoredSession session = decode_session(*value);
  sessions_[access_key] = {
      .secret = session.secret,
      .session_token = session.token,
      .expires = session.expires,
      .account = account,
      .principal = {
          .kind = wire::Principal::Kind::assumed_role, .arn = session.arn, .id = session.id}};
}

std::optional<wire::Credential> Sessions::find(std::string_view access_key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = sessions_.find(std::string(access_key));
  if (found == sessions_.end()) return std::nullopt;
  return found->second;
}

}  // namespace cloudlet::sts
