// The YAML notation of templates: YAML 1.1 as CloudFormation reads it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "deploy/document.h"

namespace cloudlet::deploy {

Result<Document> parse_yaml(std::string_view text, Aliases aliases);

// What an untagged plain scalar means: true/false/yes/no/on/off are booleans; a number that is
// written the way it would be printed is a number; dates, leading zeros, "1:30" and everything else
// stay the text that was written.
json::value plain_scalar(std::string_view text);

}  // namespace cloudlet::deploy
