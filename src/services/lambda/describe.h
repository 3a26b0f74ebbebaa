// A stored function as the API shows it.
#pragma once

#include "gen/lambda/types.h"
#include "services/lambda/state.h"

namespace cloudlet::lambda {

FunctionConfiguration describe(const Scope& scope, const StoredFunction& function);

}  // namespace cloudlet::lambda
