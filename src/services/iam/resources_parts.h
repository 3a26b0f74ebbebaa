// IAM's resource types, one a file.
#pragma once

#include <memory>

#include "deploy/resource_types.h"
#include "gen/iam/api.h"

namespace cloudlet::iam {

std::unique_ptr<deploy::ResourceType> role_resource();              // resources_role.cc
std::unique_ptr<deploy::ResourceType> managed_policy_resource();    // resources_policy.cc
std::unique_ptr<deploy::ResourceType> policy_resource();            // resources_policy.cc
std::unique_ptr<deploy::ResourceType> instance_profile_resource();  // resources_profile.cc

// In `wanted` but not in `had`.
std::vector<std::string> beyond(const std::vector<std::string>& wanted,
                                const std::vector<std::string>& had);

}  // namespace cloudlet::iam
