// `cloudlet doctor`: is this machine and this server fit; `cloudlet version`.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iostream>

#include "cli/command.h"

namespace cloudlet::cli {
namespace {

struct Check {
  std::string name;
  std::string state;  // ok, warning, problem
  std::string detail;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool port_answers(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return false;
  const sockaddr_in address = loopback(port);
  const bool answers =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return answers;
}

bool port_is_free(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return false;
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = loopback(port);
  const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return free;
}

// Without a server there is still what would stop one from starting.
std::vector<Check> local_checks(const std::string& why) {
  std::vector<Check> checks{{"server", "problem", why}};
  for (const std::uint16_t port : {4566, 1883, 8883}) {
    const bool free = port_is_free(port);
    checks.push_back(
        {"port " + std::to_string(port), free ? "ok" : "warning",
         free ? "free"
              : "taken by another program: choose another with --port, --mqtt-port, --mqtts-port"});
  }
  return checks;
}

// A server that verifies signatures tells strangers little; the rest wants keys.
std::vector<Check> checks_without_keys(const ServerFacts& facts, const Context::Lack& lack) {
  std::vector<Check> checks{{"server", "ok", "answers, and verifies signatures"}};
  for (const int port : {facts.mqtt_port, facts.mqtts_port}) {
    const bool answers = port_answers(static_cast<std::uint16_t>(port));
    checks.push_back({"port " + std::to_string(port), answers ? "ok" : "problem",
                      answers ? "answers" : "nobody answers on this machine"});
  }
  checks.push_back({"keys", "problem",
                    lack.what + "; next: " + lack.next +
                        ". Without keys the store and the sandbox are not checked"});
  return checks;
}

std::vector<Check> server_checks(const boost::json::value& answer) {
  std::vector<Check> checks;
  for (const auto& check : answer.as_object().at("checks").as_array())
    checks.push_back({std::string(check.at("name").as_string()),
                      std::string(check.at("state").as_string()),
                      std::string(check.at("detail").as_string())});
  return checks;
}

int doctor(Context& context) {
  std::vector<Check> checks;
  int worst = exit_done;
  if (const auto* lack = context.lacks_keys()) {
    checks = checks_without_keys(context.facts(), *lack);
  } else if (const auto answer = context.remote().get("/_cloudlet/doctor"); answer.has_value()) {
    checks = server_checks(*answer);
  } else {
    checks = local_checks(answer.error().message());
    worst = exit_unreachable;
  }
  boost::json::array list;
  std::vector<std::vector<std::string>> rows{{"CHECK", "STATE", "DETAIL"}};
  for (const Check& check : checks) {
    if (check.state == "problem" && worst == exit_done) worst = exit_refused;
    rows.push_back({check.name, check.state, check.detail});
    list.push_back({{"name", check.name}, {"state", check.state}, {"detail", check.detail}});
  }
  if (context.json)
    print_json({{"checks", list}});
  else
    print_table(rows);
  return worst;
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  app.add_subcommand("doctor", "Check this machine and the server")->callback([&context] {
    context.exit_code = doctor(context);
  });
  app.add_subcommand("version", "Print the version")->callback([&context] {
    if (context.json)
      print_json({{"version", CLOUDLET_VERSION}});
    else
      std::cout << "cloudlet " << CLOUDLET_VERSION << "\n";
  });
}

}  // namespace cloudlet::cli
