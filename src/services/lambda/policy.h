// A function's resource policy: which services and accounts may invoke it.
// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "services/lambda/state.h"

namespace cloudlet::lambda {

// The documents of the API.
std::string statement_document(const FunctionId& id, const Statement& statement);
std::string policy_document(const FunctionId& id, const std::vector<Statement>& statements);

struct Asker {
  std::string principal;  // "iot.amazonaws.com"
  std::string source;     // ARN of the rule, the topic
  std::string account;    // of the source
};
// AccessDeniedException with a sentence that says which statements were looked at and why none
// fits.
Result<void> check_policy(const FunctionId& id, const std::vector<Statement>& statements,
                          const Asker& asker);

}  // namespace cloudlet::lambda
