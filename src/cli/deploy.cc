// `cloudlet deploy` and `cloudlet delete`: a template with its local code, resource by resource.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <set>
#include <thread>

#include "cli/command.h"
#include "deploy/document.h"
#include "deploy/package.h"
#include "deploy/plan.h"
#include "gen/cloudformation/api.h"

namespace cloudlet::cli {
namespace {

namespace cf = cloudformation;

struct DeployOptions {
  std::string path;
  std::string stack;
  std::vector<std::string> parameters;
  bool strict = false;
};

bool ended(const std::string& status) { return !status.ends_with("_IN_PROGRESS"); }
bool failed(const std::string& status) {
  return status.find("ROLLBACK") != std::string::npos || status.ends_with("_FAILED");
}

// Nothing if there is none of that name.
Result<std::optional<cf::Stack>> find_stack(Context& context, const std::string& name) {
  cf::Client client(context.remote().caller());
  auto out = context.remote().wait(client.describe_stacks({.stack_name = name}));
  if (out.has_value())
    return out->stacks.empty() ? std::nullopt : std::optional(std::move(out->stacks.front()));
  if (out.error().message().ends_with("does not exist")) return std::optional<cf::Stack>();
  return out.error();
}

// Prints a stack's events as they come, until the operation that began with `token` has ended.
class Watcher {
 public:
  Watcher(Context& context, std::string stack_id) : context_(context), stack_(std::move(stack_id)) {
    for (const auto& event : events()) seen_.insert(event.event_id);
  }

