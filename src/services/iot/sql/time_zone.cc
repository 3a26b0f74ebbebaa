#include "services/iot/sql/time_zone.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>

namespace cloudlet::iot::sql {
namespace {

constexpr std::string_view folder = "/usr/share/zoneinfo/";
constexpr std::size_t name_bytes_max = 48;
constexpr std::size_t file_bytes_max = 64 << 10;
constexpr std::size_t head_bytes = 44;

std::int64_t number(std::string_view bytes) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80) != 0 ? ~0ULL : 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

// A block's head: how many of everything follow.
struct Counts {
  std::size_t utc, standard, leaps, changes, kinds, letters;

  static Counts of(std::string_view head) {
    const auto at = [&](std::size_t i) {
      return static_cast<std::size_t>(number(head.substr(20 + i * 4, 4)) & 0xffff'ffff);
    };
    return {at(0), at(1), at(2), at(3), at(4), at(5)};
  }
  // With times of so many bytes.
  std::size_t bytes(std::size_t time) const {
    return changes * (time + 1) + kinds * 6 + letters + leaps * (time + 4) + standard + utc;
  }
  bool sane() const { return std::max({utc, standard, leaps, changes, kinds, letters}) < 20'000; }
};

// A name that is a path below the database's folder, and no other.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max || name.back() == '/') return false;
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return letter(name[0]) && std::ranges::all_of(name, [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' ||
                  c == '/';
         });
}

std::optional<TimeZone> load(std::string_view name) {
  std::ifstream file(std::string(folder).append(name), std::ios::binary);
  std::string bytes(file_bytes_max, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return TimeZone::parse(bytes);
}

}  // namespace

const TimeZone* TimeZone::find(std::string_view name) {
  if (!is_name(name)) return nullptr;
  // As the table of functions is: what the machine has, read on first use. Names that it does not
  // have are not kept, so that messages cannot fill it.
  static std::mutex mutex;
  static std::map<std::string, const TimeZone, std::less<>> known;
  const std::scoped_lock lock(mutex);
  if (const auto found = known.find(name); found != known.end()) return &found->second;
  auto zone = load(name);
  return zone ? &known.emplace(name, *std::move(zone)).first->second : nullptr;
}

std::optional<TimeZone> TimeZone::parse(std::string_view file) {
  // The first block has times of 32 bits; the second says it all.
  if (file.size() < head_bytes || !file.starts_with("TZif") || file[4] < '2') return std::nullopt;
  const auto first = Counts::of(file);
  if (!first.sane() || file.size() < head_bytes + first.bytes(4) + head_bytes) return std::nullopt;
  file.remove_prefix(head_bytes + first.bytes(4));
  const auto counts = Counts::of(file);
  if (!file.starts_with("TZif") || !counts.sane() || counts.kinds == 0 ||
      file.size() < head_bytes + counts.bytes(8))
    return std::nullopt;
  file.remove_prefix(head_bytes);
  TimeZone zone;
  for (std::size_t i = 0; i < counts.changes; ++i)
    zone.changes_.push_back(number(file.substr(i * 8, 8)));
  file.remove_prefix(counts.changes * 8);
  for (std::size_t i = 0; i < counts.changes; ++i) {
    const auto kind = static_cast<std::uint8_t>(file[i]);
    if (kind >= counts.kinds) return std::nullopt;
    zone.kinds_.push_back(kind);
  }
  file.remove_prefix(counts.changes);
  const auto letters = file.substr(counts.kinds * 6, counts.letters);
  for (std::size_t i = 0; i < counts.kinds; ++i) {
    const auto kind = file.substr(i * 6, 6);
    const auto from = static_cast<unsigned char>(kind[5]);
    if (from >= letters.size()) return std::nullopt;
    const auto rest = letters.substr(from);
    zone.locals_.push_back({.offset = std::chrono::minutes(number(kind.substr(0, 4)) / 60),
                            .abbreviation = std::string(rest.substr(0, rest.find('\0')))});
  }
  return std::ranges::is_sorted(zone.changes_) ? std::optional(std::move(zone)) : std::nullopt;
}

const TimeZone::Local& TimeZone::at(std::chrono::sys_seconds time) const {
  const auto next = std::ranges::upper_bound(changes_, time.time_since_epoch().count());
  if (next == changes_.begin()) return locals_.front();
  return locals_[kinds_[static_cast<std::size_t>(next - changes_.begin()) - 1]];
}

}  // namespace cloudlet::iot::sql
