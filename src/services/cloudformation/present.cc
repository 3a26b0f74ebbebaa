#include "services/cloudformation/present.h"

#include <set>

#include "deploy/document.h"
#include "deploy/template.h"

namespace cloudlet::cloudformation {

std::vector<Parameter> shown_parameters(const deploy::Deployment& deployment) {
  std::set<std::string> secret;
  // The stored template was read before it was stored.
  const auto document = deploy::parse_document(deployment.processed);
  const auto of = document.has_error() ? Result<deploy::Template>(document.error())
                                       : deploy::read_template(*document);
  if (of.has_value())
    for (const auto& parameter : of->parameters)
      if (parameter.no_echo) secret.insert(parameter.name);
  std::vector<Parameter> shown;
  for (const auto& [name, value] : deployment.parameters)
    shown.push_back(
        {.parameter_key = name, .parameter_value = secret.contains(name) ? "****" : value});
  return shown;
}

std::vector<Tag> shown_tags(const deploy::Deployment& deployment) {
  std::vector<Tag> shown;
  for (const auto& [key, value] : deployment.tags) shown.push_back({.key = key, .value = value});
  return shown;
}

std::vector<Capability> shown_capabilities(const deploy::Deployment& deployment) {
  std::vector<Capability> shown;
  for (const auto& text : deployment.capabilities)
    if (const auto capability = parse_capability(text)) shown.push_back(*capability);
  return shown;
}

}  // namespace cloudlet::cloudformation
