// AWS::S3::Bucket in templates.
#pragma once

#include "deploy/resource_type.h"

namespace cloudlet::s3 {

deploy::ResourceTypeList resource_types();

}  // namespace cloudlet::s3
