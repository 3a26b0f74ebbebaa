// What several operations need of a request: the stack it names, the template it brings, the
// capabilities it acknowledges.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "deploy/engine.h"
#include "deploy/plan.h"
#include "deploy/state.h"
#include "gen/cloudformation/types.h"
#include "wire/call.h"

namespace cloudlet::cloudformation {

// By name or ARN. A deleted stack is found by its ARN only.
std::optional<deploy::Stack> find_stack(const store::ReadTxn& tx, const Scope& scope,
                                        const std::string& name_or_arn);
// The same, or "Stack with id X does not exist".
Result<deploy::Stack> wanted_stack(const store::ReadTxn& tx, const Scope& scope,
                                   const std::string& name_or_arn);

Result<void> check_stack_name(const std::string& name);

// Where the template's text comes from: exactly one of body and URL.
struct Source {
  std::optional<std::string> body;
  std::optional<std::string> url;
};
Task<Result<std::string>> template_text(const Source& source, const deploy::CallerFor& caller,
                                        const Scope& scope);

// bucket and key of the URLs under which objects can be named.
std::optional<std::pair<std::string, std::string>> object_of_url(std::string_view url);

std::vector<deploy::GivenParameter> given_parameters(const std::vector<Parameter>& parameters);
Result<std::map<std::string, std::string>> given_tags(const std::vector<Tag>& tags);
std::vector<std::string> capability_texts(const std::vector<Capability>& capabilities);

enum class Expansion { acknowledged, must_be_acknowledged };
// InsufficientCapabilitiesException: "Requires capabilities : [CAPABILITY_IAM]".
Result<void> check_capabilities(const deploy::Prepared& prepared, Expansion expansion);
std::vector<Capability> needed_capabilities(const deploy::Template& of, std::string& reason);

// RollbackConfiguration with triggers: refused, they watch alarms.
Result<void> check_rollback(const std::optional<RollbackConfiguration>& configuration);

// A stack may be updated now: "Stack:ARN is in X state and can not be updated."
Result<void> check_updatable(const deploy::Stack& stack);

// Pages: the token is the last key shown.
std::string page_token(std::string_view key);
Result<void> apply_token(store::Range& range, const std::optional<std::string>& token,
                         bool backward);

}  // namespace cloudlet::cloudformation
