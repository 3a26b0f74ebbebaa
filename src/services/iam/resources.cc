#include "services/iam/resources.h"

#include "services/iam/resources_parts.h"

namespace cloudlet::iam {

deploy::ResourceTypeList resource_types() {
  deploy::ResourceTypeList types;
  types.push_back(role_resource());
  types.push_back(managed_policy_resource());
  types.push_back(policy_resource());
  types.push_back(instance_profile_resource());
  return types;
}

}  // namespace cloudlet::iam
