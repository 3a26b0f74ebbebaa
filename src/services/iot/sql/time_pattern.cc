// Formatting and reading times after a pattern.
#include "services/iot/sql/time_pattern.h"

#include <fmt/core.h>

#include <array>

namespace cloudlet::iot::sql {
namespace {

namespace chrono = std::chrono;

constexpr std::string_view known_letters = "GyuMdDEaHkKhmsSzZXV";
constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<int> read_number(std::string_view& rest, std::size_t most) {
  std::size_t count = 0;
  int number = 0;
  while (count < most && count < rest.size() && is_digit(rest[count]))
    number = number * 10 + (rest[count++] - '0');
  if (count == 0) return std::nullopt;
  rest.remove_prefix(count);
  return number;
}

std::string offset_text(chrono::minutes offset, bool colon) {
  const auto minutes = offset.count() < 0 ? -offset.count() : offset.count();
  return fmt::format("{}{:02}{}{:02}", offset.count() < 0 ? '-' : '+', minutes / 60,
                     colon ? ":" : "", minutes % 60);
}

// The date and time of day, taken apart.
struct Fields {
  chrono::year_month_day date;
  chrono::hh_mm_ss<chrono::milliseconds> time;
  chrono::sys_days day;
};

std::string format_part(char letter, std::size_t count, const Fields& f, const Zone& zone) {
  const int year = static_cast<int>(f.date.year());
  const unsigned month = static_cast<unsigned>(f.date.month());
  const auto hour = f.time.hours().count();
  switch (letter) {
    case 'G': return "AD";
    case 'y':
    case 'u':
      return count == 2 ? fmt::format("{:02}", year % 100) : fmt::format("{:0{}}", year, count);
    case 'M':
      if (count >= 4) return std::string(months[month - 1]);
      if (count == 3) return std::string(months[month - 1].substr(0, 3));
      return fmt::format("{:0{}}", month, count);
    case 'd': return fmt::format("{:0{}}", static_cast<unsigned>(f.date.day()), count);
    case 'D': {
      const auto first = chrono::sys_days(f.date.year() / chrono::January / 1);
      return fmt::format("{:0{}}", (f.day - first).count() + 1, count);
    }
    case 'E': {
      const std::string_view name = weekdays[chrono::weekday(f.day).c_encoding()];
      return std::string(count >= 4 ? name : name.substr(0, 3));
    }
    case 'a': return hour < 12 ? "AM" : "PM";
    case 'H': return fmt::format("{:0{}}", hour, count);
    case 'k': return fmt::format("{:0{}}", hour == 0 ? 24 : hour, count);
    case 'K': return fmt::format("{:0{}}", hour % 12, count);
    case 'h': return fmt::format("{:0{}}", hour % 12 == 0 ? 12 : hour % 12, count);
    case 'm': return fmt::format("{:0{}}", f.time.minutes().count(), count);
    case 's': return fmt::format("{:0{}}", f.time.seconds().count(), count);
    case 'S': {
      std::string fraction = fmt::format("{:03}", f.time.subseconds().count());
      fraction.resize(count, '0');
      return fraction;
    }
    case 'z': return zone.abbreviation.empty() ? zone.name : zone.abbreviation;
    case 'V': return zone.name;
    case 'Z': return count >= 3 ? zone.name : offset_text(zone.offset, count == 2);
    case 'X': return zone.offset.count() == 0 ? "Z" : offset_text(zone.offset, count >= 3);
    default: return {};
  }
}

// What a text said; what it didn't say is the start of 1970.
struct Reading {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, millis = 0;
  std::optional<bool> afternoon;
  Zone zone;
};

bool read_month_name(std::string_view& rest, int& month) {
  for (std::size_t i = 0; i < months.size(); ++i) {
    for (const std::string_view name : {months[i], months[i].substr(0, 3)}) {
      if (!rest.starts_with(name)) continue;
      rest.remove_prefix(name.size());
      month = static_cast<int>(i) + 1;
      return true;
    }
  }
  return false;
}

bool read_weekday(std::string_view& rest) {
  for (const std::string_view day : weekdays) {
    for (const std::string_view name : {day, day.substr(0, 3)}) {
      if (!rest.starts_with(name)) continue;
      rest.remove_prefix(name.size());
      return true;
    }
  }
  return false;
}

bool read_zone(std::string_view& rest, Reading& reading) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  auto zone = parse_zone(rest.substr(0, end));
  if (!zone) return false;
  reading.zone = *std::move(zone);
  rest.remove_prefix(end);
  return true;
}

bool read_fraction(std::string_view& rest, std::size_t most, Reading& reading) {
  std::size_t count = 0;
  for (int scale = 100; count < most && count < rest.size() && is_digit(rest[count]);
       ++count, scale /= 10) {
    reading.millis += (rest[count] - '0') * scale;
  }
  rest.remove_prefix(count);
  return count > 0;
}

bool read_part(char letter, std::size_t count, std::string_view& rest, Reading& reading) {
  const auto into = [&](int& field) {
    const auto number = read_number(rest, std::max<std::size_t>(count, 2));
    field = number.value_or(0);
    return number.has_value();
  };
  switch (letter) {
    case 'G':
    case 'a': {
      const std::string_view word = rest.substr(0, 2);
      if (letter == 'G' ? word != "AD" : (word != "AM" && word != "PM")) return false;
      if (letter == 'a') reading.afternoon = word == "PM";
      rest.remove_prefix(2);
      return true;
    }
    case 'y':
    case 'u': {
      const auto year = read_number(rest, count == 2 ? 2 : 4);
      reading.year = year.value_or(0) + (count == 2 ? 2000 : 0);
      return year.has_value();
    }
    case 'M': return count >= 3 ? read_month_name(rest, reading.month) : into(reading.month);
    case 'd': return into(reading.day);
    case 'E': return read_weekday(rest);
    case 'H':
    case 'k':
    case 'K':
    case 'h': return into(reading.hour);
    case 'm': return into(reading.minute);
    case 's': return into(reading.second);
    case 'S': return read_fraction(rest, count, reading);
    case 'z':
    case 'Z':
    case 'X':
    case 'V': return read_zone(rest, reading);
    default: return false;  // 'D': a day of the year alone says too little
  }
}

}  // namespace

