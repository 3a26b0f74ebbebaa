// A session: somebody who took a role on, until when, with which temporary key.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace cloudlet::sts {

struct StoredSession {
  std::string access_key;  // "ASIA..."
  std::string secret;
  std::string token;
  std::string arn;  // "arn:aws:sts::000000000000:assumed-role/role/session"
  std::string id;   // "AROA...:session"
  Time expires;
  std::string source_identity;
  std::string policy;                    // the session policy, as given
  std::vector<std::string> policy_arns;  // managed session policies
  std::map<std::string, std::string> tags;
};

std::string encode(const StoredSession& session);
StoredSession decode_session(std::string_view bytes);

}  // namespace cloudlet::sts