  Result<std::string> follow() {
    for (;;) {
      auto fresh = events();
      for (auto at = fresh.rbegin(); at != fresh.rend(); ++at) {
        if (!seen_.insert(at->event_id).second) continue;
        print(*at);
      }
      cf::Client client(context_.remote().caller());
      TRY(const auto out, context_.remote().wait(client.describe_stacks({.stack_name = stack_})));
      const std::string status(to_string(out.stacks.at(0).stack_status));
      if (ended(status)) {
        for (const auto& event : events())
          if (seen_.insert(event.event_id).second) print(event);
        return status;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

 private:
  std::vector<cf::StackEvent> events() {
    cf::Client client(context_.remote().caller());
    auto out = context_.remote().wait(client.describe_stack_events({.stack_name = stack_}));
    return out.has_error() ? std::vector<cf::StackEvent>() : out->stack_events;
  }
  void print(const cf::StackEvent& event) const {
    const std::string status = event.resource_status.value_or("");
    std::ostream& out = context_.json ? std::cerr : std::cout;
    out << "  " << status << std::string(status.size() < 24 ? 24 - status.size() : 1, ' ')
        << event.resource_type.value_or("") << "  " << event.logical_resource_id.value_or("");
    if (event.resource_status_reason) out << "  (" << *event.resource_status_reason << ")";
    out << std::endl;
  }

  Context& context_;
  std::string stack_;
  std::set<std::string> seen_;
};

std::vector<cf::Parameter> parse_parameters(const std::vector<std::string>& texts) {
  std::vector<cf::Parameter> parameters;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    parameters.push_back(
        {.parameter_key = text.substr(0, equals), .parameter_value = text.substr(equals + 1)});
  }
  return parameters;
}

// An update keeps the parameters that it does not name.
void keep_parameters(const cf::Stack& stack, std::vector<cf::Parameter>& parameters) {
  std::set<std::string> named;
  for (const auto& parameter : parameters) named.insert(parameter.parameter_key.value_or(""));
  for (const auto& parameter : stack.parameters) {
    if (named.contains(parameter.parameter_key.value_or(""))) continue;
    parameters.push_back({.parameter_key = parameter.parameter_key, .use_previous_value = true});
  }
}

struct Prepared {
  std::string id;
  std::string stack_id;
  bool empty = false;
};

// How a request carries the template: itself or, if it is too large for that, where it lies.
struct Source {
  std::optional<std::string> body, url;
};

Result<Source> source_of(Context& context, std::string body) {
  if (body.size() <= deploy::inline_bytes_max) return Source{.body = std::move(body)};
  auto uploaded = context.remote().wait(
      deploy::upload_template(context.remote().caller(), std::move(body), context.scope()));
  TRY(auto url, std::move(uploaded));
  return Source{.url = std::move(url)};
}

Result<Prepared> prepare(Context& context, const DeployOptions& o, std::string body) {
  auto parameters = parse_parameters(o.parameters);
  TRY(const Source source, source_of(context, std::move(body)));
  cf::Client client(context.remote().caller());
  TRY(const auto stack, find_stack(context, o.stack));
  const bool fresh = !stack || stack->stack_status == cf::StackStatus::review_in_progress;
  cf::CreateChangeSetInput in{.change_set_name = "cloudlet-deploy", .stack_name = o.stack};
  in.template_body = source.body;
  in.template_url = source.url;
  in.change_set_type = fresh ? cf::ChangeSetType::create : cf::ChangeSetType::update;
  in.capabilities = {cf::Capability::capability_iam, cf::Capability::capability_named_iam,
                     cf::Capability::capability_auto_expand};
  if (o.strict) in.tags = {{.key = std::string(deploy::strict_tag), .value = "true"}};
  if (!fresh) {
    // Parameters that the new template has no longer are not kept.
    cf::GetTemplateSummaryInput ask{.template_body = source.body, .template_url = source.url};
    TRY(const auto summary, context.remote().wait(client.get_template_summary(std::move(ask))));
    std::set<std::string> declared;
    for (const auto& parameter : summary.parameters)
      declared.insert(parameter.parameter_key.value_or(""));
    cf::Stack known = *stack;
    std::erase_if(known.parameters,
                  [&](const auto& p) { return !declared.contains(p.parameter_key.value_or("")); });
    keep_parameters(known, parameters);
  }
  in.parameters = std::move(parameters);
  cf::DeleteChangeSetInput old{.change_set_name = "cloudlet-deploy", .stack_name = o.stack};
  if (stack) (void)context.remote().wait(client.delete_change_set(std::move(old)));
  TRY(const auto made, context.remote().wait(client.create_change_set(std::move(in))));
  for (;;) {
    TRY(const auto now, context.remote().wait(
                            client.describe_change_set({.change_set_name = made.id.value_or("")})));
    const std::string status(now.status ? to_string(*now.status) : "");
    const std::string reason = now.status_reason.value_or("");
    if (status == "CREATE_COMPLETE")
      return Prepared{.id = made.id.value_or(""), .stack_id = made.stack_id.value_or("")};
    if (status == "FAILED") {
      const bool none = reason.find("didn't contain changes") != std::string::npos ||
                        reason.find("No updates are to be performed") != std::string::npos;
      if (none) return Prepared{.stack_id = made.stack_id.value_or(""), .empty = true};
      return invalid(reason);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void report(Context& context, const std::string& name, const std::string& status) {
  const auto found = find_stack(context, name);
  const auto stack = found.has_value() ? *found : std::nullopt;
  if (context.json) {
    boost::json::object outputs;
    if (stack)
      for (const auto& output : stack->outputs)
        outputs.emplace(output.output_key.value_or(""), output.output_value.value_or(""));
    print_json({{"stack", name}, {"status", status}, {"outputs", outputs}});
    return;
  }
  std::cout << name << " " << status << "\n";
  if (!stack) return;
  for (const auto& output : stack->outputs)
    std::cout << "  " << output.output_key.value_or("") << " = " << output.output_value.value_or("")
              << "\n";
  std::cout.flush();
}

// What to do about a refusal.
std::string advice(Context& context, const std::string& name) {
  const auto stack = find_stack(context, name);
  if (stack.has_value() && *stack)
    for (const auto lost : {cf::StackStatus::rollback_complete, cf::StackStatus::create_failed,
                            cf::StackStatus::rollback_failed, cf::StackStatus::delete_failed})
      if ((*stack)->stack_status == lost)
        return "cloudlet delete " + name + "; a stack that never stood cannot be changed";
  return "correct the template or what was asked of it; nothing was changed";
}

int deploy(Context& context, DeployOptions o) {
  if (o.stack.empty()) {
    const auto folder = std::filesystem::absolute(o.path).parent_path().filename().string();
    o.stack = folder.empty() ? "stack" : folder;
  }
  auto packaged = context.remote().wait(
      deploy::package(context.remote().caller(), read_file(o.path),
                      std::filesystem::path(o.path).parent_path(), context.scope()));
  if (packaged.has_error())
    return refuse(packaged.error(), "correct the template; nothing was changed");
  for (const auto& code : packaged->code)
    if (!context.json && code.uploaded)
      std::cout << "  packaged " << code.path << " (" << code.bytes << " bytes) for "
                << code.resource << "\n";
  auto prepared = prepare(context, o, std::move(packaged->body));
  if (prepared.has_error()) return refuse(prepared.error(), advice(context, o.stack));
  if (prepared->empty) {
    report(context, o.stack, "has no changes");
    return exit_done;
  }
  Watcher watcher(context, prepared->stack_id);
  cf::Client client(context.remote().caller());
  auto started =
      context.remote().wait(client.execute_change_set({.change_set_name = prepared->id}));
  if (started.has_error()) return refuse(started.error());
  auto status = watcher.follow();
  if (status.has_error()) return refuse(status.error());
  report(context, o.stack, *status);
  if (!failed(*status)) return exit_done;
  return refuse("the stack ended as " + *status,
                "the reasons stand beside the *_FAILED lines above");
}

int remove(Context& context, const std::string& name) {
  const auto found = find_stack(context, name);
  if (found.has_error()) return refuse(found.error());
  const auto& stack = *found;
  if (!stack) return refuse("there is no stack " + name, "cloudlet status lists the stacks");
  Watcher watcher(context, stack->stack_id.value_or(name));
  cf::Client client(context.remote().caller());
  auto started = context.remote().wait(client.delete_stack({.stack_name = name}));
  if (started.has_error()) return refuse(started.error());
  auto status = watcher.follow();
  if (status.has_error()) return refuse(status.error());
  if (context.json) print_json({{"stack", name}, {"status", *status}});
  if (*status == "DELETE_COMPLETE") return exit_done;
  return refuse("the stack ended as " + *status,
                "the reasons stand beside the *_FAILED lines above");
}

}  // namespace

void add_deploy(CLI::App& app, Context& context) {
  const auto options = std::make_shared<DeployOptions>();
  auto* command = app.add_subcommand(
      "deploy", "Deploy a template (SAM or CloudFormation), local code included");
  command->add_option("template", options->path, "The template file")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--stack", options->stack,
                      "The stack's name; default: the template's folder");
  command->add_option("--param", options->parameters, "A parameter, NAME=VALUE")
      ->take_all()
      ->check(CLI::Validator(
          [](std::string& text) {
            const std::size_t equals = text.find('=');
            return equals == std::string::npos || equals == 0 ? "'" + text + "' is not NAME=VALUE"
                                                              : std::string();
          },
          ""));
  command->add_flag("--strict", options->strict, "Refuse resources that carry nothing here");
  command->callback([&context, options] { context.exit_code = deploy(context, *options); });

  const auto name = std::make_shared<std::string>();
  auto* removal = app.add_subcommand("delete", "Delete a stack and all its resources");
  removal->add_option("stack", *name, "The stack's name")->required();
  removal->callback([&context, name] { context.exit_code = remove(context, *name); });
}

}  // namespace cloudlet::cli
