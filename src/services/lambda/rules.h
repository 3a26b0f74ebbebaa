// What Lambda checks and no model says, with its sentences; and the forms of a function's name.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "delivery/roles.h"
#include "gen/lambda/types.h"
#include "runtime/function.h"
#include "services/lambda/state.h"

namespace cloudlet::lambda {

extern const ErrorKind access_denied;  // 403 AccessDeniedException: the function's policy says no

// limits of AWS, in bytes
inline constexpr std::size_t sync_payload_bytes_max = 6'291'456;
inline constexpr std::size_t async_payload_bytes_max = 1'048'576;
inline constexpr std::size_t zip_bytes_max = 52'428'800;  // inline
inline constexpr std::size_t unzipped_bytes_max = 262'144'000;

// A name, a partial ARN ("123456789012:function:name") or an ARN, each with or without a qualifier;
// $LATEST is the only one that exists here. ResourceNotFoundException for all others, and for other
// accounts and regions.
Result<FunctionId> parse_name(const Scope& scope, const std::string& text,
                              const std::optional<std::string>& qualifier);
Error function_not_found(const FunctionId& id, const std::string& qualifier = {});

// A function's role is one of its account, and one that its trust policy lets Lambda assume.
Result<void> check_role(const store::ReadTxn& tx, const delivery::Roles& roles, const Scope& scope,
                        const std::string& arn);

// How a runtime runs here; none: not served.
std::optional<runtime::Language> language_of(std::string_view runtime);

Result<void> check_create(const CreateFunctionInput& in);
Result<void> check_update(const UpdateFunctionConfigurationInput& in);
// What both may carry and the model does not bound.
struct Settings {
  std::optional<std::int32_t> timeout, memory;
  const Environment* environment = nullptr;
  const DeadLetterConfig* dead_letter = nullptr;
  const LoggingConfig* logging = nullptr;
};
Result<void> check_settings(const Settings& settings);
Result<void> check_tags(const std::map<std::string, std::string>& tags);
// A dead letter or destination of asynchronous invocations: topics and functions.
Result<std::string> destination_kind(const std::string& arn);

// Asynchronous or not, a payload is JSON.
Result<void> check_payload(const std::string& payload, std::size_t limit);
// Base64 of JSON, at most 3,583 bytes; its JSON.
Result<std::string> check_client_context(const std::optional<std::string>& header);

// A UUID for an invocation that a transaction makes: the same each time its body runs, and no
// other's.
std::string request_id_of(std::uint64_t sequence, Time now);

// "2020-08-27T13:47:52.677+0000"
std::string last_modified(Time time);

}  // namespace cloudlet::lambda
