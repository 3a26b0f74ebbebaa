// IoT's resource types.
#pragma once

#include <memory>

#include "deploy/resource_types.h"
#include "gen/iot/api.h"

namespace cloudlet::iot {

std::unique_ptr<deploy::ResourceType> thing_resource();              // resources_thing.cc
std::unique_ptr<deploy::ResourceType> policy_resource();             // resources_policy.cc
std::unique_ptr<deploy::ResourceType> topic_rule_resource();         // resources_rule.cc
std::unique_ptr<deploy::ResourceType> certificate_resource();        // resources_certificate.cc
std::unique_ptr<deploy::ResourceType> policy_attachment_resource();  // resources_attachments.cc
std::unique_ptr<deploy::ResourceType> thing_attachment_resource();   // resources_attachments.cc

}  // namespace cloudlet::iot
