// Date patterns as parse_time and time_to_epoch take them: the letters that Joda-Time and the JDK
// share.
//
//   G y u M d D E a H k K h m s S z Z X V, 'quoted text', anything that is not a letter
//
// Zones are UTC, GMT, Z, fixed offsets (+01:00, UTC+1, GMT-0530), and the names of the machine's
// time zone database (America/Belize).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/iot/sql/time_zone.h"

namespace cloudlet::iot::sql {

struct Zone {
  std::chrono::minutes offset{0};
  std::string name = "UTC";
  std::string abbreviation;            // "CST"; empty: the name
  const TimeZone* database = nullptr;  // whose offset depends on the time

  // As it is at a time.
  Zone at(std::int64_t millis) const;
};
std::optional<Zone> parse_zone(std::string_view text);

class TimePattern {
 public:
  // Nothing if a letter isn't known or a quote isn't closed.
  static std::optional<TimePattern> parse(std::string_view pattern);

  // Nothing if the time lies outside of the years 1 to 9999.
  std::optional<std::string> format(std::int64_t millis, const Zone& zone) const;
  // Milliseconds since 1970; UTC unless the text names a zone. Nothing if the text doesn't fit.
  std::optional<std::int64_t> read(std::string_view text) const;

 private:
  struct Part {
    char letter = 0;  // 0: `text` as it is
    std::size_t count = 0;
    std::string text;
  };
  std::vector<Part> parts_;
};

}  // namespace cloudlet::iot::sql
