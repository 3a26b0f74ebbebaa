// IoT's resource types.
#pragma once

#include <memory>

#include "deploy/resource_steps.h"
#include "gen/iot/api.h"

namespace cloudlet::iot {

using namespace deploy::words;
namespace json = boost::json;

std::unique_ptr<deploy::ResourceType> thing_resource();              // resources_thing.cc
std::unique_ptr<deploy::ResourceType> policy_resource();             // resources_policy.cc
std::unique_ptr<deploy::ResourceType> topic_rule_resource();         // resources_rule.cc
std::unique_ptr<deploy::ResourceType> certificate_resource();        // resources_certificate.cc
std::unique_ptr<deploy::ResourceType> policy_attachment_resource();  // resources_attachments.cc
std::unique_ptr<deploy::ResourceType> thing_attachment_resource();   // resources_attachments.cc

// The tags of the resource with that ARN.
inline Task<Result<void>> tag(Client& client, std::string arn, const json::object& before,
                              const json::object& after) {
  TagResourceInput set{.resource_arn = arn};
  UntagResourceInput unset{.resource_arn = std::move(arn)};
  co_return co_await deploy::retag(client, &Client::tag_resource, std::move(set),
                                   &Client::untag_resource, std::move(unset),
                                   deploy::tag_changes(before, after));
}

}  // namespace cloudlet::iot
