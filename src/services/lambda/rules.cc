#include "services/lambda/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/digest.h"
#include "base/encoding.h"
#include "gen/lambda/errors.h"
#include "services/lambda/json_check.h"
#include "wire/call.h"

namespace cloudlet::lambda {

const ErrorKind access_denied{
    .name = "AccessDeniedException", .code = "AccessDeniedException", .status = 403};

namespace {

constexpr std::size_t environment_bytes_max = 4096;
constexpr std::size_t client_context_bytes_max = 3583;
constexpr int timeout_seconds_max = 900;
constexpr int memory_mb_max = 10240;
constexpr std::size_t tags_max = 50;

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Reserved environment
// variables"
constexpr std::string_view reserved_variables[] = {"_HANDLER",
                                                   "_X_AMZN_TRACE_ID",
                                                   "AWS_DEFAULT_REGION",
                                                   "AWS_REGION",
                                                   "AWS_EXECUTION_ENV",
                                                   "AWS_LAMBDA_FUNCTION_NAME",
                                                   "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                   "AWS_LAMBDA_FUNCTION_VERSION",
                                                   "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                   "AWS_LAMBDA_LOG_GROUP_NAME",
                                                   "AWS_LAMBDA_LOG_STREAM_NAME",
                                                   "AWS_ACCESS_KEY",
                                                   "AWS_ACCESS_KEY_ID",
                                                   "AWS_SECRET_ACCESS_KEY",
                                                   "AWS_SESSION_TOKEN",
                                                   "AWS_LAMBDA_RUNTIME_API",
                                                   "LAMBDA_TASK_ROOT",
                                                   "LAMBDA_RUNTIME_DIR"};

#if defined(__aarch64__)
constexpr Architecture host_architecture = Architecture::arm64;
#else
constexpr Architecture host_architecture = Architecture::x86_64;
#endif

Error unsupported(std::string_view what) {
  return errors::invalid_parameter_value(fmt::format("{} is not supported by cloudlet", what));
}

Error too_large(std::string_view member, std::int64_t value, std::int64_t limit) {
  return errors::validation(
      fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: "
                  "Member must have value "
                  "less than or equal to {}",
                  value, member, limit));
}

Result<void> check_environment(const Environment& environment) {
  boost::json::object all;
  std::string reserved;
  for (const auto& [name, value] : environment.variables) {
    all[name] = value;
    if (std::find(std::begin(reserved_variables), std::end(reserved_variables), name) !=
        std::end(reserved_variables))
      reserved += (reserved.empty() ? "" : ", ") + name;
    if (value.find('\0') != std::string::npos)
      return errors::invalid_parameter_value("An environment variable's value holds a zero byte: " +
                                             name);
  }
  if (!reserved.empty())
    return errors::invalid_parameter_value(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys "
        "used in this request: " +
        reserved);
  const std::string measured = boost::json::serialize(all);
  if (measured.size() > environment_bytes_max)
    return errors::invalid_parameter_value(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided "
        "exceeded the 4KB limit. String measured: " +
        measured);
  return {};
}

Result<void> check_logging(const LoggingConfig& logging) {
  if (logging.log_format == LogFormat::json) return unsupported("LoggingConfig.LogFormat JSON");
  if (logging.application_log_level || logging.system_log_level)
    return unsupported("a log level without LogFormat JSON");
  return {};
}

}  // namespace

Error function_not_found(const FunctionId& id, const std::string& qualifier) {
  return errors::resource_not_found("Function not found: " + id.arn() +
                                    (qualifier.empty() ? "" : ":" + qualifier));
}

