// Policy documents: what IAM refuses when one is stored, and who a trust policy lets in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/call.h"

namespace cloudlet::iam {

enum class DocumentKind {
  inlined,  // what a role or session may do: Action and Resource, no Principal
  managed,  // the same, as a policy of its own, which must be of Version 2012-10-17
  trust,    // who may assume a role: Principal, no Resource
};

// MalformedPolicyDocument, in AWS's words.
Result<void> check_document(std::string_view text, DocumentKind kind);
// The same for a managed policy, whose size has a quota of its own: LimitExceeded.
Result<void> check_managed_document(std::string_view text);
// The length that counts against quotas: without white space.
std::size_t counted_size(std::string_view text);

// Whether a trust policy (checked when it was stored) lets `who` do `action` ("sts:AssumeRole"). A
// deny wins. Conditions on keys that are not in `context` are as AWS has them: false, true for the
// negated and ...IfExists ones.
bool trust_allows(std::string_view document, const wire::Principal& who, std::string_view action,
                  const std::map<std::string, std::string>& context);

// '*' is any text, '?' one character.
bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace cloudlet::iam
