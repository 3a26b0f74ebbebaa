#include "deploy/errors.h"

namespace cloudlet::deploy {

const ErrorKind validation_error{.name = "ValidationError", .code = "ValidationError"};

}  // namespace cloudlet::deploy