Result<FunctionId> parse_name(const Scope& scope, const std::string& text,
                              const std::optional<std::string>& qualifier) {
  FunctionId id{.scope = scope};
  std::string rest = text, own_qualifier = qualifier.value_or("");
  if (rest.starts_with("arn:")) {
    const auto arn = Arn::parse(rest);
    if (!arn || arn->service != "lambda" || !arn->resource.starts_with("function:"))
      return errors::invalid_parameter_value("Invalid function name: " + text);
    id.scope = arn->scope();
    rest = arn->resource.substr(9);
  } else if (const std::size_t at = rest.find("function:"); at != std::string::npos) {
    if (at > 0) id.scope.account = rest.substr(0, at - 1);
    rest = rest.substr(at + 9);
  }
  if (const std::size_t colon = rest.find(':'); colon != std::string::npos) {
    const std::string inner = rest.substr(colon + 1);
    rest.resize(colon);
    if (!own_qualifier.empty() && own_qualifier != inner)
      return errors::invalid_parameter_value(
          "The derived qualifier from the function name does not match the specified qualifier.");
    own_qualifier = inner;
  }
  id.name = rest;
  if (id.scope != scope) return function_not_found(id);
  if (!own_qualifier.empty() && own_qualifier != "$LATEST")
    return function_not_found(id, own_qualifier);
  return id;
}

// Both texts as users of the service report them, the first as InvalidParameterValueException.
Result<void> check_role(const store::ReadTxn& tx, const delivery::Roles& roles, const Scope& scope,
                        const std::string& arn) {
  const auto parsed = Arn::parse(arn);
  if (parsed && parsed->account != scope.account)
    return Error(access_denied, "Cross-account pass role is not allowed.");
  const wire::Principal lambda{.kind = wire::Principal::Kind::service,
                               .arn = "lambda.amazonaws.com",
                               .access_key = {},
                               .id = "lambda.amazonaws.com"};
  if (roles.trusts(tx, arn, lambda, {})) return {};
  return errors::invalid_parameter_value(
      "The role defined for the function cannot be assumed by Lambda.");
}

std::optional<runtime::Language> language_of(std::string_view runtime) {
  if (runtime == "provided.al2023" || runtime == "provided.al2" || runtime == "provided")
    return runtime::Language::native;
  if (runtime.starts_with("python3.")) return runtime::Language::python;
  return std::nullopt;
}

Result<void> check_settings(const Settings& s) {
  if (s.timeout && *s.timeout > timeout_seconds_max)
    return too_large("timeout", *s.timeout, timeout_seconds_max);
  if (s.memory && *s.memory > memory_mb_max)
    return too_large("memorySize", *s.memory, memory_mb_max);
  if (s.environment != nullptr) CHECK(check_environment(*s.environment));
  if (s.logging != nullptr) CHECK(check_logging(*s.logging));
  if (s.dead_letter != nullptr && s.dead_letter->target_arn && !s.dead_letter->target_arn->empty())
    CHECK(destination_kind(*s.dead_letter->target_arn));
  return {};
}

Result<void> check_create(const CreateFunctionInput& in) {
  if (in.package_type == PackageType::image || in.code.image_uri || in.image_config)
    return unsupported("the package type Image (container images)");
  if (!in.runtime || !in.handler)
    return errors::invalid_parameter_value(
        "Runtime and Handler are mandatory parameters for functions created with deployment "
        "packages.");
  if (!language_of(to_string(*in.runtime)))
    return unsupported(
        fmt::format("the runtime {} (served: provided.al2023, provided.al2, python3.x)",
                    to_string(*in.runtime)));
  if (in.publish.value_or(false)) return unsupported("publishing versions");
  if (!in.layers.empty()) return unsupported("Layers");
  if (!in.file_system_configs.empty()) return unsupported("FileSystemConfigs");
  if (in.vpc_config && !in.vpc_config->subnet_ids.empty()) return unsupported("VpcConfig");
  if (in.kms_key_arn && !in.kms_key_arn->empty()) return unsupported("KMSKeyArn");
  if (in.snap_start && in.snap_start->apply_on == SnapStartApplyOn::published_versions)
    return unsupported("SnapStart");
  for (const Architecture architecture : in.architectures)
    if (architecture != host_architecture &&
        language_of(to_string(*in.runtime)) == runtime::Language::native)
      return unsupported(
          fmt::format("the architecture {} on this machine", to_string(architecture)));
  CHECK(check_tags(in.tags));
  return check_settings({.timeout = in.timeout,
                         .memory = in.memory_size,
                         .environment = in.environment ? &*in.environment : nullptr,
                         .dead_letter = in.dead_letter_config ? &*in.dead_letter_config : nullptr,
                         .logging = in.logging_config ? &*in.logging_config : nullptr});
}

