// The second wall, behind the namespaces: what this process and its children may touch by path and
// by TCP port. https://docs.kernel.org/userspace-api/landlock.html
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cloudlet::runtime::spawner {

struct LandlockRules {
  std::vector<std::string> readable;         // read, list, execute beneath
  std::vector<std::string> writable;         // everything beneath
  std::vector<std::string> devices;          // read and write these files
  std::vector<std::uint16_t> connect_ports;  // TCP; used if `limit_connect`
  bool limit_connect = false;
};

// Makes a ruleset; nothing is forbidden yet. Its descriptor, or -1 with `why`.
int make_landlock(const LandlockRules& rules, std::uint64_t version, std::string& why);

// Adds what is known only now, and shuts the wall behind this process. Needs no_new_privs. Closes
// the ruleset. False with `why`.
bool enter_landlock(int ruleset, const LandlockRules& more, std::uint64_t version,
                    std::string& why);

}  // namespace cloudlet::runtime::spawner
