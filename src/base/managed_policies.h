// AWS's own managed policies that templates and tools attach: the well-known ones. Others do not
// exist here, as a mistyped one does not exist at AWS. IAM serves them; templates name them without
// their path.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace cloudlet {

struct ManagedPolicy {
  std::string_view name;
  std::string_view path;     // "/" or "/service-role/"
  std::string_view actions;  // separated by spaces; all on every resource
};

inline constexpr Time managed_created{
    std::chrono::milliseconds(1'423'180'800'000)};  // 2015-02-06, when they began

std::span<const ManagedPolicy> managed_policies();
const ManagedPolicy* find_managed(std::string_view arn);
const ManagedPolicy* managed_named(std::string_view name);
std::string managed_arn(const ManagedPolicy& policy);
std::string managed_document(const ManagedPolicy& policy);
std::string managed_id(const ManagedPolicy& policy);  // "ANPA...", always the same

}  // namespace cloudlet
