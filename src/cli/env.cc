// `cloudlet env`: what a shell needs so that AWS CLI and SDKs just work.
#include <iostream>

#include "cli/command.h"

namespace cloudlet::cli {
namespace {

// For a shell to read: nothing in it is anything but text.
std::string for_shell(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void print(Context& context) {
  const wire::SigningKeys keys = context.keys_for_shell();
  const std::string region = context.scope().region;
  // Every SDK since 2023 takes AWS_ENDPOINT_URL. Debian's AWS CLI (2.9) does not: for it there is
  // a function.
  const std::vector<std::pair<std::string, std::string>> variables = {
      {"AWS_ENDPOINT_URL", context.endpoint},
      {"AWS_ACCESS_KEY_ID", keys.access_key},
      {"AWS_SECRET_ACCESS_KEY", keys.secret},
      {"AWS_DEFAULT_REGION", region},
      {"AWS_REGION", region},
      {"AWS_EC2_METADATA_DISABLED", "true"},
      {"CLOUDLET_ENDPOINT", context.endpoint},
  };
  if (context.json) {
    boost::json::object object;
    for (const auto& [name, value] : variables) object.emplace(name, value);
    print_json(object);
    return;
  }
  for (const auto& [name, value] : variables)
    std::cout << "export " << name << "=" << for_shell(value) << ";\n";
  // What the shell may still have of another account would go before these keys, or with them.
  std::cout << "unset AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE;\n"
            << "aws() { command aws --endpoint-url " << for_shell(context.endpoint)
            << " \"$@\"; };\n";
}

}  // namespace

void add_env(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("env", "Print exports for AWS CLI and SDKs: eval \"$(cloudlet env)\"");
  command->callback([&context] { print(context); });
}

}  // namespace cloudlet::cli
