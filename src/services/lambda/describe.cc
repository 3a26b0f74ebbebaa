#include "services/lambda/describe.h"

#include "base/encoding.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {

FunctionConfiguration describe(const Scope& scope, const StoredFunction& f) {
  FunctionConfiguration out;
  out.function_name = f.name;
  out.function_arn = f.arn(scope);
  out.runtime = parse_runtime(f.runtime);
  out.role = f.role;
  out.handler = f.handler;
  out.description = f.description;
  out.timeout = f.timeout_seconds;
  out.memory_size = f.memory_mb;
  out.ephemeral_storage = EphemeralStorage{.size = f.tmp_mb};
  if (!f.environment.empty()) out.environment = EnvironmentResponse{.variables = f.environment};
  out.architectures = {parse_architecture(f.architecture).value_or(Architecture::x86_64)};
  out.tracing_config =
      TracingConfigResponse{.mode = f.traced ? TracingMode::active : TracingMode::pass_through};
  if (!f.dead_letter.empty())
    out.dead_letter_config = DeadLetterConfig{.target_arn = f.dead_letter};
  LoggingConfig logging;
  logging.log_format = LogFormat::text;
  logging.log_group = f.log_group.empty() ? "/aws/lambda/" + f.name : f.log_group;
  out.logging_config = std::move(logging);
  out.code_sha256 = to_base64(f.code_sha256);
  out.code_size = static_cast<std::int64_t>(f.code_bytes);
  out.version = "$LATEST";
  out.revision_id = f.revision;
  out.last_modified = last_modified(f.modified);
  out.package_type = PackageType::zip;
  out.snap_start = SnapStartResponse{.apply_on = SnapStartApplyOn::none,
                                     .optimization_status = SnapStartOptimizationStatus::off};
  // Code is unpacked and checked before it is stored: there is no time in between.
  out.state = State::active;
  out.last_update_status = LastUpdateStatus::successful;
  return out;
}

}  // namespace cloudlet::lambda
