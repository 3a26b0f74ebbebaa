// Lambda's resource types.
#pragma once

#include <memory>

#include "deploy/resource_steps.h"
#include "gen/lambda/api.h"

namespace cloudlet::lambda {

using namespace deploy::words;
namespace json = boost::json;

std::unique_ptr<deploy::ResourceType> function_resource();             // resources_function.cc
std::unique_ptr<deploy::ResourceType> permission_resource();           // resources_permission.cc
std::unique_ptr<deploy::ResourceType> event_invoke_config_resource();  // resources_permission.cc

}  // namespace cloudlet::lambda
