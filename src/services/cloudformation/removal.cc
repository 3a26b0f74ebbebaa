// DeleteStack and the ways to turn back.
#include <algorithm>

#include "gen/cloudformation/errors.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/requests.h"

namespace cloudlet::cloudformation {
namespace {

using deploy::Phase;

// A stack that only ever had change sets has nothing that must be removed.
void drop_reviewed(store::Txn& tx, deploy::Stack& stack, Time now) {
  stack.status = "DELETE_COMPLETE";
  stack.reason.clear();
  stack.deleted = now;
  deploy::add_stack_event(tx, stack, now);
  deploy::write_stack(tx, stack);
  tx.erase(deploy::keys::name(stack.scope, stack.name));
  tx.erase(store::prefix(deploy::keys::deployments(stack.scope, stack.uuid)));
}

Result<void> check_exports(const store::ReadTxn& tx, const deploy::Stack& stack) {
  for (const auto& output : stack.outputs) {
    if (output.export_name.empty()) continue;
    std::string users;
    tx.scan(store::prefix(deploy::keys::importers(stack.scope, output.export_name)),
            [&](std::string_view, std::string_view user) {
              if (user != stack.name && users.find(user) == std::string::npos)
                users.append(users.empty() ? "" : " and ").append(user);
              return true;
            });
    if (!users.empty())
      return errors::validation_error("Delete canceled. Cannot delete export " +
                                      output.export_name + " as it is in use by " + users + ".");
  }
  return {};
}

}  // namespace

Result<DeleteStackOutput> Service::delete_stack(store::Txn& tx, const wire::Call& call,
                                                const DeleteStackInput& in) {
  if (in.deletion_mode.value_or(DeletionMode::standard) != DeletionMode::standard)
    return errors::validation_error("DeletionMode FORCE_DELETE_STACK is not supported here");
  auto stack = find_stack(tx, call.scope, in.stack_name);
  if (!stack || stack->deleted) return DeleteStackOutput{};
  if (stack->termination_protection)
    return errors::validation_error("Stack [" + stack->name +
                                    "] cannot be deleted while TerminationProtection is enabled");
  if (stack->status == "DELETE_IN_PROGRESS") return DeleteStackOutput{};
  if (!in.retain_resources.empty() && stack->status != "DELETE_FAILED")
    return errors::validation_error(
        "Invalid operation on stack [" + stack->arn() +
        "]. RetainResources can be specified only for stacks in DELETE_FAILED state.");
  for (const auto& set : change_sets_of(tx, call.scope, stack->uuid))
    erase_change_set(tx, call.scope, set);
  if (stack->status == "REVIEW_IN_PROGRESS") {
    drop_reviewed(tx, *stack, call.now);
    return DeleteStackOutput{};
  }
  if (stack->status == "CREATE_IN_PROGRESS") {
    // What is under way is waited for; then everything goes.
    stack->on_failure = deploy::OnFailure::remove;
    with_.engine.cancel(tx, *stack);
    return DeleteStackOutput{};
  }
  if (stack->busy())
    return errors::validation_error("Stack [" + stack->arn() +
                                    "] cannot be deleted while in status " + stack->status);
  CHECK(check_exports(tx, *stack));
  stack->retained = in.retain_resources;
  with_.engine.begin(tx, *stack, Phase::remove, "DELETE_IN_PROGRESS",
                     in.client_request_token.value_or(""), call.now);
  return DeleteStackOutput{};
}

Result<CancelUpdateStackOutput> Service::cancel_update_stack(store::Txn& tx, const wire::Call& call,
                                                             const CancelUpdateStackInput& in) {
  TRY(auto stack, wanted_stack(tx, call.scope, in.stack_name));
  // The same request again: the answer that got lost.
  if (stack.operation.cancelled && in.client_request_token == stack.operation.token)
    return CancelUpdateStackOutput{};
  if (stack.status != "UPDATE_IN_PROGRESS")
    return errors::validation_error("CancelUpdateStack cannot be called from current stack status");
  if (in.client_request_token) stack.operation.token = *in.client_request_token;
  with_.engine.cancel(tx, stack);
  return CancelUpdateStackOutput{};
}

Result<ContinueUpdateRollbackOutput> Service::continue_update_rollback(
    store::Txn& tx, const wire::Call& call, const ContinueUpdateRollbackInput& in) {
  TRY(auto stack, wanted_stack(tx, call.scope, in.stack_name));
  if (stack.status != "UPDATE_ROLLBACK_FAILED")
    return errors::validation_error("Stack:" + stack.arn() + " is in " + stack.status +
                                    " state and can not continue with the rollback of an update.");
  auto resources = deploy::read_resources(tx, stack);
  for (const auto& id : in.resources_to_skip) {
    const auto found = resources.find(id);
    if (found == resources.end() || found->second.status != "UPDATE_FAILED")
      return errors::validation_error(
          "One or more of the resources specified in ResourcesToSkip: [" + id +
          "] are not in an UPDATE_FAILED state.");
    found->second.before.reset();
    found->second.status = "UPDATE_COMPLETE";
    deploy::write_resource(tx, stack, found->second);
  }
  with_.engine.begin(tx, stack, Phase::restore, "UPDATE_ROLLBACK_IN_PROGRESS",
                     in.client_request_token.value_or(""), call.now);
  return ContinueUpdateRollbackOutput{};
}

Result<UpdateTerminationProtectionOutput> Service::update_termination_protection(
    store::Txn& tx, const wire::Call& call, const UpdateTerminationProtectionInput& in) {
  TRY(auto stack, wanted_stack(tx, call.scope, in.stack_name));
  if (stack.deleted)
    return errors::validation_error("Stack [" + in.stack_name + "] does not exist");
  stack.termination_protection = in.enable_termination_protection;
  deploy::write_stack(tx, stack);
  return UpdateTerminationProtectionOutput{.stack_id = stack.arn()};
}

}  // namespace cloudlet::cloudformation