Zone Zone::at(std::int64_t millis) const {
  if (database == nullptr) return *this;
  const auto time = chrono::floor<chrono::seconds>(
      chrono::sys_time<chrono::milliseconds>(chrono::milliseconds(millis)));
  const auto& local = database->at(time);
  return {.offset = local.offset, .name = name, .abbreviation = local.abbreviation};
}

std::optional<Zone> parse_zone(std::string_view text) {
  Zone zone{.name = std::string(text)};
  if (text == "Z" || text == "UTC" || text == "GMT" || text == "Etc/UTC" || text == "Etc/GMT") {
    zone.name = text == "GMT" ? "GMT" : "UTC";
    return zone;
  }
  zone.database = TimeZone::find(text);
  if (zone.database != nullptr) return zone;
  if (text.starts_with("UTC") || text.starts_with("GMT")) text.remove_prefix(3);
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = read_number(text, 2);
  if (text.starts_with(':')) text.remove_prefix(1);
  const auto minutes = text.empty() ? std::optional<int>(0) : read_number(text, 2);
  if (!hours || !minutes || !text.empty() || *hours > 18 || *minutes > 59) return std::nullopt;
  zone.offset = chrono::minutes(sign * (*hours * 60 + *minutes));
  return zone;
}

std::optional<TimePattern> TimePattern::parse(std::string_view pattern) {
  TimePattern result;
  if (pattern.size() > 256) return std::nullopt;
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\'') {
      const std::size_t close = pattern.find('\'', at + 1);
      if (close == std::string_view::npos) return std::nullopt;
      const std::string_view quoted = pattern.substr(at + 1, close - at - 1);
      result.parts_.push_back({.text = quoted.empty() ? "'" : std::string(quoted)});
      at = close + 1;
      continue;
    }
    std::size_t end = at + 1;
    if (!is_letter(c)) {
      result.parts_.push_back({.text = std::string(1, c)});
    } else {
      if (known_letters.find(c) == std::string_view::npos) return std::nullopt;
      while (end < pattern.size() && pattern[end] == c) ++end;
      result.parts_.push_back({.letter = c, .count = end - at});
    }
    at = end;
  }
  return result;
}

std::optional<std::string> TimePattern::format(std::int64_t millis, const Zone& asked) const {
  constexpr std::int64_t first = -62'135'596'800'000;  // year 1
  constexpr std::int64_t last = 253'402'300'799'999;   // end of year 9999
  if (millis < first || millis > last) return std::nullopt;
  const Zone zone = asked.at(millis);
  const chrono::sys_time<chrono::milliseconds> local{chrono::milliseconds(millis) + zone.offset};
  const auto day = chrono::floor<chrono::days>(local);
  const Fields fields{chrono::year_month_day(day), chrono::hh_mm_ss(local - day), day};
  std::string out;
  for (const Part& part : parts_) {
    out += part.letter ? format_part(part.letter, part.count, fields, zone) : part.text;
  }
  return out;
}

std::optional<std::int64_t> TimePattern::read(std::string_view text) const {
  Reading reading;
  std::string_view rest = text;
  bool half_day = false;
  bool from_one = false;
  for (const Part& part : parts_) {
    if (part.letter == 0) {
      if (!rest.starts_with(part.text)) return std::nullopt;
      rest.remove_prefix(part.text.size());
      continue;
    }
    if (!read_part(part.letter, part.count, rest, reading)) return std::nullopt;
    half_day |= part.letter == 'h' || part.letter == 'K';
    from_one |= part.letter == 'h' || part.letter == 'k';
  }
  if (!rest.empty()) return std::nullopt;
  if (half_day)
    reading.hour = reading.hour % 12 + (reading.afternoon.value_or(false) ? 12 : 0);
  else if (from_one && reading.hour == 24)
    reading.hour = 0;
  const chrono::year_month_day date{chrono::year(reading.year),
                                    chrono::month(static_cast<unsigned>(reading.month)),
                                    chrono::day(static_cast<unsigned>(reading.day))};
  if (!date.ok() || reading.hour > 23 || reading.minute > 59 || reading.second > 59)
    return std::nullopt;
  const chrono::sys_time<chrono::milliseconds> local =
      chrono::sys_days(date) + chrono::hours(reading.hour) + chrono::minutes(reading.minute) +
      chrono::seconds(reading.second) + chrono::milliseconds(reading.millis);
  // The offset is that of the time in question, which the offset decides: two looks find it.
  const std::int64_t clock = local.time_since_epoch().count();
  const auto behind = [&](std::int64_t millis) {
    return chrono::milliseconds(reading.zone.at(millis).offset).count();
  };
  return clock - behind(clock - behind(clock));
}

}  // namespace cloudlet::iot::sql
