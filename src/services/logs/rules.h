// What CloudWatch Logs checks and no model says, with its sentences.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/result.h"
#include "services/logs/state.h"

namespace cloudlet::logs {

Error no_such_group();
Error no_such_stream();

// A group by name or by identifier (a name or an ARN of this account and region): exactly one of
// them.
Result<std::string> group_name(const Scope& scope, const std::optional<std::string>& name,
                               const std::optional<std::string>& identifier);
// The group that an ARN of a resource names, for tags.
Result<std::string> group_of_arn(const Scope& scope, const std::string& arn);
Result<void> check_stream_name(const std::string& name);
Result<void> check_retention(int days);
Result<void> check_tags(const std::map<std::string, std::string>& tags);
// Sizes, order and span of one batch.
Result<void> check_batch(const std::vector<NewEvent>& events);

}  // namespace cloudlet::logs
