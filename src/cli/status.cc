// `cloudlet status` and `cloudlet wait ready`.
#include <chrono>
#include <iostream>
#include <thread>

#include "cli/command.h"
#include "gen/cloudformation/api.h"

namespace cloudlet::cli {
namespace {

struct StatusOptions {
  std::string stack;
  std::string output;
};

Task<Result<cloudformation::Stack>> describe(wire::Caller& caller, std::string name) {
  cloudformation::Client client(caller);
  cloudformation::DescribeStacksInput in{.stack_name = std::move(name)};
  CO_TRY(auto out, co_await client.describe_stacks(std::move(in)));
  if (out.stacks.empty()) co_return invalid("there is no such stack");
  co_return std::move(out.stacks.front());
}

int show_stack(Context& context, const StatusOptions& o) {
  auto stack = context.remote().wait(describe(context.remote().caller(), o.stack));
  if (stack.has_error()) return refuse(stack.error(), "cloudlet status lists the stacks");
  if (!o.output.empty()) {
    for (const auto& output : stack->outputs) {
      if (output.output_key != o.output) continue;
      std::cout << output.output_value.value_or("") << "\n";
      return exit_done;
    }
    return refuse("the stack " + o.stack + " has no output " + o.output,
                  "cloudlet status --stack " + o.stack);
  }
  if (context.json) {
    boost::json::object outputs;
    for (const auto& output : stack->outputs)
      outputs.emplace(output.output_key.value_or(""), output.output_value.value_or(""));
    print_json({{"name", stack->stack_name},
                {"status", std::string(to_string(stack->stack_status))},
                {"outputs", outputs}});
    return exit_done;
  }
  std::cout << stack->stack_name << "  " << to_string(stack->stack_status) << "\n";
  std::vector<std::vector<std::string>> rows{{"OUTPUT", "VALUE"}};
  for (const auto& output : stack->outputs)
    rows.push_back({output.output_key.value_or(""), output.output_value.value_or("")});
  if (rows.size() > 1) print_table(rows);
  return exit_done;
}

int show_server(Context& context) {
  auto answer = context.remote().get("/_cloudlet/status");
  if (answer.has_error()) return refuse(answer.error());
  if (context.json) {
    print_json(*answer);
    return exit_done;
  }
  for (const auto& [name, value] : answer->as_object()) {
    if (value.is_array()) continue;
    std::cout << std::string(name) << ": "
              << (value.is_string() ? std::string(value.as_string())
                                    : boost::json::serialize(value))
              << "\n";
  }
  const auto& stacks = answer->as_object().at("stacks").as_array();
  if (stacks.empty()) return exit_done;
  std::vector<std::vector<std::string>> rows{{"STACK", "STATUS"}};
  for (const auto& stack : stacks)
    rows.push_back(
        {std::string(stack.at("name").as_string()), std::string(stack.at("status").as_string())});
  std::cout << "\n";
  print_table(rows);
  return exit_done;
}

int wait_ready(Context& context, int timeout_s) {
  context.check_endpoint();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_s);
  for (;;) {
    Remote asking({.endpoint = context.endpoint, .region = "us-east-1", .keys = {}});
    const auto answer = asking.facts();
    if (answer.has_value()) return exit_done;
    if (std::chrono::steady_clock::now() > deadline) return refuse(answer.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "status", "What runs: the server, its stacks; or one stack and its outputs");
  const auto options = std::make_shared<StatusOptions>();
  auto* stack = command->add_option("--stack", options->stack, "One stack");
  command->add_option("--output", options->output, "Print only the value of this output")
      ->needs(stack);
  command->callback([&context, options] {
    context.exit_code =
        options->stack.empty() ? show_server(context) : show_stack(context, *options);
  });
  auto* wait = app.add_subcommand("wait", "Wait for the server");
  wait->require_subcommand(1);
  const auto timeout = std::make_shared<int>(30);
  auto* ready = wait->add_subcommand("ready", "Return as soon as the server answers");
  ready->add_option("--timeout", *timeout, "Seconds to wait at most")->capture_default_str();
  ready->callback([&context, timeout] { context.exit_code = wait_ready(context, *timeout); });
}

}  // namespace cloudlet::cli
