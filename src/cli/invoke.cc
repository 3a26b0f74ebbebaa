// `cloudlet invoke` and `cloudlet logs`.
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <thread>
#include <utility>

#include "base/encoding.h"
#include "cli/command.h"
#include "gen/lambda/api.h"
#include "gen/lambda/errors.h"
#include "gen/logs/api.h"
#include "gen/logs/errors.h"

namespace cloudlet::cli {
namespace {

struct InvokeOptions {
  std::string function;
  std::string event = "{}";
  std::string file;
  bool async = false;
  bool tail = false;
};

struct LogOptions {
  std::string function;
  bool follow = false;
  std::string filter;
};

Task<Result<lambda::InvokeOutput>> call(wire::Caller& caller, const InvokeOptions& o) {
  lambda::Client client(caller);
  lambda::InvokeInput in{.function_name = o.function, .payload = o.event};
  in.invocation_type =
      o.async ? lambda::InvocationType::event : lambda::InvocationType::request_response;
  if (o.tail) in.log_type = lambda::LogType::tail;
  co_return co_await client.invoke(std::move(in));
}

int invoke(Context& context, InvokeOptions o) {
  if (!o.file.empty()) o.event = read_file(o.file);
  auto out = context.remote().wait(call(context.remote().caller(), o));
  if (out.has_error())
    return refuse(out.error(), out.error().is(lambda::errors::kinds::resource_not_found)
                                   ? "aws lambda list-functions shows the functions there are"
                                   : "cloudlet trace why " + o.function);
  if (out->log_result) std::cerr << from_base64(*out->log_result).value_or("") << "\n";
  std::cout << out->payload.value_or("") << std::endl;
  if (!out->function_error) return exit_done;
  return refuse("the function failed: " + *out->function_error, "cloudlet logs " + o.function);
}

// A function's name, ARN, or the name of a log group.
std::string group_of(const std::string& function) {
  if (function.starts_with('/')) return function;
  const std::size_t colon = function.rfind(":function:");
  return "/aws/lambda/" + (colon == std::string::npos ? function : function.substr(colon + 10));
}

Task<Result<logs::FilterLogEventsOutput>> fetch(wire::Caller& caller, const LogOptions& o,
                                                std::int64_t from,
                                                std::optional<std::string> token) {
  logs::Client client(caller);
  logs::FilterLogEventsInput in{.log_group_name = group_of(o.function)};
  in.start_time = from;
  in.next_token = std::move(token);
  if (!o.filter.empty()) in.filter_pattern = o.filter;
  co_return co_await client.filter_log_events(std::move(in));
}

std::atomic<bool> stopped{false};

void print_event(Context& context, const logs::FilteredLogEvent& event) {
  const std::string at = iso8601(from_millis(event.timestamp.value_or(0)));
  std::string message = event.message.value_or("");
  while (message.ends_with('\n')) message.pop_back();
  if (context.json)
    std::cout << boost::json::serialize(
                     boost::json::object{{"timestamp", at},
                                         {"stream", event.log_stream_name.value_or("")},
                                         {"message", message}})
              << "\n";
  else
    std::cout << at << " " << message << "\n";
}

// How far lines may come behind newer ones of another instance.
constexpr std::int64_t late_ms = 10'000;

// What was printed of a log that goes on.
struct Printed {
  std::int64_t newest = 0;                     // ms
  std::map<std::string, std::int64_t> lately;  // ids of events that the next look finds again

  std::int64_t from() const { return std::max<std::int64_t>(0, newest - late_ms); }
  bool add(const logs::FilteredLogEvent& event) {
    const std::int64_t at = event.timestamp.value_or(0);
    newest = std::max(newest, at);
    return lately.emplace(event.event_id.value_or(""), at).second;
  }
  void forget_old() {
    std::erase_if(lately, [&](const auto& event) { return event.second < from(); });
  }
};

// Prints what is new.
Result<void> print_new(Context& context, const LogOptions& o, Printed& printed) {
  std::optional<std::string> token;
  const std::int64_t from = printed.from();
  do {
    TRY(const auto page, context.remote().wait(fetch(context.remote().caller(), o, from, token)));
    for (const auto& event : page.events)
      if (printed.add(event)) print_event(context, event);
    printed.forget_old();
    token = page.next_token;
  } while (token);
  std::cout.flush();
  return {};
}

int show_logs(Context& context, const LogOptions& o) {
  Printed printed;
  bool told = false;
  if (o.follow) std::signal(SIGINT, [](int) { stopped = true; });
  do {
    const auto more = print_new(context, o, printed);
    if (more.has_error()) {
      const bool missing = more.error().is(logs::errors::kinds::resource_not_found);
      if (!o.follow || !missing)
        return refuse(more.error(),
                      missing ? "a function writes its first lines when it first runs" : "");
      if (!std::exchange(told, true))
        std::cerr << "waiting: there is no log group " << group_of(o.function) << " yet\n";
    }
    if (o.follow && !stopped) std::this_thread::sleep_for(std::chrono::milliseconds(250));
  } while (o.follow && !stopped);
  return exit_done;
}

}  // namespace

void add_invoke(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("invoke", "Call a function and print its answer");
  const auto options = std::make_shared<InvokeOptions>();
  command->add_option("function", options->function, "Its name or ARN")->required();
  auto* event =
      command->add_option("--event", options->event, "The event, JSON")->capture_default_str();
  command->add_option("--file", options->file, "The event is in this file; - for standard input")
      ->excludes(event);
  command->add_flag("--async", options->async, "Queue it and return");
  command->add_flag("--tail", options->tail, "Print the end of its log too");
  command->callback([&context, options] { context.exit_code = invoke(context, *options); });
}

void add_logs(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("logs", "A function's log");
  const auto options = std::make_shared<LogOptions>();
  command->add_option("function", options->function, "Its name or ARN, or a log group (/...)")
      ->required();
  command->add_flag("-f,--follow", options->follow, "Go on printing as lines come; Ctrl-C ends");
  command->add_option("--filter", options->filter, "A CloudWatch Logs filter pattern");
  command->callback([&context, options] { context.exit_code = show_logs(context, *options); });
}

}  // namespace cloudlet::cli
