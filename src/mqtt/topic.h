// Topic names and filters: what is valid, and what matches. 3.1.1 section 4.7.
#pragma once

#include <cstddef>
#include <string_view>

namespace cloudlet::mqtt {

struct TopicLimits {
  std::size_t bytes_max = 256;
  std::size_t levels_max = 8;
};

// A name to publish to: not empty, no wildcards, within the limits. "$aws/rules/<rule>/" before it
// does not count (Basic Ingest). The UTF-8 is checked when the packet is decoded.
bool valid_topic(std::string_view topic, const TopicLimits& limits);
// A filter to subscribe to: '+' alone in a level, '#' alone in the last.
bool valid_filter(std::string_view filter, const TopicLimits& limits);
// "$share/...": 5.0 section 4.8.2.
bool shared_filter(std::string_view filter);

// Does `filter` (valid) take `topic`? A wildcard in the first level takes no topic that begins with
// '$' [MQTT-4.7.2-1].
bool matches(std::string_view filter, std::string_view topic);

}  // namespace cloudlet::mqtt
