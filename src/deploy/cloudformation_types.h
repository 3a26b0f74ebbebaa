// AWS::CloudFormation::WaitConditionHandle and AWS::CDK::Metadata: types that carry nothing but
// themselves.
#pragma once

#include "deploy/resource_type.h"

namespace cloudlet::deploy {

ResourceTypeList cloudformation_types();

}  // namespace cloudlet::deploy
