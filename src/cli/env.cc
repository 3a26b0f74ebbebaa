// `cloudlet env`: what a shell needs so that AWS CLI and SDKs just work.
#include <iostream>

#include "cli/command.h"

namespace cloudlet::cli {

void add_env(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("env", "Print exports for AWS CLI and SDKs: eval $(cloudlet env)");
  command->callback([&context] {
    // Every SDK since 2023 takes AWS_ENDPOINT_URL. Debian's AWS CLI (2.9) does not: for it there is
    // a function.
    const std::vector<std::pair<std::string, std::string>> variables = {
        {"AWS_ENDPOINT_URL", context.endpoint},  {"AWS_ACCESS_KEY_ID", context.account},
        {"AWS_SECRET_ACCESS_KEY", "cloudlet"},   {"AWS_DEFAULT_REGION", context.region},
        {"AWS_REGION", context.region},          {"AWS_EC2_METADATA_DISABLED", "true"},
        {"CLOUDLET_ENDPOINT", context.endpoint},
    };
    if (context.json) {
      boost::json::object object;
      for (const auto& [name, value] : variables) object.emplace(name, value);
      print_json(object);
      return;
    }
    for (const auto& [name, value] : variables)
      std::cout << "export " << name << "=" << value << ";\n";
    std::cout << "aws() { command aws --endpoint-url " << context.endpoint << " \"$@\"; };\n";
  });
}

}  // namespace cloudlet::cli
