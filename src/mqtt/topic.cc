#include "mqtt/topic.h"

#include <algorithm>

namespace cloudlet::mqtt {
namespace {

constexpr std::string_view basic_ingest = "$aws/rules/";

// Takes the first level off.
std::string_view take_level(std::string_view& rest, bool& last) {
  const auto slash = rest.find('/');
  last = slash == std::string_view::npos;
  const auto level = rest.substr(0, slash);
  rest.remove_prefix(last ? rest.size() : slash + 1);
  return level;
}

std::string_view counted_part(std::string_view topic) {
  if (!topic.starts_with(basic_ingest)) return topic;
  const auto slash = topic.find('/', basic_ingest.size());
  return slash == std::string_view::npos ? topic : topic.substr(slash + 1);
}

bool within(std::string_view topic, const TopicLimits& limits) {
  const auto counted = counted_part(topic);
  if (counted.size() > limits.bytes_max || topic.size() > 65'535) return false;
  return static_cast<std::size_t>(std::ranges::count(counted, '/')) < limits.levels_max;
}

}  // namespace

bool valid_topic(std::string_view topic, const TopicLimits& limits) {
  return !topic.empty() && topic.find_first_of("+#") == std::string_view::npos &&
         within(topic, limits);
}

bool valid_filter(std::string_view filter, const TopicLimits& limits) {
  if (filter.empty() || !within(filter, limits)) return false;
  bool last = false;
  while (!last) {
    const auto level = take_level(filter, last);
    if (level.size() > 1 && level.find_first_of("+#") != std::string_view::npos) return false;
    if (level == "#" && !last) return false;
  }
  return true;
}

bool shared_filter(std::string_view filter) { return filter.starts_with("$share/"); }

bool matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  bool filter_last = false;
  bool topic_last = false;
  while (true) {
    const auto wanted = take_level(filter, filter_last);
    if (wanted == "#") return true;
    const auto level = take_level(topic, topic_last);
    if (wanted != "+" && wanted != level) return false;
    if (filter_last || topic_last) break;
  }
  // "sport/#" also takes "sport" (section 4.7.1.2).
  return filter_last ? topic_last : filter == "#";
}

}  // namespace cloudlet::mqtt
