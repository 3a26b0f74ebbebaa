// How asynchronous invocations of a function are retried, for how long, and where their outcomes
// go.
#include "gen/lambda/errors.h"
#include "services/lambda/lambda.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

FunctionEventInvokeConfig describe(const FunctionId& id, const EventConfig& config) {
  FunctionEventInvokeConfig out;
  out.function_arn = id.arn() + ":$LATEST";
  out.last_modified = config.modified;
  out.maximum_event_age_in_seconds = config.age_seconds_max;
  out.maximum_retry_attempts = config.retries;
  DestinationConfig destinations;
  destinations.on_success = OnSuccess{};
  destinations.on_failure = OnFailure{};
  if (!config.on_success.empty()) destinations.on_success->destination = config.on_success;
  if (!config.on_failure.empty()) destinations.on_failure->destination = config.on_failure;
  out.destination_config = std::move(destinations);
  return out;
}

// What is given replaces; an empty destination takes the old one away.
Result<void> take_destinations(EventConfig& config, const std::optional<DestinationConfig>& given) {
  if (!given) return {};
  if (given->on_success && given->on_success->destination) {
    if (!given->on_success->destination->empty())
      CHECK(destination_kind(*given->on_success->destination));
    config.on_success = *given->on_success->destination;
  }
  if (given->on_failure && given->on_failure->destination) {
    if (!given->on_failure->destination->empty())
      CHECK(destination_kind(*given->on_failure->destination));
    config.on_failure = *given->on_failure->destination;
  }
  return {};
}

template <class Input>
Result<FunctionEventInvokeConfig> change(store::Txn& tx, const wire::Call& call, const Input& in,
                                         EventConfig config, const FunctionId& id,
                                         StoredFunction function) {
  CHECK(take_destinations(config, in.destination_config));
  if (in.maximum_event_age_in_seconds) config.age_seconds_max = *in.maximum_event_age_in_seconds;
  if (in.maximum_retry_attempts) config.retries = *in.maximum_retry_attempts;
  config.modified = call.now;
  function.event_config = config;
  write_function(tx, id.scope, function);
  return describe(id, config);
}

Error none(const FunctionId& id) {
  return errors::resource_not_found("The function " + id.arn() +
                                    ":$LATEST doesn't have an EventInvokeConfig");
}

}  // namespace

Result<GetFunctionEventInvokeConfigOutput> Service::get_function_event_invoke_config(
    const store::ReadTxn& tx, const wire::Call& call, const GetFunctionEventInvokeConfigInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  const auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  if (!function->event_config) return none(id);
  return describe(id, *function->event_config);
}

Result<PutFunctionEventInvokeConfigOutput> Service::put_function_event_invoke_config(
    store::Txn& tx, const wire::Call& call, const PutFunctionEventInvokeConfigInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  return change(tx, call, in, EventConfig{}, id, *std::move(function));
}

Result<UpdateFunctionEventInvokeConfigOutput> Service::update_function_event_invoke_config(
    store::Txn& tx, const wire::Call& call, const UpdateFunctionEventInvokeConfigInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  if (!function->event_config) return none(id);
  const EventConfig before = *function->event_config;
  return change(tx, call, in, before, id, *std::move(function));
}

Result<DeleteFunctionEventInvokeConfigOutput> Service::delete_function_event_invoke_config(
    store::Txn& tx, const wire::Call& call, const DeleteFunctionEventInvokeConfigInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  if (!function->event_config) return none(id);
  function->event_config.reset();
  write_function(tx, id.scope, *function);
  return DeleteFunctionEventInvokeConfigOutput{};
}

}  // namespace cloudlet::lambda
