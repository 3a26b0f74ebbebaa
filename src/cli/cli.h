// The `cloudlet` command: `up` runs the server, every other command talks to a running one, as any
// client does.
//
// Exit codes: 0 done; 1 the server or the operation said no; 2 the command line is wrong; 3 no
// server answers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cloudlet::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_refused = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_unreachable = 3;

// What `cloudlet up` was told.
struct UpOptions {
  std::string data = "cloudlet-data";
  std::uint16_t port = 4566;  // HTTP; 0: any free one, as for the others
  std::uint16_t mqtt_port = 1883;
  std::uint16_t mqtts_port = 8883;
  std::string durability = "sync";  // sync, interval, memory
  std::string smtp;                 // smtp://user:password@host:port; empty: the built-in mailbox
  std::string auth = "open";        // open, enforce
  std::string account = "000000000000";   // of credentials that are no account and no issued key
  std::string region = "us-east-1";       // of requests that are signed for none
  std::string device_host = "localhost";  // what devices are told to connect to
  std::vector<std::string> hosts;         // names of this machine beside localhost
  std::vector<std::string> origins;       // sites whose pages may use the API; "*": any
  bool strict = false;                    // templates with inert resources are refused
  std::string log_level = "warning";
};

int run(int argc, char** argv, const std::function<int(const UpOptions&)>& up);

}  // namespace cloudlet::cli
