// What a change set would do, told in the service's words.
#include "gen/cloudformation/errors.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/present.h"
#include "services/cloudformation/requests.h"

namespace cloudlet::cloudformation {
namespace {

ResourceChangeDetail shown(const deploy::Change::Detail& detail) {
  ResourceTargetDefinition target{.attribute = parse_resource_attribute(detail.attribute),
                                  .requires_recreation = RequiresRecreation::never};
  if (!detail.property.empty()) target.name = detail.property;
  if (detail.update == deploy::Update::replace)
    target.requires_recreation = RequiresRecreation::always;
  return {.change_source = ChangeSource::direct_modification,
          .evaluation = EvaluationType::static_,
          .target = std::move(target)};
}

Change shown(const deploy::Change& change) {
  ResourceChange resource{.logical_resource_id = change.id, .resource_type = change.type};
  if (!change.physical_id.empty()) resource.physical_resource_id = change.physical_id;
  switch (change.action) {
    case deploy::Change::Action::add: resource.action = ChangeAction::add; break;
    case deploy::Change::Action::remove: resource.action = ChangeAction::remove; break;
    case deploy::Change::Action::modify:
      resource.action = ChangeAction::modify;
      resource.replacement = change.replacement == deploy::Change::Replacement::yes
                                 ? Replacement::true_
                                 : Replacement::false_;
      for (const auto& detail : change.details) {
        resource.details.push_back(shown(detail));
        const auto attribute = parse_resource_attribute(detail.attribute);
        if (attribute && std::find(resource.scope.begin(), resource.scope.end(), *attribute) ==
                             resource.scope.end())
          resource.scope.push_back(*attribute);
      }
      break;
  }
  return {.resource_change = std::move(resource), .type = ChangeType::resource};
}

// Executed sets show how far the stack has come; those that a later operation overtook are
// obsolete.
ExecutionStatus execution(const StoredChangeSet& set, const deploy::Stack& stack,
                          const Scope& scope) {
  if (set.execution == "AVAILABLE" && set.based_on != stack.operation.number)
    return ExecutionStatus::obsolete;
  if (set.execution == "EXECUTE_COMPLETE" && stack.change_set_id == set.arn(scope)) {
    if (stack.busy()) return ExecutionStatus::execute_in_progress;
    if (stack.status != "CREATE_COMPLETE" && stack.status != "UPDATE_COMPLETE")
      return ExecutionStatus::execute_failed;
  }
  return parse_execution_status(set.execution).value_or(ExecutionStatus::unavailable);
}

}  // namespace

Result<DescribeChangeSetOutput> Service::describe_change_set(const store::ReadTxn& tx,
                                                             const wire::Call& call,
                                                             const DescribeChangeSetInput& in) {
  if (in.include_property_values.value_or(false))
    return errors::validation_error("IncludePropertyValues is not supported here");
  std::optional<std::string> uuid;
  if (in.stack_name) {
    const auto named = find_stack(tx, call.scope, *in.stack_name);
    if (!named) return errors::validation_error("Stack [" + *in.stack_name + "] does not exist");
    uuid = named->uuid;
  }
  const auto set = find_change_set(tx, call.scope, in.change_set_name, uuid);
  const auto stack = set ? deploy::read_stack(tx, call.scope, set->stack) : std::nullopt;
  if (!stack)
    return errors::change_set_not_found("ChangeSet [" + in.change_set_name + "] does not exist");
  DescribeChangeSetOutput out{.change_set_id = set->arn(call.scope),
                              .change_set_name = set->name,
                              .creation_time = set->created,
                              .execution_status = execution(*set, *stack, call.scope),
                              .include_nested_stacks = false,
                              .stack_id = stack->arn(),
                              .stack_name = stack->name,
                              .status = parse_change_set_status(set->status)};
  if (!set->description.empty()) out.description = set->description;
  if (!set->reason.empty()) out.status_reason = set->reason;
  if (const auto deployment = set->deployment == 0
                                  ? std::nullopt
                                  : deploy::read_deployment(tx, *stack, set->deployment)) {
    out.parameters = shown_parameters(*deployment);
    out.tags = shown_tags(*deployment);
    out.capabilities = shown_capabilities(*deployment);
  }
  // Pages of 100 changes; the token is where the next one begins.
  std::size_t at = 0;
  if (in.next_token) {
    at = static_cast<std::size_t>(std::strtoul(in.next_token->c_str(), nullptr, 10));
    if (at == 0 || at >= set->changes.size())
      return errors::validation_error("The specified NextToken is not valid");
  }
  for (; at < set->changes.size() && out.changes.size() < page_size; ++at)
    out.changes.push_back(shown(set->changes[at]));
  if (at < set->changes.size()) out.next_token = std::to_string(at);
  return out;
}

Result<ListChangeSetsOutput> Service::list_change_sets(const store::ReadTxn& tx,
                                                       const wire::Call& call,
                                                       const ListChangeSetsInput& in) {
  const auto stack = find_stack(tx, call.scope, in.stack_name);
  if (!stack) return errors::validation_error("Stack [" + in.stack_name + "] does not exist");
  store::Range range = store::prefix(keys::change_sets(call.scope, stack->uuid));
  CHECK(apply_token(range, in.next_token, false));
  ListChangeSetsOutput out;
  std::string last;
  tx.scan(range, [&](std::string_view key, std::string_view value) {
    if (out.summaries.size() == page_size) {
      out.next_token = page_token(last);
      return false;
    }
    last = std::string(key);
    const StoredChangeSet set = decode_change_set(value);
    ChangeSetSummary summary{.change_set_id = set.arn(call.scope),
                             .change_set_name = set.name,
                             .creation_time = set.created,
                             .execution_status = execution(set, *stack, call.scope),
                             .include_nested_stacks = false,
                             .stack_id = stack->arn(),
                             .stack_name = stack->name,
                             .status = parse_change_set_status(set.status)};
    if (!set.description.empty()) summary.description = set.description;
    if (!set.reason.empty()) summary.status_reason = set.reason;
    out.summaries.push_back(std::move(summary));
    return true;
  });
  return out;
}

}  // namespace cloudlet::cloudformation
