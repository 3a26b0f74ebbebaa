// Change sets: made, executed, dropped. `aws cloudformation deploy` works through them.
#include <algorithm>

#include "deploy/errors.h"
#include "gen/cloudformation/errors.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/requests.h"

namespace cloudlet::cloudformation {
namespace {

using deploy::Phase;

// The sentence by which the AWS CLI recognises that there was nothing to do.
constexpr std::string_view no_changes =
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set.";

bool valid_name(const std::string& name) {
  return !name.empty() && name.size() <= 128 && std::isalpha(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '-'; });
}

Result<void> check_request(const CreateChangeSetInput& in) {
  if (!valid_name(in.change_set_name))
    return errors::validation_error(
        "1 validation error detected: Value '" + in.change_set_name +
        "' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular expression "
        "pattern: [a-zA-Z][-a-zA-Z0-9]*");
  CHECK(check_rollback(in.rollback_configuration));
  if (in.change_set_type == ChangeSetType::import)
    return errors::validation_error("ChangeSetType IMPORT is not supported here");
  if (in.import_existing_resources.value_or(false))
    return errors::validation_error("ImportExistingResources is not supported here");
  if (in.include_nested_stacks.value_or(false))
    return errors::validation_error("IncludeNestedStacks is not supported here");
  if (!in.stack_name.starts_with("arn:")) CHECK(check_stack_name(in.stack_name));
  return {};
}

// The stack that the set is for; nothing if it is to be made.
Result<std::optional<deploy::Stack>> stack_for(const store::ReadTxn& tx, const Scope& scope,
                                               const CreateChangeSetInput& in) {
  auto stack = find_stack(tx, scope, in.stack_name);
  if (stack && stack->deleted) stack.reset();
  if (in.change_set_type.value_or(ChangeSetType::update) == ChangeSetType::create) {
    if (stack && stack->status != "REVIEW_IN_PROGRESS")
      return errors::validation_error(
          "Stack [" + in.stack_name +
          "] already exists and cannot be created again with the changeSet [" + in.change_set_name +
          "].");
    return stack;
  }
  if (!stack) return errors::validation_error("Stack [" + in.stack_name + "] does not exist");
  CHECK(check_updatable(*stack));
  return stack;
}

struct Draft {
  std::optional<deploy::Prepared> prepared;  // nothing: it failed, `failure` says why
  std::string failure;
};

deploy::OnFailure after_failure(const CreateChangeSetInput& in) {
  switch (in.on_stack_failure.value_or(OnStackFailure::rollback)) {
    case OnStackFailure::do_nothing: return deploy::OnFailure::nothing;
    case OnStackFailure::delete_: return deploy::OnFailure::remove;
    case OnStackFailure::rollback: break;
  }
  return deploy::OnFailure::rollback;
}

deploy::Stack review_stack(store::Txn& tx, const wire::Call& call, const std::string& name,
                           const std::string& uuid) {
  deploy::Stack stack{.scope = call.scope,
                      .uuid = uuid,
                      .name = name,
                      .status = "REVIEW_IN_PROGRESS",
                      .reason = "User Initiated"};
  stack.created = call.now;
  tx.put(deploy::keys::name(call.scope, name), uuid);
  deploy::add_stack_event(tx, stack, call.now);
  return stack;
}

// Fills in what the set would change, or why it cannot.
Result<void> settle(store::Txn& tx, const deploy::Stack& stack, const Draft& draft,
                    const deploy::ResourceTypes& types, StoredChangeSet& set) {
  set.execution = "UNAVAILABLE";
  set.status = "FAILED";
  set.reason = draft.failure;
  if (!draft.prepared) return {};
  std::optional<deploy::Deployment> before;
  if (stack.current != 0) before = deploy::read_deployment(tx, stack, stack.current);
  auto changes = deploy::compare(stack, deploy::read_resources(tx, stack),
                                 before ? &*before : nullptr, draft.prepared->deployment, types);
  if (changes.has_error()) return std::move(changes).error();
  if (!changes->any()) {
    set.reason = no_changes;
    return {};
  }
  set.changes = std::move(changes->resources);
  set.status = "CREATE_COMPLETE";
  set.execution = "AVAILABLE";
  set.reason.clear();
  set.deployment = tx.next_sequence();
  tx.put(deploy::keys::deployment(stack.scope, stack.uuid, set.deployment),
         deploy::encode(draft.prepared->deployment));
  return {};
}

}  // namespace

