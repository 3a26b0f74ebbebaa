// The server's own log: one line an event, on standard error. Never a secret, never a payload.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace cloudlet::log {

enum class Level { debug, info, warning, error };

void set_level(Level level);
bool enabled(Level level);
// `room` says who speaks: "store", "mqtt", "lambda".
void write(Level level, std::string_view room, std::string_view text);

template <class... Args>
void debug(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug))
    write(Level::debug, room, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info))
    write(Level::info, room, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warning))
    write(Level::warning, room, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, room, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace cloudlet::log
