// CreateStack and UpdateStack.
#include "gen/cloudformation/errors.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/requests.h"

namespace cloudlet::cloudformation {
namespace {

using deploy::Phase;

Result<deploy::OnFailure> after_failure_of(const CreateStackInput& in) {
  if (in.disable_rollback && in.on_failure)
    return errors::validation_error(
        "You can specify only one of DisableRollback and OnFailure parameters.");
  if (in.disable_rollback.value_or(false)) return deploy::OnFailure::nothing;
  switch (in.on_failure.value_or(OnFailure::rollback)) {
    case OnFailure::do_nothing: return deploy::OnFailure::nothing;
    case OnFailure::delete_: return deploy::OnFailure::remove;
    case OnFailure::rollback: break;
  }
  return deploy::OnFailure::rollback;
}

// What stands now, and what an update starts from.
struct Standing {
  deploy::Stack stack;
  deploy::Deployment deployment;
};

Result<Standing> standing(const store::ReadTxn& tx, const Scope& scope, const std::string& name) {
  auto stack = find_stack(tx, scope, name);
  if (!stack || stack->deleted)
    return errors::validation_error("Stack [" + name + "] does not exist");
  CHECK(check_updatable(*stack));
  auto deployment = deploy::read_deployment(tx, *stack, stack->current);
  assert_that(deployment.has_value(), "a stack stands on a deployment that is not there");
  return Standing{std::move(*stack), std::move(*deployment)};
}

}  // namespace

deploy::Strict Service::strictness(const std::map<std::string, std::string>& tags) const {
  const auto tag = tags.find(std::string(deploy::strict_tag));
  return with_.strict == deploy::Strict::yes || (tag != tags.end() && tag->second == "true")
             ? deploy::Strict::yes
             : deploy::Strict::no;
}

Task<Result<CreateStackOutput>> Service::create_stack(const wire::Call& call, CreateStackInput in) {
  CO_CHECK(check_stack_name(in.stack_name));
  CO_CHECK(check_rollback(in.rollback_configuration));
  CO_TRY(const deploy::OnFailure after_failure, after_failure_of(in));
  const Source source{in.template_body, in.template_url};
  deploy::Wish wish;
  CO_TRY(wish.body, co_await template_text(source, with_.caller, call.scope));
  wish.parameters = given_parameters(in.parameters);
  CO_TRY(wish.tags, given_tags(in.tags));
  wish.capabilities = capability_texts(in.capabilities);
  CO_TRY(const auto prepared,
         deploy::prepare(wish, call.scope, with_.engine.types(), strictness(wish.tags)));
  CO_CHECK(check_capabilities(prepared, Expansion::must_be_acknowledged));
  const std::string uuid = call.uuid();
  const std::string token = in.client_request_token.value_or("");
  const auto body = [&](store::Txn& tx) -> Result<std::string> {
    if (const auto other = find_stack(tx, call.scope, in.stack_name)) {
      // The same request again: the answer that got lost.
      if (!token.empty() && other->operation.number == 1 && other->operation.token == token)
        return other->arn();
      return errors::already_exists("Stack [" + in.stack_name + "] already exists");
    }
    deploy::Stack stack{.scope = call.scope, .uuid = uuid, .name = in.stack_name};
    stack.description = prepared.of.description;
    stack.created = call.now;
    stack.on_failure = after_failure;
    stack.retain_except_on_create = in.retain_except_on_create.value_or(false);
    stack.termination_protection = in.enable_termination_protection.value_or(false);
    stack.target = tx.next_sequence();
    tx.put(deploy::keys::deployment(call.scope, uuid, stack.target),
           deploy::encode(prepared.deployment));
    tx.put(deploy::keys::name(call.scope, in.stack_name), uuid);
    with_.engine.begin(tx, stack, Phase::apply, "CREATE_IN_PROGRESS", token, call.now);
    return stack.arn();
  };
  CO_TRY(auto arn, co_await with_.store.transact(body));
  co_return CreateStackOutput{.stack_id = std::move(arn)};
}

Task<Result<UpdateStackOutput>> Service::update_stack(const wire::Call& call, UpdateStackInput in) {
  CO_CHECK(check_rollback(in.rollback_configuration));
  if (in.disable_rollback.value_or(false))
    co_return errors::validation_error("DisableRollback is not supported here for updates");
  CO_TRY(const Standing before, standing(*with_.store.snapshot(), call.scope, in.stack_name));
  deploy::Wish wish;
  if (in.use_previous_template.value_or(false)) {
    if (in.template_body || in.template_url)
      co_return errors::validation_error(
          "You cannot specify both usePreviousTemplate and Template Body/URL.");
    wish.body = before.deployment.body;
  } else {
    const Source source{in.template_body, in.template_url};
    CO_TRY(wish.body, co_await template_text(source, with_.caller, call.scope));
  }
  wish.parameters = given_parameters(in.parameters);
  wish.previous = before.deployment.parameters;
  wish.tags = before.deployment.tags;
  if (in.tags) {
    CO_TRY(wish.tags, given_tags(*in.tags));
  }
  wish.capabilities = capability_texts(in.capabilities);
  CO_TRY(const auto prepared,
         deploy::prepare(wish, call.scope, with_.engine.types(), strictness(wish.tags)));
  CO_CHECK(check_capabilities(prepared, Expansion::must_be_acknowledged));
  const std::string token = in.client_request_token.value_or("");
  const auto body = [&](store::Txn& tx) -> Result<std::string> {
    auto now = standing(tx, call.scope, in.stack_name);
    if (now.has_error()) {
      const auto stack = find_stack(tx, call.scope, in.stack_name);
      if (stack && stack->busy() && !token.empty() && stack->operation.token == token)
        return stack->arn();
      return std::move(now).error();
    }
    if (now->stack.operation.number != before.stack.operation.number)
      return errors::validation_error("Stack:" + before.stack.arn() +
                                      " was updated meanwhile and can not be updated.");
    deploy::Stack& stack = now->stack;
    TRY(const auto changes,
        deploy::compare(stack, deploy::read_resources(tx, stack), &now->deployment,
                        prepared.deployment, with_.engine.types()));
    if (!changes.any()) return errors::validation_error("No updates are to be performed.");
    stack.target = tx.next_sequence();
    stack.updated = call.now;
    stack.retain_except_on_create = in.retain_except_on_create.value_or(false);
    tx.put(deploy::keys::deployment(call.scope, stack.uuid, stack.target),
           deploy::encode(prepared.deployment));
    with_.engine.begin(tx, stack, Phase::apply, "UPDATE_IN_PROGRESS", token, call.now);
    return stack.arn();
  };
  CO_TRY(auto arn, co_await with_.store.transact(body));
  co_return UpdateStackOutput{.stack_id = std::move(arn)};
}

}  // namespace cloudlet::cloudformation
