// A function's configuration and code, changed.
#include "gen/lambda/errors.h"
#include "services/lambda/describe.h"
#include "services/lambda/lambda.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

Result<void> check_revision(const StoredFunction& function,
                            const std::optional<std::string>& wanted) {
  if (!wanted || *wanted == function.revision) return {};
  return errors::precondition_failed(
      "The Revision Id provided does not match the latest Revision Id. Call the "
      "GetFunction/GetAlias API to retrieve the "
      "latest Revision Id");
}

// What is given replaces what was; what is not stays.
void change(StoredFunction& f, const UpdateFunctionConfigurationInput& in) {
  if (in.runtime) f.runtime = to_string(*in.runtime);
  if (in.role) f.role = *in.role;
  if (in.handler) f.handler = *in.handler;
  if (in.description) f.description = *in.description;
  if (in.timeout) f.timeout_seconds = *in.timeout;
  if (in.memory_size) f.memory_mb = *in.memory_size;
  if (in.ephemeral_storage) f.tmp_mb = in.ephemeral_storage->size;
  if (in.environment) f.environment = in.environment->variables;
  if (in.tracing_config) f.traced = in.tracing_config->mode == TracingMode::active;
  if (in.dead_letter_config) f.dead_letter = in.dead_letter_config->target_arn.value_or("");
  if (in.logging_config) f.log_group = in.logging_config->log_group.value_or(f.log_group);
}

}  // namespace

Result<GetFunctionConfigurationOutput> Service::get_function_configuration(
    const store::ReadTxn& tx, const wire::Call& call, const GetFunctionConfigurationInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  const auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  return describe(id.scope, *function);
}

Result<UpdateFunctionConfigurationOutput> Service::update_function_configuration(
    store::Txn& tx, const wire::Call& call, const UpdateFunctionConfigurationInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, std::nullopt));
  CHECK(check_update(in));
  auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  CHECK(check_revision(*function, in.revision_id));
  if (in.role) CHECK(check_role(tx, with_.roles, id.scope, *in.role));
  change(*function, in);
  function->revision = call.uuid();
  function->modified = call.now;
  write_function(tx, id.scope, *function);
  return describe(id.scope, *function);
}

Task<Result<UpdateFunctionCodeOutput>> Service::update_function_code(const wire::Call& call,
                                                                     UpdateFunctionCodeInput in) {
  CO_TRY(const FunctionId id, parse_name(call.scope, in.function_name, std::nullopt));
  if (in.image_uri)
    co_return errors::invalid_parameter_value("Container images are not supported by cloudlet");
  if (in.publish.value_or(false))
    co_return errors::invalid_parameter_value("Publishing versions is not supported by cloudlet");
  const auto before = find_function(*with_.store.snapshot(), id.scope, id.name);
  if (!before) co_return function_not_found(id);
  CO_CHECK(check_revision(*before, in.revision_id));
  CodeStore::Source source{
      .zip_file = std::move(in.zip_file), .bucket = in.s3_bucket, .key = in.s3_key};
  source.version = in.s3_object_version;
  CO_TRY(const Code code, co_await code_.take(call.scope, std::move(source)));
  const auto body = [&](store::Txn& tx) -> Result<StoredFunction> {
    auto function = find_function(tx, id.scope, id.name);
    if (!function) return function_not_found(id);
    CHECK(check_revision(*function, in.revision_id));
    if (!in.dry_run.value_or(false)) tx.drop_blob(function->code), tx.keep_blob(code.blob);
    function->code = code.blob;
    function->code_sha256 = code.sha256;
    function->code_bytes = code.bytes;
    if (!in.architectures.empty()) function->architecture = to_string(in.architectures.front());
    function->revision = call.uuid();
    function->modified = call.now;
    if (!in.dry_run.value_or(false)) write_function(tx, id.scope, *function);
    return *std::move(function);
  };
  CO_TRY(const StoredFunction function, co_await with_.store.transact(body));
  co_return describe(id.scope, function);
}

}  // namespace cloudlet::lambda
