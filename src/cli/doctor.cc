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

bool port_is_free(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return false;
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
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

std::vector<Check> server_checks(const boost::json::value& answer) {
  std::vector<Check> checks;
  for (const auto& check : answer.as_object().at("checks").as_array())
    checks.push_back({std::string(check.at("name").as_string()),
                      std::string(check.at("state").as_string()),
                      std::string(check.at("detail").as_string())});
  return checks;
}

int doctor(Context& context) {
  auto answer = context.remote().get("/_cloudlet/doctor");
  const auto checks =
      answer.has_error() ? local_checks(answer.error().message()) : server_checks(*answer);
  bool well = true;
  boost::json::array list;
  std::vector<std::vector<std::string>> rows{{"CHECK", "STATE", "DETAIL"}};
  for (const Check& check : checks) {
    well = well && check.state != "problem";
    rows.push_back({check.name, check.state, check.detail});
    list.push_back({{"name", check.name}, {"state", check.state}, {"detail", check.detail}});
  }
  if (context.json)
    print_json({{"checks", list}});
  else
    print_table(rows);
  if (answer.has_error()) return exit_unreachable;
  return well ? exit_done : exit_refused;
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
