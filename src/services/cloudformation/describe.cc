// Stacks and exports: what there is.
#include <algorithm>

#include "gen/cloudformation/errors.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/present.h"
#include "services/cloudformation/requests.h"

namespace cloudlet::cloudformation {
namespace {

StackStatus status_of(const deploy::Stack& stack) {
  const auto status = parse_stack_status(stack.status);
  assert_that(status.has_value(), "a stack with a status that the service does not have");
  return *status;
}

Stack shown(const store::ReadTxn& tx, const deploy::Stack& stack) {
  Stack out{.creation_time = stack.created,
            .deletion_time = stack.deleted,
            .disable_rollback = stack.on_failure == deploy::OnFailure::nothing,
            .drift_information =
                StackDriftInformation{.stack_drift_status = StackDriftStatus::not_checked},
            .enable_termination_protection = stack.termination_protection,
            .last_updated_time = stack.updated,
            .stack_id = stack.arn(),
            .stack_name = stack.name,
            .stack_status = status_of(stack)};
  if (!stack.change_set_id.empty()) out.change_set_id = stack.change_set_id;
  if (!stack.description.empty()) out.description = stack.description;
  if (!stack.reason.empty()) out.stack_status_reason = stack.reason;
  out.rollback_configuration.emplace();
  out.tags.emplace();
  for (const auto& value : stack.outputs) {
    Output output{.output_key = value.name, .output_value = value.value};
    if (!value.description.empty()) output.description = value.description;
    if (!value.export_name.empty()) output.export_name = value.export_name;
    out.outputs.push_back(std::move(output));
  }
  if (const auto deployment =
          deploy::read_deployment(tx, stack, stack.target != 0 ? stack.target : stack.current)) {
    out.parameters = shown_parameters(*deployment);
    out.tags = shown_tags(*deployment);
    out.capabilities = shown_capabilities(*deployment);
  }
  return out;
}

StackSummary summary(const deploy::Stack& stack) {
  StackSummary out{
      .creation_time = stack.created,
      .deletion_time = stack.deleted,
      .drift_information =
          StackDriftInformationSummary{.stack_drift_status = StackDriftStatus::not_checked},
      .last_updated_time = stack.updated,
      .stack_id = stack.arn(),
      .stack_name = stack.name,
      .stack_status = status_of(stack)};
  if (!stack.reason.empty()) out.stack_status_reason = stack.reason;
  if (!stack.description.empty()) out.template_description = stack.description;
  return out;
}

}  // namespace

Result<DescribeStacksOutput> Service::describe_stacks(const store::ReadTxn& tx,
                                                      const wire::Call& call,
                                                      const DescribeStacksInput& in) {
  DescribeStacksOutput out;
  if (in.stack_name) {
    TRY(const auto stack, wanted_stack(tx, call.scope, *in.stack_name));
    out.stacks.push_back(shown(tx, stack));
    return out;
  }
  store::Range range = store::prefix(deploy::keys::stacks(call.scope));
  CHECK(apply_token(range, in.next_token, false));
  std::string last;
  tx.scan(range, [&](std::string_view key, std::string_view value) {
    const deploy::Stack stack = deploy::decode_stack(value);
    if (stack.deleted) return true;
    if (out.stacks.size() == page_size) {
      out.next_token = page_token(last);
      return false;
    }
    last = std::string(key);
    out.stacks.push_back(shown(tx, stack));
    return true;
  });
  return out;
}

Result<ListStacksOutput> Service::list_stacks(const store::ReadTxn& tx, const wire::Call& call,
                                              const ListStacksInput& in) {
  store::Range range = store::prefix(deploy::keys::stacks(call.scope));
  CHECK(apply_token(range, in.next_token, false));
  ListStacksOutput out;
  std::string last;
  tx.scan(range, [&](std::string_view key, std::string_view value) {
    const StackSummary one = summary(deploy::decode_stack(value));
    const auto& wanted = in.stack_status_filter;
    if (!wanted.empty() &&
        std::find(wanted.begin(), wanted.end(), one.stack_status) == wanted.end())
      return true;
    if (out.stack_summaries.size() == page_size) {
      out.next_token = page_token(last);
      return false;
    }
    last = std::string(key);
    out.stack_summaries.push_back(one);
    return true;
  });
  return out;
}

Result<ListExportsOutput> Service::list_exports(const store::ReadTxn& tx, const wire::Call& call,
                                                const ListExportsInput& in) {
  store::Range range = store::prefix(deploy::keys::exports(call.scope));
  CHECK(apply_token(range, in.next_token, false));
  ListExportsOutput out;
  std::string last;
  tx.scan(range, [&](std::string_view key, std::string_view value) {
    if (out.exports.size() == page_size) {
      out.next_token = page_token(last);
      return false;
    }
    last = std::string(key);
    store::KeyReader parts(key);
    parts.skip();
    parts.scope();
    parts.skip();
    const auto line = value.find('\n');
    const auto stack = deploy::read_stack(tx, call.scope, std::string(value.substr(0, line)));
    out.exports.push_back({.exporting_stack_id = stack ? std::optional(stack->arn()) : std::nullopt,
                           .name = parts.text(),
                           .value = std::string(value.substr(line + 1))});
    return true;
  });
  return out;
}

Result<ListImportsOutput> Service::list_imports(const store::ReadTxn& tx, const wire::Call& call,
                                                const ListImportsInput& in) {
  if (in.next_token) return errors::validation_error("The specified NextToken is not valid");
  ListImportsOutput out;
  tx.scan(store::prefix(deploy::keys::importers(call.scope, in.export_name)),
          [&](std::string_view, std::string_view stack) {
            if (std::find(out.imports.begin(), out.imports.end(), stack) == out.imports.end())
              out.imports.emplace_back(stack);
            return true;
          });
  if (!out.imports.empty()) return out;
  if (!tx.exists(deploy::keys::exported(call.scope, in.export_name)))
    return errors::validation_error("Export '" + in.export_name + "' does not exist.");
  return errors::validation_error("Export '" + in.export_name + "' is not imported by any stack.");
}

}  // namespace cloudlet::cloudformation
