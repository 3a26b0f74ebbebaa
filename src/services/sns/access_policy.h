// A topic's access policy: the one that AWS makes for a new topic, and the check of what a user
// sets.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "services/sns/state.h"

namespace cloudlet::sns {

// Only the owner's account may do anything.
std::string default_access_policy(const TopicId& topic);

// The error's message is what the service says after "Invalid parameter: ".
Result<void> check_access_policy(std::string_view json);

}  // namespace cloudlet::sns
