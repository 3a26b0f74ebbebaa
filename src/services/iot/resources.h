// AWS::IoT::Thing, Policy, TopicRule, Certificate and the two attachments in templates.
#pragma once

#include "deploy/resource_type.h"

namespace cloudlet::iot {

deploy::ResourceTypeList resource_types();

}  // namespace cloudlet::iot
