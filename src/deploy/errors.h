// The errors of templates: CloudFormation's `ValidationError`, which its model does not list (it is
// a common error of the query protocol).
#pragma once

#include <string>

#include "base/result.h"

namespace cloudlet::deploy {

extern const ErrorKind validation_error;  // 400, Sender

inline Error invalid_template(std::string message) {
  return Error(validation_error, std::move(message));
}

}  // namespace cloudlet::deploy
