// Time zones by the names of the IANA database ("America/Belize"), out of the machine's own copy of
// it (/usr/share/zoneinfo, RFC 8536). Changes of summer time are known until 2037.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloudlet::iot::sql {

class TimeZone {
 public:
  struct Local {
    std::chrono::minutes offset{0};  // east of Greenwich
    std::string abbreviation;        // "CST"
  };

  // Null: there is none of the name, or the machine has no database. Read once, then kept.
  // Thread-safe.
  static const TimeZone* find(std::string_view name);
  // What a TZif file says; nothing if it is none.
  static std::optional<TimeZone> parse(std::string_view file);

  const Local& at(std::chrono::sys_seconds time) const;

 private:
  std::vector<std::int64_t> changes_;  // seconds since 1970, ascending
  std::vector<std::uint8_t> kinds_;    // of changes_: what holds from then on
  std::vector<Local> locals_;          // never empty; the first holds before all changes
};

}  // namespace cloudlet::iot::sql
