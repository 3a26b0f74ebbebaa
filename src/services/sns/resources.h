// AWS::SNS::Topic, AWS::SNS::Subscription and AWS::SNS::TopicPolicy in templates.
#pragma once

#include "deploy/resource_type.h"

namespace cloudlet::sns {

deploy::ResourceTypeList resource_types();

}  // namespace cloudlet::sns
