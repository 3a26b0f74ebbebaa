// IAM's resource types, one a file.
#pragma once

#include <memory>

#include "deploy/resource_steps.h"
#include "gen/iam/api.h"

namespace cloudlet::iam {

using namespace deploy::words;
namespace json = boost::json;

std::unique_ptr<deploy::ResourceType> role_resource();              // resources_role.cc
std::unique_ptr<deploy::ResourceType> managed_policy_resource();    // resources_policy.cc
std::unique_ptr<deploy::ResourceType> policy_resource();            // resources_policy.cc
std::unique_ptr<deploy::ResourceType> instance_profile_resource();  // resources_profile.cc

}  // namespace cloudlet::iam
