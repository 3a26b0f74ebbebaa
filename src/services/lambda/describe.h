// A stored function as the API shows it, and a failed invocation as its span tells of it.
#pragma once

#include <string>

#include "gen/lambda/types.h"
#include "runtime/function.h"
#include "services/lambda/state.h"

namespace cloudlet::lambda {

FunctionConfiguration describe(const Scope& scope, const StoredFunction& function);
// In one line, "ValueError: no such pump": of the error document's members what there is.
std::string describe_failure(const runtime::Answer& answer);

}  // namespace cloudlet::lambda
