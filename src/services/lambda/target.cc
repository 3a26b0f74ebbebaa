// Being a delivery::Target: an event becomes an asynchronous invocation in the transaction of its
// cause, if the function's policy lets its sender in.
#include "gen/lambda/errors.h"
#include "services/lambda/lambda.h"
#include "services/lambda/policy.h"
#include "services/lambda/queue.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {

Result<void> Service::deliver(store::Txn& tx, const delivery::Address& to,
                              const delivery::Event& event) {
  const auto arn = Arn::parse(to.arn);
  if (!arn) return errors::invalid_parameter_value("Invalid function ARN: " + to.arn);
  TRY(const FunctionId id, parse_name(arn->scope(), to.arn, std::nullopt));
  const auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  // A destination acts with the role of the function that names it, in the same account.
  const bool own =
      event.principal == "lambda.amazonaws.com" && event.scope.account == id.scope.account;
  if (!own) {
    const Asker asker{
        .principal = event.principal, .source = event.source, .account = event.scope.account};
    CHECK(check_policy(id, function->policy, asker));
  }
  CHECK(check_payload(event.payload, async_payload_bytes_max));
  StoredInvocation invocation{
      .payload = event.payload, .source = event.source, .cause = event.cause};
  // Repeatable: the id must not come from chance inside a transaction's body.
  invocation.request_id = request_id_of(tx.next_sequence(), event.now);
  invocation.accepted = event.now;
  enqueue(tx, id, invocation);
  return {};
}

}  // namespace cloudlet::lambda
