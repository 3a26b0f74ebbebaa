#include "services/iot/resources.h"

#include "services/iot/resources_parts.h"

namespace cloudlet::iot {

deploy::ResourceTypeList resource_types() {
  return deploy::type_list(thing_resource(), policy_resource(), topic_rule_resource(),
                           certificate_resource(), policy_attachment_resource(),
                           thing_attachment_resource());
}

}  // namespace cloudlet::iot
