// Timestamps as the wire writes them.
// https://smithy.io/2.0/spec/protocol-traits.html#timestampformat-trait
#include "wire/times.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace cloudlet::wire {
namespace {

constexpr double seconds_max = 253402300799.0;  // 9999-12-31T23:59:59Z

// Reads fields of fixed width off the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    if (text_.size() < count) return fail();
    for (std::size_t i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return fail();
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value;
  }
  void skip(char wanted) {
    if (!take(wanted)) fail();
  }
  bool take(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view word(std::size_t count) {
    const std::string_view word = text_.substr(0, count);
    text_.remove_prefix(word.size());
    return word;
  }
  // ".677": milliseconds; further digits are read and dropped.
  int fraction() {
    int value = 0, scale = 100;
    if (!take('.')) return 0;
    if (text_.empty() || text_.front() < '0' || text_.front() > '9') return fail();
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      value += (text_.front() - '0') * scale;
      scale /= 10;
      text_.remove_prefix(1);
    }
    return value;
  }
  bool done() const { return ok_ && text_.empty(); }
  int fail() {
    ok_ = false;
    return 0;
  }

 private:
  std::string_view text_;
  bool ok_ = true;
};

struct Fields {
  int year, month, day, hour, minute, second, millis = 0, offset_minutes = 0;
};

std::optional<Time> moment(const Fields& f) {
  using namespace std::chrono;
  const year_month_day date{year(f.year), month(static_cast<unsigned>(f.month)),
                            day(static_cast<unsigned>(f.day))};
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) return std::nullopt;
  return Time(sys_days(date)) + hours(f.hour) + minutes(f.minute - f.offset_minutes) +
         seconds(f.second) + milliseconds(f.millis);
}

std::optional<Time> parse_iso8601(std::string_view text) {
  Reader in(text);
  Fields f{};
  f.year = in.digits(4);
  in.skip('-');
  f.month = in.digits(2);
  in.skip('-');
  f.day = in.digits(2);
  if (!in.done()) {
    if (!in.take('T') && !in.take('t')) in.skip(' ');
    f.hour = in.digits(2);
    in.skip(':');
    f.minute = in.digits(2);
    if (in.take(':')) f.second = in.digits(2);
    f.millis = in.fraction();
    if (!in.take('Z') && !in.take('z') && !in.done()) {
      const int sign = in.take('-') ? -1 : 1;
      if (sign == 1) in.skip('+');
      f.offset_minutes = in.digits(2) * 60;
      in.take(':');
      f.offset_minutes = sign * (f.offset_minutes + in.digits(2));
    }
  }
  return in.done() ? moment(f) : std::nullopt;
}

constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// "Tue, 29 Apr 2014 18:30:38 GMT" (RFC 9110, 5.6.7), also with a fraction.
std::optional<Time> parse_http_date(std::string_view text) {
  Reader in(text);
  Fields f{};
  in.word(3);
  in.skip(',');
  in.skip(' ');
  f.day = in.digits(2);
  in.skip(' ');
  const std::string_view month = in.word(3);
  for (std::size_t i = 0; i < month_names.size(); ++i) {
    if (month_names[i] == month) f.month = static_cast<int>(i) + 1;
  }
  in.skip(' ');
  f.year = in.digits(4);
  in.skip(' ');
  f.hour = in.digits(2);
  in.skip(':');
  f.minute = in.digits(2);
  in.skip(':');
  f.second = in.digits(2);
  f.millis = in.fraction();
  if (in.word(4) != " GMT") return std::nullopt;
  return in.done() && f.month > 0 ? moment(f) : std::nullopt;
}

}  // namespace

void append_time(std::string& out, Time time, TimeFormat format) {
  const std::int64_t millis = to_millis(time);
  if (format == TimeFormat::http_date) {
    out += http_date(time);
  } else if (format == TimeFormat::iso8601) {
    std::string text = iso8601(time);
    if (millis % 1000 == 0 && text.size() > 5) text.replace(text.size() - 5, 4, "");
    out += text;
  } else if (millis % 1000 == 0) {
    fmt::format_to(std::back_inserter(out), "{}", millis / 1000);
  } else {
    const std::int64_t rest = millis < 0 ? -millis : millis;
    std::string text = fmt::format("{}{}.{:03}", millis < 0 ? "-" : "", rest / 1000, rest % 1000);
    text.erase(text.find_last_not_of('0') + 1);
    out += text;
  }
}

std::optional<Time> time_from_seconds(double seconds) {
  if (!(std::abs(seconds) <= seconds_max)) return std::nullopt;
  return from_millis(std::llround(seconds * 1000));
}

std::optional<Time> parse_time(std::string_view text) {
  if (text.size() > 64) return std::nullopt;
  if (text.size() > 4 && text[3] == ',') return parse_http_date(text);
  if (text.size() >= 10 && text[4] == '-') return parse_iso8601(text);
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return time_from_seconds(seconds);
}

}  // namespace cloudlet::wire
