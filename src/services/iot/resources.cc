#include "services/iot/resources.h"

#include "services/iot/resources_parts.h"

namespace cloudlet::iot {

deploy::ResourceTypeList resource_types() {
  deploy::ResourceTypeList types;
  types.push_back(thing_resource());
  types.push_back(policy_resource());
  types.push_back(topic_rule_resource());
  types.push_back(certificate_resource());
  types.push_back(policy_attachment_resource());
  types.push_back(thing_attachment_resource());
  return types;
}

}  // namespace cloudlet::iot
