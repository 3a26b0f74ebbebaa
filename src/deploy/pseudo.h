// AWS::Region and its kind: what a template may refer to without declaring it.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/arn.h"

namespace cloudlet::deploy {

bool is_pseudo_parameter(std::string_view name);

// All of them but AWS::NoValue, which is no value. AWS::NotificationARNs is an empty list and is
// not in here.
std::map<std::string, std::string, std::less<>> pseudo_parameters(const Scope& scope,
                                                                  const std::string& stack_id,
                                                                  const std::string& stack_name);

// "eu-west-1" -> "eu-west-1a", "eu-west-1b", "eu-west-1c".
std::string availability_zone(std::string_view region, int index);

}  // namespace cloudlet::deploy