Result<void> check_update(const UpdateFunctionConfigurationInput& in) {
  if (in.image_config) return unsupported("ImageConfig");
  if (in.runtime && !language_of(to_string(*in.runtime)))
    return unsupported(
        fmt::format("the runtime {} (served: provided.al2023, provided.al2, python3.x)",
                    to_string(*in.runtime)));
  if (!in.layers.empty()) return unsupported("Layers");
  if (!in.file_system_configs.empty()) return unsupported("FileSystemConfigs");
  if (in.vpc_config && !in.vpc_config->subnet_ids.empty()) return unsupported("VpcConfig");
  if (in.kms_key_arn && !in.kms_key_arn->empty()) return unsupported("KMSKeyArn");
  if (in.snap_start && in.snap_start->apply_on == SnapStartApplyOn::published_versions)
    return unsupported("SnapStart");
  return check_settings({.timeout = in.timeout,
                         .memory = in.memory_size,
                         .environment = in.environment ? &*in.environment : nullptr,
                         .dead_letter = in.dead_letter_config ? &*in.dead_letter_config : nullptr,
                         .logging = in.logging_config ? &*in.logging_config : nullptr});
}

Result<void> check_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() > tags_max)
    return errors::invalid_parameter_value("A function can have no more than 50 tags.");
  for (const auto& [name, value] : tags) {
    if (name.empty() || name.size() > 128 || value.size() > 256)
      return errors::invalid_parameter_value(
          "A tag's key has 1 to 128 characters and its value at most 256: " + name);
    if (name.starts_with("aws:"))
      return errors::invalid_parameter_value("Tag keys that start with 'aws:' are reserved: " +
                                             name);
  }
  return {};
}

Result<std::string> destination_kind(const std::string& text) {
  const auto arn = Arn::parse(text);
  if (!arn) return errors::invalid_parameter_value("The destination is not an ARN: " + text);
  if (arn->service == "sns") return std::string("sns");
  if (arn->service == "lambda" && arn->resource.starts_with("function:"))
    return std::string("lambda");
  return unsupported("a dead letter queue or destination of service " + arn->service +
                     " (served: sns, lambda)");
}

Result<void> check_payload(const std::string& payload, std::size_t limit) {
  if (payload.size() > limit)
    return errors::request_too_large(fmt::format(
        "Request must be smaller than {} bytes for the InvokeFunction operation", limit));
  if (const std::string why = json_error(payload); !why.empty())
    return errors::invalid_request_content(
        "Could not parse request body into json: Could not parse payload into json: " + why);
  return {};
}

Result<std::string> check_client_context(const std::optional<std::string>& header) {
  if (!header || header->empty()) return std::string();
  const auto decoded = from_base64(*header);
  if (header->size() > client_context_bytes_max || !decoded || !json_error(*decoded).empty())
    return errors::invalid_request_content(
        "Client context must be a valid Base64-encoded JSON object.");
  return *decoded;
}

std::string request_id_of(std::uint64_t sequence, Time now) {
  std::string hex = to_hex(sha256(fmt::format("{}/{}", sequence, to_millis(now))).substr(0, 16));
  hex[12] = '4', hex[16] = '8';  // version and variant of RFC 4122
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

std::string last_modified(Time time) {
  std::string text = iso8601(time);
  text.pop_back();  // the Z
  return text + "+0000";
}

}  // namespace cloudlet::lambda
