// What every command gets: how to reach the server, how to print, and where to add itself.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/cli.h"
#include "cli/remote.h"

namespace cloudlet::cli {

struct Context {
  std::string endpoint = "http://127.0.0.1:4566";
  std::string account;  // empty: the shell's, if its key is an account; else the server's default
  std::string region;   // empty: the server's default
  std::string data;     // the data folder with the keys; empty: the server's own
  bool json = false;
  int exit_code = exit_done;

  // Made on first use. Asks the server who it is, then chooses the keys: those of --data, the
  // shell's, those in the server's data folder if it verifies signatures, else the account. Ends
  // the command if it verifies them and there are none, or none in --data.
  Remote& remote();
  // Which account and region that came to.
  const Scope& scope();
  // As `remote`, whatever keys the shell has: for a shell that is to be told which.
  const wire::SigningKeys& keys_for_shell();
  // Why the server would refuse everything that wants keys; null: it would not, or does not answer.
  struct Lack {
    std::string what;
    std::string next;
  };
  const Lack* lacks_keys();
  // What the server tells everybody.
  const ServerFacts& facts();
  // Ends the command if the endpoint is no address.
  void check_endpoint() const;

 private:
  enum class Shell { heard, ignored };
  void connect(Shell shell);
  bool keys_of_data();
  bool keys_of_shell();
  void keys_of_server();
  void need_keys() const;

  Scope scope_;
  ServerFacts facts_;
  std::optional<Lack> lack_;
  wire::SigningKeys keys_;
  std::unique_ptr<Remote> remote_;
};

// A refusal on standard error: what, why, and what to do next.
int refuse(const std::string& what, const std::string& next = {});
int refuse(const Error& error, const std::string& next = {});
void print_json(const boost::json::value& value);  // indented
// Columns as wide as they need to be; the first row is the head.
void print_table(const std::vector<std::vector<std::string>>& rows);
std::string read_file(const std::string& path);  // "-": standard input; throws CLI::FileError

// Each adds one command (with its subcommands) whose callback sets context.exit_code.
void add_up(CLI::App& app, Context& context, const std::function<int(const UpOptions&)>& up);
void add_deploy(CLI::App& app, Context& context);  // deploy, delete
void add_status(CLI::App& app, Context& context);  // status, wait
void add_env(CLI::App& app, Context& context);     // env
void add_logs(CLI::App& app, Context& context);    // logs
void add_invoke(CLI::App& app, Context& context);  // invoke
void add_mqtt(CLI::App& app, Context& context);    // mqtt pub|sub
void add_mail(CLI::App& app, Context& context);    // mail list|show|click|wait|open
void add_device(CLI::App& app, Context& context);  // device add|remove
void add_device_remove(CLI::App& device, Context& context);
void add_trace(CLI::App& app, Context& context);   // trace last|why
void add_clock(CLI::App& app, Context& context);   // clock
void add_doctor(CLI::App& app, Context& context);  // doctor, version

}  // namespace cloudlet::cli
