// What the shared rooms log, for a function: on standard error, which is its log. The server's own
// (base/log.cc) needs a library that there is no static one of.
#include "base/log.h"

#include <cstdio>

namespace cloudlet::log {
namespace {

Level threshold = Level::warning;

}  // namespace

void set_level(Level level) { threshold = level; }
bool enabled(Level level) { return level >= threshold; }

void write(Level level, std::string_view room, std::string_view text) {
  if (!enabled(level)) return;
  const std::string line = std::string(room) + ": " + std::string(text) + "\n";
  std::fputs(line.c_str(), stderr);
}

}  // namespace cloudlet::log
