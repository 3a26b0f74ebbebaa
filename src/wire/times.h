// Timestamps as the wire writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "wire/table.h"

namespace cloudlet::wire {

// "1398796238", "1398796238.5"; "2014-04-29T18:30:38Z", with a fraction if there is one; "Tue, 29
// Apr 2014 18:30:38 GMT".
void append_time(std::string& out, Time time, TimeFormat format);

// Reads any of the three, whatever was agreed: clients differ. ISO 8601 with a fraction, an offset
// or neither.
std::optional<Time> parse_time(std::string_view text);
// Seconds since 1970, to the millisecond. Nothing beyond the year 9999.
std::optional<Time> time_from_seconds(double seconds);

}  // namespace cloudlet::wire
