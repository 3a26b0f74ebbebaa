// Physical names as CloudFormation makes them: stack, logical id, and twelve characters that nobody
// else has.
#pragma once

#include <string>

#include "deploy/resource_type.h"

namespace cloudlet::deploy {

// `unique`: a text that no other resource has; the same one gives the same name.
std::string physical_name(const std::string& stack, const std::string& logical_id,
                          const std::string& unique, const NameStyle& style);

}  // namespace cloudlet::deploy
