// The command line as a whole: global options, and the list of commands.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/command.h"
#include "wire/protocol.h"

namespace cloudlet::cli {
namespace {

void print_indented(std::ostream& out, const boost::json::value& value, const std::string& indent) {
  const std::string deeper = indent + "  ";
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out << "{\n";
    std::size_t left = object->size();
    for (const auto& [key, member] : *object) {
      out << deeper << boost::json::serialize(key) << ": ";
      print_indented(out, member, deeper);
      out << (--left ? ",\n" : "\n");
    }
    out << indent << "}";
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out << "[\n";
    std::size_t left = array->size();
    for (const auto& element : *array) {
      out << deeper;
      print_indented(out, element, deeper);
      out << (--left ? ",\n" : "\n");
    }
    out << indent << "]";
  } else {
    out << boost::json::serialize(value);
  }
}

// A word that is no command is the reason why none was found.
CLI::Error named(const CLI::App& app, const CLI::ParseError& error) {
  const auto words = app.remaining(true);
  if (error.get_name() != "RequiredError" || words.empty()) return error;
  return CLI::Error("ExtrasError", "there is no command or option '" + words.front() + "' here",
                    CLI::ExitCodes::ExtrasError);
}

}  // namespace

int refuse(const std::string& what, const std::string& next) {
  std::cerr << "cloudlet: " << what << "\n";
  if (!next.empty()) std::cerr << "  next: " << next << "\n";
  return exit_refused;
}

int refuse(const Error& error, const std::string& next) {
  if (Remote::unreachable(error)) {
    refuse(error.message(), "start a server with `cloudlet up`, or name another with --endpoint");
    return exit_unreachable;
  }
  std::string name(error.kind().name);
  if (error.is(wire::unmodelled_error) && error.members())  // an error that all services share
    name = error.members()->at("Code").as_string();
  return refuse(name + ": " + error.message(),
                error.message().find("security token") == std::string::npos
                    ? next
                    : "the shell's AWS_ACCESS_KEY_ID is none of this server's: "
                      "eval \"$(cloudlet env)\" takes those that it has");
}

void print_json(const boost::json::value& value) {
  print_indented(std::cout, value, "");
  std::cout << std::endl;
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::cout << row[i];
      if (i + 1 < row.size()) std::cout << std::string(widths[i] - row[i].size() + 2, ' ');
    }
    std::cout << "\n";
  }
  std::cout.flush();
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw CLI::FileError("cannot read " + path, CLI::ExitCodes::FileError);
  text << file.rdbuf();
  return text.str();
}

int run(int argc, char** argv, const std::function<int(const UpOptions&)>& up) {
  Context context;
  CLI::App app{"cloudlet: a small cloud for serverless, event-driven applications"};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--endpoint", context.endpoint, "The server's address")
      ->envname("CLOUDLET_ENDPOINT")
      ->capture_default_str();
  app.add_option("--account", context.account,
                 "The account to act in; default: the shell's, or the server's")
      ->envname("CLOUDLET_ACCOUNT");
  app.add_option("--region", context.region, "The region to act in; default: the server's")
      ->envname("AWS_REGION");
  app.add_option("--data", context.data,
                 "Act with the keys in this data folder; default: the shell's, or the server's")
      ->envname("CLOUDLET_DATA");
  app.add_flag("--json", context.json, "Print JSON");
  app.footer("Exit codes: 0 done, 1 refused, 2 wrong command line, 3 no server answers.");

  add_up(app, context, up);
  add_deploy(app, context);
  add_status(app, context);
  add_env(app, context);
  add_logs(app, context);
  add_invoke(app, context);
  add_mqtt(app, context);
  add_mail(app, context);
  add_device(app, context);
  add_trace(app, context);
  add_clock(app, context);
  add_doctor(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& stop) {
    return stop.get_exit_code();  // said already
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(named(app, error));
    return code == 0 ? exit_done : exit_usage;
  }
  return context.exit_code;
}

}  // namespace cloudlet::cli
