// Every key that STS writes: sessions of roles, by the access key that was given for them.
#pragma once

#include <string>
#include <string_view>

#include "store/key.h"

namespace cloudlet::sts::keys {

inline store::Key session(const std::string& account, std::string_view access_key) {
  return store::make_key("sts", account, "session", access_key);
}

}  // namespace cloudlet::sts::keys
