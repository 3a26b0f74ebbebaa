#include "services/lambda/resources.h"

#include "services/lambda/resources_parts.h"

namespace cloudlet::lambda {

deploy::ResourceTypeList resource_types() {
  return deploy::type_list(function_resource(), permission_resource(),
                           event_invoke_config_resource());
}

}  // namespace cloudlet::lambda
