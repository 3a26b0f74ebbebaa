// A stack's resources, and what happened to them.
#include <boost/json/serialize.hpp>

#include "gen/cloudformation/errors.h"
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/present.h"
#include "services/cloudformation/requests.h"

namespace cloudlet::cloudformation {
namespace {

std::optional<std::string> some(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

StackResource shown(const deploy::Stack& stack, const deploy::StackResource& resource) {
  return {
      .drift_information = StackResourceDriftInformation{.stack_resource_drift_status =
                                                             StackResourceDriftStatus::not_checked},
      .logical_resource_id = resource.id,
      .physical_resource_id = some(resource.now.id),
      .resource_status = resource.status,
      .resource_status_reason = some(resource.reason),
      .resource_type = resource.type,
      .stack_id = stack.arn(),
      .stack_name = stack.name,
      .timestamp = resource.updated};
}

// The Metadata that the template gives a resource.
std::optional<std::string> metadata_of(const store::ReadTxn& tx, const deploy::Stack& stack,
                                       const std::string& id) {
  const auto deployment =
      deploy::read_deployment(tx, stack, stack.current != 0 ? stack.current : stack.target);
  if (!deployment) return std::nullopt;
  const auto document = deploy::parse_document(deployment->processed);
  if (document.has_error()) return std::nullopt;
  const auto of = deploy::read_template(*document);
  const auto* resource = of.has_error() ? nullptr : of->resource(id);
  if (resource == nullptr || resource->metadata.is_null()) return std::nullopt;
  return deploy::json::serialize(resource->metadata);
}

}  // namespace

Result<DescribeStackEventsOutput> Service::describe_stack_events(
    const store::ReadTxn& tx, const wire::Call& call, const DescribeStackEventsInput& in) {
  const auto stack = find_stack(tx, call.scope, in.stack_name);
  if (!stack) return errors::validation_error("Stack [" + in.stack_name + "] does not exist");
  store::Range range = store::prefix(deploy::keys::events(call.scope, stack->uuid));
  CHECK(apply_token(range, in.next_token, true));
  DescribeStackEventsOutput out;
  std::string last;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (out.stack_events.size() == page_size) {
      out.next_token = page_token(last);
      return false;
    }
    last = std::string(key);
    const deploy::StackEvent event = deploy::decode_event(value);
    out.stack_events.push_back({.client_request_token = some(event.token),
                                .event_id = event.id,
                                .logical_resource_id = event.logical_id,
                                .physical_resource_id = event.physical_id,
                                .resource_properties = some(event.properties),
                                .resource_status = event.status,
                                .resource_status_reason = some(event.reason),
                                .resource_type = event.type,
                                .stack_id = stack->arn(),
                                .stack_name = stack->name,
                                .timestamp = event.at});
    return true;
  };
  tx.scan(range, add, store::Direction::backward);
  return out;
}

Result<DescribeStackResourceOutput> Service::describe_stack_resource(
    const store::ReadTxn& tx, const wire::Call& call, const DescribeStackResourceInput& in) {
  const auto stack = find_stack(tx, call.scope, in.stack_name);
  if (!stack) return errors::validation_error("Stack '" + in.stack_name + "' does not exist");
  const auto bytes =
      tx.get(deploy::keys::resource(call.scope, stack->uuid, in.logical_resource_id));
  if (!bytes)
    return errors::validation_error("Resource " + in.logical_resource_id +
                                    " does not exist for stack " + stack->name);
  const deploy::StackResource resource = deploy::decode_resource(*bytes);
  StackResourceDetail detail{
      .drift_information = StackResourceDriftInformation{.stack_resource_drift_status =
                                                             StackResourceDriftStatus::not_checked},
      .last_updated_timestamp = resource.updated,
      .logical_resource_id = resource.id,
      .metadata = metadata_of(tx, *stack, resource.id),
      .physical_resource_id = some(resource.now.id),
      .resource_status = resource.status,
      .resource_status_reason = some(resource.reason),
      .resource_type = resource.type,
      .stack_id = stack->arn(),
      .stack_name = stack->name};
  return DescribeStackResourceOutput{.stack_resource_detail = std::move(detail)};
}

Result<DescribeStackResourcesOutput> Service::describe_stack_resources(
    const store::ReadTxn& tx, const wire::Call& call, const DescribeStackResourcesInput& in) {
  if (in.stack_name.has_value() == in.physical_resource_id.has_value())
    return errors::validation_error(
        "Exactly one of StackName and PhysicalResourceId must be specified.");
  DescribeStackResourcesOutput out;
  const auto add = [&](const deploy::Stack& stack) {
    for (const auto& [id, resource] : deploy::read_resources(tx, stack)) {
      if (in.logical_resource_id && *in.logical_resource_id != id) continue;
      if (out.stack_resources.size() < page_size && !resource.status.empty())
        out.stack_resources.push_back(shown(stack, resource));
    }
  };
  if (in.stack_name) {
    TRY(const auto stack, wanted_stack(tx, call.scope, *in.stack_name));
    add(stack);
    return out;
  }
  std::optional<deploy::Stack> owner;
  tx.scan(store::prefix(deploy::keys::stacks(call.scope)),
          [&](std::string_view, std::string_view value) {
            deploy::Stack stack = deploy::decode_stack(value);
            if (stack.deleted) return true;
            for (const auto& [id, resource] : deploy::read_resources(tx, stack))
              if (resource.now.id == *in.physical_resource_id) owner = stack;
            return !owner.has_value();
          });
  if (!owner)
    return errors::validation_error("Stack for " + *in.physical_resource_id + " does not exist");
  add(*owner);
  return out;
}

Result<ListStackResourcesOutput> Service::list_stack_resources(const store::ReadTxn& tx,
                                                               const wire::Call& call,
                                                               const ListStackResourcesInput& in) {
  TRY(const auto stack, wanted_stack(tx, call.scope, in.stack_name));
  store::Range range = store::prefix(deploy::keys::resources(call.scope, stack.uuid));
  CHECK(apply_token(range, in.next_token, false));
  ListStackResourcesOutput out;
  std::string last;
  tx.scan(range, [&](std::string_view key, std::string_view value) {
    if (out.stack_resource_summaries.size() == page_size) {
      out.next_token = page_token(last);
      return false;
    }
    last = std::string(key);
    const deploy::StackResource resource = deploy::decode_resource(value);
    if (resource.status.empty()) return true;
    out.stack_resource_summaries.push_back(
        {.drift_information =
             StackResourceDriftInformationSummary{.stack_resource_drift_status =
                                                      StackResourceDriftStatus::not_checked},
         .last_updated_timestamp = resource.updated,
         .logical_resource_id = resource.id,
         .physical_resource_id = some(resource.now.id),
         .resource_status = resource.status,
         .resource_status_reason = some(resource.reason),
         .resource_type = resource.type});
    return true;
  });
  return out;
}

}  // namespace cloudlet::cloudformation
