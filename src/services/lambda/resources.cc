#include "services/lambda/resources.h"

#include "services/lambda/resources_parts.h"

namespace cloudlet::lambda {

deploy::ResourceTypeList resource_types() {
  deploy::ResourceTypeList types;
  types.push_back(function_resource());
  types.push_back(permission_resource());
  types.push_back(event_invoke_config_resource());
  return types;
}

}  // namespace cloudlet::lambda
