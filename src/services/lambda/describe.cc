#include "services/lambda/describe.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/encoding.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

constexpr std::size_t told_bytes_max = 300;  // of a message of any length

std::string member(const boost::json::value& document, const char* name) {
  const auto* object = document.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

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

std::string describe_failure(const runtime::Answer& answer) {
  boost::system::error_code failed;
  const boost::json::value document = boost::json::parse(answer.payload, failed);
  std::string type = failed ? std::string() : member(document, "errorType");
  if (type.empty()) type = answer.error_type;
  std::string message = failed ? std::string() : member(document, "errorMessage");
  if (message.size() > told_bytes_max) {
    std::size_t end = told_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
    message.resize(end);  // a character is not cut
    message += "...";
  }
  std::string told = message.empty() ? type : type + ": " + message;
  std::replace(told.begin(), told.end(), '\n', ' ');
  return told;
}

}  // namespace cloudlet::lambda
