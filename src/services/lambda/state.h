// What Lambda stores: functions with their policies and limits, and asynchronous invocations on
// their way.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arn.h"
#include "base/cause.h"
#include "base/clock.h"
#include "store/blob_id.h"
#include "store/txn.h"

namespace cloudlet::lambda {

// One statement of a function's resource policy.
struct Statement {
  std::string sid;
  std::string action;          // "lambda:InvokeFunction", "lambda:*"
  std::string principal;       // "iot.amazonaws.com", an account, an ARN, "*"
  std::string source_arn;      // empty: any; '*' and '?' are wild
  std::string source_account;  // empty: any
};

struct EventConfig {
  Time modified;
  std::optional<int> age_seconds_max;  // default 21,600
  std::optional<int> retries;          // default 2
  std::string on_success, on_failure;  // ARNs or empty
};

struct StoredFunction {
  std::string name;
  std::string runtime;  // as AWS writes it: "python3.11"
  std::string role;
  std::string handler;
  std::string description;
  int timeout_seconds = 3;
  int memory_mb = 128;
  int tmp_mb = 512;
  std::map<std::string, std::string> environment;
  std::string architecture = "x86_64";
  bool traced = false;      // TracingConfig Active
  std::string dead_letter;  // ARN or empty
  std::string log_group;    // empty: /aws/lambda/<name>
  store::BlobId code;       // the zip
  std::string code_sha256;  // raw bytes
  std::uint64_t code_bytes = 0;
  std::string revision;
  Time modified;
  std::map<std::string, std::string> tags;
  std::vector<Statement> policy;
  std::string policy_revision;
  std::optional<int> reserved;
  std::optional<EventConfig> event_config;

  std::string arn(const Scope& scope) const;
  std::string package() const;  // folder name of the unpacked code
};

// One asynchronous invocation, from its acceptance until it succeeded or was given up.
struct StoredInvocation {
  std::string request_id;
  std::string payload;
  std::string source;  // who sent it: an ARN, or empty for Invoke
  Cause cause;
  Time accepted;
  int attempts = 0;   // that reached the function
  int throttles = 0;  // that did not
};

std::string encode(const StoredFunction& function);
StoredFunction decode_function(std::string_view bytes);
std::string encode(const StoredInvocation& invocation);
StoredInvocation decode_invocation(std::string_view bytes);

std::optional<StoredFunction> find_function(const store::ReadTxn& tx, const Scope& scope,
                                            const std::string& name);
void write_function(store::Txn& tx, const Scope& scope, const StoredFunction& function);

// Where a function lives and how it is called.
struct FunctionId {
  Scope scope;
  std::string name;
  auto operator<=>(const FunctionId&) const = default;
  std::string arn() const { return make_arn("lambda", scope, "function:" + name); }
};

}  // namespace cloudlet::lambda
