// AWS::Logs::LogGroup in templates.
#pragma once

#include "deploy/resource_type.h"

namespace cloudlet::logs {

deploy::ResourceTypeList resource_types();

}  // namespace cloudlet::logs