Task<Result<CreateChangeSetOutput>> Service::create_change_set(const wire::Call& call,
                                                               CreateChangeSetInput in) {
  CO_CHECK(check_request(in));
  deploy::Deployment before;
  {
    const auto now = with_.store.snapshot();
    CO_TRY(const auto stack, stack_for(*now, call.scope, in));
    if (stack && stack->current != 0)
      before = deploy::read_deployment(*now, *stack, stack->current).value_or(before);
  }
  deploy::Wish wish;
  if (in.use_previous_template.value_or(false)) {
    wish.body = before.body;
  } else {
    const Source source{in.template_body, in.template_url};
    CO_TRY(wish.body, co_await template_text(source, with_.caller, call.scope));
  }
  wish.parameters = given_parameters(in.parameters);
  wish.previous = before.parameters;
  wish.tags = before.tags;
  if (in.tags) {
    CO_TRY(wish.tags, given_tags(*in.tags));
  }
  wish.capabilities = capability_texts(in.capabilities);
  Draft draft;
  auto prepared = deploy::prepare(wish, call.scope, with_.engine.types(), strictness(wish.tags));
  if (prepared.has_error()) {
    // A transform runs after the set was made: its failure is the set's.
    if (!prepared.error().message().starts_with("Transform "))
      co_return std::move(prepared).error();
    draft.failure = prepared.error().message();
  } else {
    CO_CHECK(check_capabilities(*prepared, Expansion::acknowledged));
    draft.prepared = std::move(*prepared);
  }
  const std::string stack_uuid = call.uuid(), set_uuid = call.uuid();
  const auto body = [&](store::Txn& tx) -> Result<CreateChangeSetOutput> {
    TRY(auto found, stack_for(tx, call.scope, in));
    deploy::Stack stack =
        found ? std::move(*found) : review_stack(tx, call, in.stack_name, stack_uuid);
    if (find_change_set(tx, call.scope, in.change_set_name, stack.uuid))
      return errors::already_exists("ChangeSet " + in.change_set_name + " already exists");
    StoredChangeSet set{.uuid = set_uuid,
                        .name = in.change_set_name,
                        .stack = stack.uuid,
                        .description = in.description.value_or("")};
    set.creates = stack.current == 0;
    set.created = call.now;
    set.based_on = stack.operation.number;
    set.on_failure = after_failure(in);
    CHECK(settle(tx, stack, draft, with_.engine.types(), set));
    write_change_set(tx, call.scope, set);
    deploy::write_stack(tx, stack);
    return CreateChangeSetOutput{.id = set.arn(call.scope), .stack_id = stack.arn()};
  };
  co_return co_await with_.store.transact(body);
}

Result<ExecuteChangeSetOutput> Service::execute_change_set(store::Txn& tx, const wire::Call& call,
                                                           const ExecuteChangeSetInput& in) {
  std::optional<std::string> uuid;
  if (in.stack_name) {
    TRY(const auto named, wanted_stack(tx, call.scope, *in.stack_name));
    uuid = named.uuid;
  }
  auto set = find_change_set(tx, call.scope, in.change_set_name, uuid);
  auto stack = set ? deploy::read_stack(tx, call.scope, set->stack) : std::nullopt;
  if (!stack || stack->deleted)
    return errors::change_set_not_found("ChangeSet [" + in.change_set_name + "] does not exist");
  if (set->status != "CREATE_COMPLETE")
    return errors::invalid_change_set_status("ChangeSet [" + set->arn(call.scope) +
                                             "] cannot be executed in its current status of [" +
                                             set->status + "]");
  if (set->execution != "AVAILABLE" || set->based_on != stack->operation.number)
    return errors::invalid_change_set_status(
        "ChangeSet [" + set->arn(call.scope) +
        "] cannot be executed in its current execution status of [" +
        (set->execution == "AVAILABLE" ? std::string("OBSOLETE") : set->execution) + "]");
  stack->retain_except_on_create = in.retain_except_on_create.value_or(false);
  if (set->creates) {
    stack->on_failure =
        in.disable_rollback.value_or(false) ? deploy::OnFailure::nothing : set->on_failure;
  } else {
    if (in.disable_rollback.value_or(false))
      return errors::validation_error("DisableRollback is not supported here for updates");
    CHECK(check_updatable(*stack));
    stack->updated = call.now;
  }
  for (auto& other : change_sets_of(tx, call.scope, stack->uuid)) {
    if (other.uuid == set->uuid) continue;
    if (other.deployment != 0)
      tx.erase(deploy::keys::deployment(call.scope, stack->uuid, other.deployment));
    erase_change_set(tx, call.scope, other);
  }
  set->execution = "EXECUTE_COMPLETE";
  write_change_set(tx, call.scope, *set);
  stack->change_set_id = set->arn(call.scope);
  stack->target = set->deployment;
  with_.engine.begin(tx, *stack, Phase::apply,
                     set->creates ? "CREATE_IN_PROGRESS" : "UPDATE_IN_PROGRESS",
                     in.client_request_token.value_or(""), call.now);
  return ExecuteChangeSetOutput{};
}

Result<DeleteChangeSetOutput> Service::delete_change_set(store::Txn& tx, const wire::Call& call,
                                                         const DeleteChangeSetInput& in) {
  std::optional<std::string> uuid;
  if (in.stack_name) {
    const auto stack = find_stack(tx, call.scope, *in.stack_name);
    if (!stack) return errors::validation_error("Stack [" + *in.stack_name + "] does not exist");
    uuid = stack->uuid;
  }
  const auto set = find_change_set(tx, call.scope, in.change_set_name, uuid);
  if (!set) return DeleteChangeSetOutput{};
  const auto stack = deploy::read_stack(tx, call.scope, set->stack);
  if (set->execution == "AVAILABLE" && set->deployment != 0)
    tx.erase(deploy::keys::deployment(call.scope, set->stack, set->deployment));
  if (stack && stack->busy() && stack->change_set_id == set->arn(call.scope))
    return errors::invalid_change_set_status("ChangeSet [" + set->arn(call.scope) +
                                             "] is being executed and cannot be deleted");
  erase_change_set(tx, call.scope, *set);
  return DeleteChangeSetOutput{};
}

}  // namespace cloudlet::cloudformation
