// AWS::IAM::Role, ManagedPolicy, Policy and InstanceProfile in templates.
#pragma once

#include "deploy/resource_type.h"

namespace cloudlet::iam {

deploy::ResourceTypeList resource_types();

}  // namespace cloudlet::iam
