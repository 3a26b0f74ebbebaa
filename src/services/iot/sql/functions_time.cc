// parse_time (which formats) and time_to_epoch (which parses).
#include <fmt/core.h>

#include "services/iot/sql/functions.h"
#include "services/iot/sql/lexer.h"
#include "services/iot/sql/time_pattern.h"

namespace cloudlet::iot::sql {
namespace {

Value parse_time(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  const auto millis = to_int(args[1]);
  const auto zone_name =
      args.size() > 2 ? to_text(args[2], frame.version) : std::optional<std::string>("UTC");
  if (!text || !millis || !zone_name) return {};
  const auto pattern = TimePattern::parse(*text);
  const auto zone = parse_zone(*zone_name);
  if (!pattern || !zone) return {};
  const auto formatted = pattern->format(*millis, *zone);
  return formatted && frame.input.afford(formatted->size())
             ? Value::of(std::string_view(*formatted))
             : Value();
}

Value time_to_epoch(Frame& frame, Arguments args) {
  const auto text = to_text(args[0], frame.version);
  const auto pattern_text = to_text(args[1], frame.version);
  if (!text || !pattern_text) return {};
  const auto pattern = TimePattern::parse(*pattern_text);
  const auto millis = pattern ? pattern->read(*text) : std::nullopt;
  return millis ? Value::of(*millis) : Value();
}

const json::string* literal_text(const std::vector<ExprPtr>& arguments, std::size_t index) {
  if (index >= arguments.size()) return nullptr;
  const auto* literal = dynamic_cast<const Literal*>(arguments[index].get());
  return literal ? literal->value().if_string() : nullptr;
}

}  // namespace

Result<void> check_time_call(std::string_view name, const std::vector<ExprPtr>& arguments) {
  if (name != "parse_time" && name != "time_to_epoch") return {};
  const json::string* pattern = literal_text(arguments, name == "parse_time" ? 0 : 1);
  if (pattern && !TimePattern::parse(*pattern)) {
    return Error(sql_parse_exception,
                 fmt::format("{}: the pattern '{}' has a letter that is not supported here", name,
                             std::string_view(*pattern)));
  }
  const json::string* zone = name == "parse_time" ? literal_text(arguments, 2) : nullptr;
  if (zone && !parse_zone(*zone)) {
    return Error(sql_parse_exception,
                 fmt::format("parse_time: there is no time zone '{}' on this machine: use UTC, an "
                             "offset such as +01:00, or a name such as Europe/Berlin",
                             std::string_view(*zone)));
  }
  return {};
}

std::span<const Function> time_functions() {
  static constexpr Function table[] = {
      {"parse_time", 2, 3, parse_time, Version::v2016_03_23},
      {"time_to_epoch", 2, 2, time_to_epoch, Version::v2016_03_23},
  };
  return table;
}

}  // namespace cloudlet::iot::sql
