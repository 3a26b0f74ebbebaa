#include "server_functions.h"

#include "gen/sts/api.h"
#include "services/host/in_process.h"

namespace cloudlet {
namespace {

// A log stream of an instance, written to by the runtime.
class FunctionLog : public runtime::LogStream {
 public:
  explicit FunctionLog(std::shared_ptr<logs::StreamWriter> writer) : writer_(std::move(writer)) {}
  void append(Time at, std::string message) override { writer_->append(at, std::move(message)); }
  void flush() override { writer_->flush(); }
  bool congested() const override { return writer_->congested(); }
  void when_drained(std::function<void()> go_on) override {
    writer_->when_drained(std::move(go_on));
  }

 private:
  std::shared_ptr<logs::StreamWriter> writer_;
};

// The service that the role must trust, and then keys for twelve hours at most.
Task<Result<runtime::Credentials>> lend_keys(const FunctionParts& parts, Scope scope,
                                             std::string name, std::string role) {
  services::Actor actor{.scope = scope};
  actor.principal = {.kind = wire::Principal::Kind::service,
                     .arn = "lambda.amazonaws.com",
                     .access_key = {},
                     .id = "lambda.amazonaws.com"};
  services::InProcessCaller caller(parts.host, parts.clock, parts.random, std::move(actor));
  sts::Client client(caller);
  sts::AssumeRoleInput in{.role_arn = std::move(role), .role_session_name = name.substr(0, 64)};
  CO_TRY(auto out, co_await client.assume_role(std::move(in)));
  if (!out.credentials) co_return Error(errors::internal_failure, "STS lent no keys");
  const auto& keys = *out.credentials;
  co_return runtime::Credentials{.access_key = keys.access_key_id,
                                 .secret_key = keys.secret_access_key,
                                 .session_token = keys.session_token,
                                 .expires = keys.expiration};
}

}  // namespace

std::filesystem::path packages_folder(const std::filesystem::path& folder) {
  return folder / "packages";
}

Result<std::unique_ptr<runtime::Runtime>> start_functions(const FunctionParts& parts) {
  runtime::Options options;
  options.programs = parts.folder / "programs";
  options.packages = packages_folder(parts.folder);
  options.endpoint_port = parts.endpoint_port;
  options.endpoint = parts.endpoint;
  options.enforce = parts.enforce;
  options.credentials = [parts](const runtime::Function& function) {
    return lend_keys(parts, function.scope, function.name, function.role);
  };
  options.log = [&logs = parts.logs](const runtime::Function& function, const std::string& stream) {
    return std::make_shared<FunctionLog>(
        logs.appender().open(function.scope, function.log_group, stream));
  };
  return runtime::Runtime::start(std::move(options), parts.clock, parts.random, parts.executor);
}

}  // namespace cloudlet
