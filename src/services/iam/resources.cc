#include "services/iam/resources.h"

#include "services/iam/resources_parts.h"

namespace cloudlet::iam {

deploy::ResourceTypeList resource_types() {
  return deploy::type_list(role_resource(), managed_policy_resource(), policy_resource(),
                           instance_profile_resource());
}

}  // namespace cloudlet::iam
