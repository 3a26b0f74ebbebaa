// Reserved concurrency, and what the account may use.
#include <fmt/format.h>

#include "gen/lambda/errors.h"
#include "services/lambda/keys.h"
#include "services/lambda/lambda.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

// AWS keeps so much for functions that reserve nothing; a small machine's whole limit may be less,
// so a tenth here.
int unreserved_least(int limit) { return std::max(1, limit / 10); }

// By all functions but one. The limit is the machine's: accounts and regions share it.
int reserved(const store::ReadTxn& tx, const std::optional<store::Key>& but = {}) {
  int all = 0;
  tx.scan(store::prefix(keys::all_functions()), [&](std::string_view key, std::string_view value) {
    if (!but || key != but->bytes()) all += decode_function(value).reserved.value_or(0);
    return true;
  });
  return all;
}

}  // namespace

Result<GetAccountSettingsOutput> Service::get_account_settings(const store::ReadTxn& tx,
                                                               const wire::Call& call,
                                                               const GetAccountSettingsInput&) {
  AccountUsage used{.function_count = 0, .total_code_size = 0};
  tx.scan(store::prefix(keys::functions(call.scope)),
          [&](std::string_view, std::string_view value) {
            ++*used.function_count;
            *used.total_code_size += static_cast<std::int64_t>(decode_function(value).code_bytes);
            return true;
          });
  const int limit = with_.runtime.concurrency();
  AccountLimit limits;
  limits.code_size_unzipped = static_cast<std::int64_t>(unzipped_bytes_max);
  limits.code_size_zipped = static_cast<std::int64_t>(zip_bytes_max);
  limits.concurrent_executions = limit;
  limits.unreserved_concurrent_executions = limit - reserved(tx);
  limits.total_code_size = std::int64_t{80'530'636'800};  // 75 GiB, as AWS
  GetAccountSettingsOutput out;
  out.account_limit = std::move(limits);
  out.account_usage = used;
  return out;
}

Result<GetFunctionConcurrencyOutput> Service::get_function_concurrency(
    const store::ReadTxn& tx, const wire::Call& call, const GetFunctionConcurrencyInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, std::nullopt));
  const auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  return GetFunctionConcurrencyOutput{.reserved_concurrent_executions = function->reserved};
}

Result<PutFunctionConcurrencyOutput> Service::put_function_concurrency(
    store::Txn& tx, const wire::Call& call, const PutFunctionConcurrencyInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, std::nullopt));
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  const int limit = with_.runtime.concurrency(), least = unreserved_least(limit);
  if (reserved(tx, keys::function(id.scope, id.name)) + in.reserved_concurrent_executions >
      limit - least)
    return errors::invalid_parameter_value(
        fmt::format("Specified ReservedConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its "
                    "minimum value of [{}].",
                    least));
  function->reserved = in.reserved_concurrent_executions;
  write_function(tx, id.scope, *function);
  return PutFunctionConcurrencyOutput{.reserved_concurrent_executions =
                                          in.reserved_concurrent_executions};
}

Result<DeleteFunctionConcurrencyOutput> Service::delete_function_concurrency(
    store::Txn& tx, const wire::Call& call, const DeleteFunctionConcurrencyInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, std::nullopt));
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  function->reserved.reset();
  write_function(tx, id.scope, *function);
  return DeleteFunctionConcurrencyOutput{};
}

}  // namespace cloudlet::lambda
