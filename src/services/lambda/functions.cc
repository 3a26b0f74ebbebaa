// Functions: made, shown, listed, removed.
#include <fmt/format.h>

#include "gen/lambda/errors.h"
#include "services/lambda/describe.h"
#include "services/lambda/keys.h"
#include "services/lambda/lambda.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

constexpr std::size_t page_default = 50;

StoredFunction stored(const CreateFunctionInput& in, const FunctionId& id, const Code& code,
                      const wire::Call& call) {
  StoredFunction f{
      .name = id.name, .runtime = std::string(to_string(*in.runtime)), .role = in.role};
  f.handler = in.handler.value_or("");
  f.description = in.description.value_or("");
  f.timeout_seconds = in.timeout.value_or(3);
  f.memory_mb = in.memory_size.value_or(128);
  if (in.ephemeral_storage) f.tmp_mb = in.ephemeral_storage->size;
  if (in.environment) f.environment = in.environment->variables;
  if (!in.architectures.empty()) f.architecture = to_string(in.architectures.front());
  f.traced = in.tracing_config && in.tracing_config->mode == TracingMode::active;
  if (in.dead_letter_config) f.dead_letter = in.dead_letter_config->target_arn.value_or("");
  if (in.logging_config) f.log_group = in.logging_config->log_group.value_or("");
  f.code = code.blob;
  f.code_sha256 = code.sha256;
  f.code_bytes = code.bytes;
  f.revision = call.uuid();
  f.modified = call.now;
  f.tags = in.tags;
  return f;
}

Error exists(const std::string& name) {
  return errors::resource_conflict("Function already exist: " + name);
}

}  // namespace

Service::Service(const Collaborators& with)
    : with_(with),
      code_(with.store, with.packages, with.caller_for),
      functions_(with.runtime),
      dispatcher_({.store = with.store,
                   .runtime = with.runtime,
                   .functions = functions_,
                   .code = code_,
                   .targets = with.targets,
                   .journal = with.journal,
                   .clock = with.clock,
                   .executor = with.executor}),
      secret_(with.random.bytes(32)) {
  with.store.watch(functions_);
  with.store.watch(dispatcher_);
}

void Service::start() {
  code_.remove_unused(*with_.store.snapshot());
  dispatcher_.start();
}

void Service::stop() { dispatcher_.stop(); }

Task<Result<CreateFunctionOutput>> Service::create_function(const wire::Call& call,
                                                            CreateFunctionInput in) {
  CO_TRY(const FunctionId id, parse_name(call.scope, in.function_name, std::nullopt));
  if (id.name.size() > 64)
    co_return errors::validation("1 validation error detected: Value '" + id.name +
                                 "' at 'functionName' failed to satisfy constraint: Member must "
                                 "have length less than or equal to 64");
  CO_CHECK(check_create(in));
  if (find_function(*with_.store.snapshot(), id.scope, id.name)) co_return exists(id.name);
  CodeStore::Source source{
      .zip_file = std::move(in.code.zip_file), .bucket = in.code.s3_bucket, .key = in.code.s3_key};
  source.version = in.code.s3_object_version;
  CO_TRY(const Code code, co_await code_.take(call.scope, std::move(source)));
  const StoredFunction function = stored(in, id, code, call);
  const auto body = [&](store::Txn& tx) -> Result<void> {
    if (find_function(tx, id.scope, id.name)) return exists(id.name);
    CHECK(check_role(tx, with_.roles, id.scope, function.role));
    tx.keep_blob(code.blob);
    write_function(tx, id.scope, function);
    return {};
  };
  CO_CHECK(co_await with_.store.transact(body));
  co_return describe(id.scope, function);
}

Result<DeleteFunctionOutput> Service::delete_function(store::Txn& tx, const wire::Call& call,
                                                      const DeleteFunctionInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, std::nullopt));
  if (in.qualifier == "$LATEST")
    return errors::invalid_parameter_value(
        "$LATEST version cannot be deleted without deleting the function.");
  if (in.qualifier) return function_not_found(id, *in.qualifier);
  const auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  tx.drop_blob(function->code);
  tx.erase(keys::function(id.scope, id.name));
  // Events on their way to a function that is gone go nowhere; a timer that finds nothing does
  // nothing.
  tx.erase(store::prefix(keys::queue(id.scope, id.name)));
  tx.erase(store::prefix(keys::waiting_of(id.scope, id.name)));
  return DeleteFunctionOutput{.status_code = 204};
}

Result<GetFunctionOutput> Service::get_function(const store::ReadTxn& tx, const wire::Call& call,
                                                const GetFunctionInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, in.qualifier));
  const auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  GetFunctionOutput out;
  out.configuration = describe(id.scope, *function);
  FunctionCodeLocation code;
  code.repository_type = "S3";
  code.location = code_location(call, *function);
  out.code = std::move(code);
  out.tags = function->tags;
  if (function->reserved)
    out.concurrency = Concurrency{.reserved_concurrent_executions = *function->reserved};
  return out;
}

Result<ListFunctionsOutput> Service::list_functions(const store::ReadTxn& tx,
                                                    const wire::Call& call,
                                                    const ListFunctionsInput& in) {
  const auto limit = std::min<std::size_t>(
      page_default, static_cast<std::size_t>(in.max_items.value_or(page_default)));
  store::Range range = store::prefix(keys::functions(call.scope));
  if (in.marker) range = store::after(range, keys::function(call.scope, *in.marker));
  ListFunctionsOutput out;
  tx.scan(range, [&](std::string_view, std::string_view value) {
    if (out.functions.size() == limit) {
      out.next_marker = out.functions.back().function_name;
      return false;
    }
    FunctionConfiguration shown = describe(call.scope, decode_function(value));
    // With ALL, each version is shown under its own ARN.
    if (in.function_version == FunctionVersion::all) *shown.function_arn += ":$LATEST";
    shown.state.reset(), shown.last_update_status.reset();  // lists leave these out
    out.functions.push_back(std::move(shown));
    return true;
  });
  return out;
}

Result<ListVersionsByFunctionOutput> Service::list_versions_by_function(
    const store::ReadTxn& tx, const wire::Call& call, const ListVersionsByFunctionInput& in) {
  TRY(const FunctionId id, parse_name(call.scope, in.function_name, std::nullopt));
  const auto function = find_function(tx, id.scope, id.name);
  if (!function) return function_not_found(id);
  ListVersionsByFunctionOutput out;
  out.versions.push_back(describe(id.scope, *function));
  *out.versions.back().function_arn += ":$LATEST";
  return out;
}

}  // namespace cloudlet::lambda
