// The two messages that ask an endpoint's owner, and how long their answer counts.
#pragma once

#include "services/sns/sns.h"

namespace cloudlet::sns {

// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html: three days.
constexpr Duration token_lifetime = std::chrono::hours(72);
constexpr std::string_view token_timer = "sns.token";
constexpr std::string_view deleted_timer = "sns.deleted";

struct Service::Mailing {
  Confirmation kind = Confirmation::subscribe;
  Cause cause;
  Time now;
  Random& random;
};

}  // namespace cloudlet::sns
