// `cloudlet trace`: what happened, hop by hop, and why something did not; `cloudlet clock`: time
// under control.
#include <iostream>

#include "base/encoding.h"
#include "cli/command.h"

namespace cloudlet::cli {
namespace {

int show(Context& context, const std::string& path) {
  auto answer = context.remote().get(path + (context.json ? "&format=json" : "&format=text"));
  if (answer.has_error()) return refuse(answer.error());
  if (context.json) {
    print_json(*answer);
    return exit_done;
  }
  const std::string text(answer->as_string());
  if (text.empty())
    return refuse("nothing is known of that", "cloudlet trace last shows what there is");
  std::cout << text;
  return exit_done;
}

int clock(Context& context, const std::string& action, const std::string& by) {
  boost::json::object body{{"action", action}};
  if (!by.empty()) body["by"] = by;
  auto answer = context.remote().post("/_cloudlet/clock", body);
  if (answer.has_error()) return refuse(answer.error());
  if (context.json) {
    print_json(*answer);
  } else {
    const auto& state = answer->as_object();
    std::cout << std::string(state.at("now").as_string())
              << (state.at("frozen").as_bool() ? " (frozen)" : "") << "\n";
  }
  return exit_done;
}

}  // namespace

void add_trace(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("trace", "Follow events hop by hop");
  command->require_subcommand(1);
  struct Options {
    std::size_t count = 5;
    std::string name;
  };
  const auto options = std::make_shared<Options>();
  auto* last = command->add_subcommand("last", "The newest events and all they set off");
  last->add_option("--count", options->count, "How many")->capture_default_str();
  last->callback([&context, options] {
    context.exit_code = show(context, "/_cloudlet/trace?last=" + std::to_string(options->count));
  });
  auto* why = command->add_subcommand(
      "why", "What reached, or did not reach, a function, rule, topic, device: with the reason");
  why->add_option("name", options->name, "A name, ARN, topic, request id or trace id")->required();
  why->add_option("--count", options->count, "How many")->capture_default_str();
  why->callback([&context, options] {
    context.exit_code = show(context, "/_cloudlet/trace?why=" + percent_encode(options->name) +
                                          "&count=" + std::to_string(options->count));
  });
}

void add_clock(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("clock", "The server's time: show it, freeze, advance, resume it");
  const auto by = std::make_shared<std::string>();
  command->require_subcommand(0, 1);
  command->callback([&context, command] {
    if (command->get_subcommands().empty()) context.exit_code = clock(context, "show", {});
  });
  command->add_subcommand("freeze", "Stop time")->callback([&context] {
    context.exit_code = clock(context, "freeze", {});
  });
  command->add_subcommand("resume", "Let it run on from where it stands")->callback([&context] {
    context.exit_code = clock(context, "resume", {});
  });
  auto* advance = command->add_subcommand("advance", "Jump ahead; everything that is due happens");
  advance->add_option("by", *by, "How far: 90s, 15m, 2h, 3d")->required();
  advance->callback([&context, by] { context.exit_code = clock(context, "advance", *by); });
}

}  // namespace cloudlet::cli
