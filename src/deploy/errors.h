// The errors of templates: CloudFormation's `ValidationError`, which its model does not list (it is
// a common error of the query protocol).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudlet::deploy {

extern const ErrorKind validation_error;  // 400, Sender

inline Error invalid_template(std::string message) {
  return Error(validation_error, std::move(message));
}

// Names in a sentence: "A, B".
std::string join(const std::vector<std::string>& parts, std::string_view separator = ", ");

}  // namespace cloudlet::deploy
