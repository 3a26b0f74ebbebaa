#include "runtime/environment.h"

#include <map>

namespace cloudlet::runtime {
namespace {

using Variables = std::map<std::string, std::string>;

Variables defaults(const EnvironmentInput& input) {
  Variables all{{"LANG", "C.UTF-8"},
                {"TZ", ":UTC"},
                {"PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"},
                {"LD_LIBRARY_PATH", "/var/task:/var/task/lib:/opt/lib"},
                {"HOME", "/tmp"},
                {"AWS_EC2_METADATA_DISABLED", "true"}};
  if (input.function.language == Language::python) all["PYTHONPATH"] = "/var/runtime";
  if (input.endpoint_port != 0)
    all["AWS_ENDPOINT_URL"] = "http://127.0.0.1:" + std::to_string(input.endpoint_port);
  return all;
}

void add_reserved(const EnvironmentInput& input, Variables& all) {
  const Function& f = input.function;
  all["_HANDLER"] = f.handler;
  all["AWS_REGION"] = all["AWS_DEFAULT_REGION"] = f.scope.region;
  all["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + f.runtime;
  all["AWS_LAMBDA_FUNCTION_NAME"] = f.name;
  all["AWS_LAMBDA_FUNCTION_VERSION"] = f.version;
  all["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(f.memory_mb);
  all["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand";
  all["AWS_LAMBDA_LOG_GROUP_NAME"] = f.log_group;
  all["AWS_LAMBDA_LOG_STREAM_NAME"] = input.log_stream;
  all["LAMBDA_RUNTIME_DIR"] = "/var/runtime";
  all["CLOUDLET_CONTROL_FD"] = "3";
  all["CLOUDLET_FUNCTION_ARN"] = f.arn;
  if (!input.credentials) return;
  all["AWS_ACCESS_KEY_ID"] = input.credentials->access_key;
  all["AWS_SECRET_ACCESS_KEY"] = input.credentials->secret_key;
  if (!input.credentials->session_token.empty())
    all["AWS_SESSION_TOKEN"] = input.credentials->session_token;
}

}  // namespace

std::vector<std::string> environment(const EnvironmentInput& input) {
  Variables all = defaults(input);
  for (const auto& [name, value] : input.function.environment) all[name] = value;
  add_reserved(input, all);
  std::vector<std::string> texts;
  texts.reserve(all.size());
  for (const auto& [name, value] : all) texts.push_back(name + "=" + value);
  return texts;
}

}  // namespace cloudlet::runtime
