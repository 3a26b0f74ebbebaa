// AWS::Lambda::Function, Permission and EventInvokeConfig in templates.
#pragma once

#include "deploy/resource_type.h"

namespace cloudlet::lambda {

deploy::ResourceTypeList resource_types();

}  // namespace cloudlet::lambda
