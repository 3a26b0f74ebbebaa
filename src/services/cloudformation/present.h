// Stored records in the shapes that answers have.
#pragma once

#include <vector>

#include "deploy/state.h"
#include "gen/cloudformation/types.h"

namespace cloudlet::cloudformation {

inline constexpr std::size_t page_size = 100;

// Values of NoEcho parameters are "****".
std::vector<Parameter> shown_parameters(const deploy::Deployment& deployment);
std::vector<Tag> shown_tags(const deploy::Deployment& deployment);
std::vector<Capability> shown_capabilities(const deploy::Deployment& deployment);

}  // namespace cloudlet::cloudformation
