// AddPermission, RemovePermission, GetPolicy.
#include <algorithm>

#include "gen/lambda/errors.h"
#include "services/lambda/lambda.h"
#include "services/lambda/policy.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

constexpr std::size_t policy_bytes_max = 20'480;

Result<void> check_policy_revision(const StoredFunction& function,
                                   const std::optional<std::string>& wanted) {
  if (!wanted || *wanted == function.policy_revision) return {};
  return errors::precondition_failed(
      "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy API to "
      "retrieve the latest RevisionId");
}

auto find_statement(std::vector<Statement>& policy, const std::string& sid) {
  return std::find_if(policy.begin(), policy.end(),
                      [&](const Statement& s) { return s.sid == sid; });
}

}  // namespace

Result<AddPermissionOutput> Service::add_permission(store::Txn& tx, const wire::Call& call,
                                                    const AddPermissionInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  if (in.event_source_token || in.function_url_auth_type || in.principal_org_id ||
      in.invoked_via_function_url)
    return errors::invalid_parameter_value(
        "EventSourceToken, FunctionUrlAuthType, InvokedViaFunctionUrl and PrincipalOrgID are not "
        "supported by cloudlet");
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  CHECK(check_policy_revision(*function, in.revision_id));
  if (find_statement(function->policy, in.statement_id) != function->policy.end())
    return errors::resource_conflict(
        "The statement id (" + in.statement_id +
        ") provided already exists. Please provide a new statement id, or remove the existing "
        "statement.");
  Statement statement{.sid = in.statement_id, .action = in.action, .principal = in.principal};
  statement.source_arn = in.source_arn.value_or("");
  statement.source_account = in.source_account.value_or("");
  function->policy.push_back(statement);
  if (policy_document(id, function->policy).size() > policy_bytes_max)
    return errors::policy_length_exceeded(
        "The final policy size is bigger than the limit (20480).");
  function->policy_revision = call.uuid();
  write_function(tx, id.scope, *function);
  return AddPermissionOutput{.statement = statement_document(id, statement)};
}

Result<RemovePermissionOutput> Service::remove_permission(store::Txn& tx, const wire::Call& call,
                                                          const RemovePermissionInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  if (function->policy.empty())
    return errors::resource_not_found("No policy is associated with the given resource.");
  CHECK(check_policy_revision(*function, in.revision_id));
  const auto statement = find_statement(function->policy, in.statement_id);
  if (statement == function->policy.end())
    return errors::resource_not_found("Statement " + in.statement_id +
                                      " is not found in resource policy.");
  function->policy.erase(statement);
  function->policy_revision = call.uuid();
  write_function(tx, id.scope, *function);
  return RemovePermissionOutput{};
}

Result<GetPolicyOutput> Service::get_policy(const store::ReadTxn& tx, const wire::Call& call,
                                            const GetPolicyInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  const auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  if (function->policy.empty())
    return errors::resource_not_found("The resource you requested does not exist.");
  return GetPolicyOutput{.policy = policy_document(id, function->policy),
                         .revision_id = function->policy_revision};
}

}  // namespace cloudlet::lambda
