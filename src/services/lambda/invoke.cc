// Invoke: now and with the answer, later and durable, or only asked whether one might.
#include <boost/json/object.hpp>

#include "base/encoding.h"
#include "gen/lambda/errors.h"
#include "services/lambda/describe.h"
#include "services/lambda/lambda.h"
#include "services/lambda/queue.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

// The runtime's refusals in the service's words.
Error refusal(const Error& error) {
  if (error.is(runtime::too_many_requests)) {
    auto members = std::make_shared<boost::json::object>();
    (*members)["Reason"] = error.message();
    (*members)["Type"] = "User";
    return errors::too_many_requests("Rate Exceeded.").with(std::move(members));
  }
  return errors::service(error.message());
}

}  // namespace

Task<Result<InvokeOutput>> Service::invoke(const wire::Call& call, InvokeInput in) {
  CO_TRY(FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  if (in.durable_execution_name || in.tenant_id)
    co_return errors::invalid_parameter_value(
        "DurableExecutionName and TenantId are not supported by cloudlet");
  if (!in.payload || in.payload->empty()) in.payload = "{}";
  switch (in.invocation_type.value_or(InvocationType::request_response)) {
    case InvocationType::dry_run:
      if (!functions_.find(id)) co_return function_not_found(id);
      co_return InvokeOutput{.status_code = 204};
    case InvocationType::event: co_return co_await invoke_later(call, std::move(id), std::move(in));
    case InvocationType::request_response: break;
  }
  co_return co_await invoke_now(call, std::move(id), std::move(in));
}

Task<Result<InvokeOutput>> Service::invoke_now(const wire::Call& call, FunctionId id,
                                               InvokeInput in) {
  const auto function = functions_.find(id);
  if (!function) co_return function_not_found(id);
  CO_CHECK(check_payload(*in.payload, sync_payload_bytes_max));
  CO_TRY(std::string client_context, check_client_context(in.client_context));
  const Cause before = call.cause.trace.empty() ? with_.journal.begin() : call.cause;
  if (before.too_deep())
    co_return errors::recursive_invocation(
        "Recursive invocation detected: the call has passed 16 hops.");
  CO_CHECK(co_await code_.ensure_unpacked(function->stored.code, function->runnable.package));
  journal::Span span{.cause = before, .id = with_.journal.next_span(), .scope = id.scope};
  span.action = "lambda:Invoke";
  span.resource = id.arn();
  span.at = call.now;
  runtime::Invocation invocation{.request_id = call.request_id, .payload = *std::move(in.payload)};
  if (invocation.request_id.size() != 36) invocation.request_id = call.uuid();
  invocation.cause = before.next(span.id);
  invocation.client_context = std::move(client_context);
  std::shared_ptr<const runtime::Function> runnable(function, &function->runnable);
  auto answer = co_await with_.runtime.invoke(std::move(runnable), std::move(invocation));
  span.took = with_.clock.now() - span.at;
  if (answer.has_error()) {
    span.outcome = answer.error().is(runtime::too_many_requests) ? journal::Outcome::throttled
                                                                 : journal::Outcome::failed;
    span.reason = answer.error().message();
    with_.journal.record(std::move(span));
    co_return refusal(answer.error());
  }
  if (answer->kind != runtime::Answer::Kind::ok)
    span.outcome = journal::Outcome::failed, span.reason = describe_failure(*answer);
  with_.journal.record(std::move(span));
  co_return invoke_answer(in, std::move(*answer));
}

Result<InvokeOutput> Service::invoke_answer(const InvokeInput& in, runtime::Answer answer) const {
  InvokeOutput out;
  out.status_code = 200;
  out.executed_version = "$LATEST";
  if (answer.kind != runtime::Answer::Kind::ok) out.function_error = "Unhandled";
  if (in.log_type == LogType::tail) out.log_result = to_base64(answer.log_tail);
  out.payload = std::move(answer.payload);
  return out;
}

Task<Result<InvokeOutput>> Service::invoke_later(const wire::Call& call, FunctionId id,
                                                 InvokeInput in) {
  CO_CHECK(check_payload(*in.payload, async_payload_bytes_max));
  const Cause before = call.cause.trace.empty() ? with_.journal.begin() : call.cause;
  if (before.too_deep())
    co_return errors::recursive_invocation(
        "Recursive invocation detected: the call has passed 16 hops.");
  journal::Span span{.cause = before, .id = with_.journal.next_span(), .scope = id.scope};
  span.action = "lambda:Invoke";
  span.resource = id.arn();
  span.at = call.now;
  StoredInvocation invocation{.request_id = call.request_id, .payload = *std::move(in.payload)};
  if (invocation.request_id.size() != 36) invocation.request_id = call.uuid();
  invocation.cause = before.next(span.id);
  invocation.accepted = call.now;
  const auto body = [&](store::Txn& tx) -> Result<void> {
    if (!find_function(tx, id.scope, id.name)) return function_not_found(id);
    enqueue(tx, id, invocation);
    return {};
  };
  CO_CHECK(co_await with_.store.transact(body));
  span.reason = "accepted for later";
  with_.journal.record(std::move(span));
  co_return InvokeOutput{.status_code = 202};
}

}  // namespace cloudlet::lambda
