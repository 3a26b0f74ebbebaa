#include "mqtt_bench/options.h"

#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>

namespace cloudlet::bench {
namespace {

constexpr std::string_view usage =
    R"(mqtt_bench: publishes with QoS 1 and measures PUBLISH -> PUBACK

  --host H --port P        the server (127.0.0.1, 1883)
  --bare                   start a bare epoll loop that only acknowledges and forwards; load that
  --publishers N           connections that publish (8)
  --window N               unacknowledged messages of each (16)
  --rate N                 messages a second in all; 0: as fast as it goes (0)
  --subscribers N          connections that receive every message (0)
  --subscriber-qos 0|1     (0)
  --topic T                {} becomes the publisher's number (device/{}/devicePayload)
  --warm-up S --seconds S  not counted, then counted (0.5, 4)
  --tls --ca F --cert F --key F
  --server-pid P           also say how much processor time that process used a message
  --json                   one JSON object instead of lines
)";

[[noreturn]] void refuse(std::string_view why) {
  fmt::print(stderr, "mqtt_bench: {}\n\n{}", why, usage);
  std::exit(2);
}

double number(std::string_view option, const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || value < 0) refuse(fmt::format("{} {}?", option, text));
  return value;
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options o;
  const std::map<std::string_view, std::string*> texts = {{"--host", &o.host},
                                                          {"--topic", &o.topic},
                                                          {"--ca", &o.ca_file},
                                                          {"--cert", &o.certificate_file},
                                                          {"--key", &o.key_file}};
  const std::map<std::string_view, int*> counts = {{"--publishers", &o.publishers},
                                                   {"--window", &o.window},
                                                   {"--subscribers", &o.subscribers},
                                                   {"--subscriber-qos", &o.subscriber_qos},
                                                   {"--server-pid", &o.server_pid}};
  const std::map<std::string_view, double*> numbers = {
      {"--rate", &o.rate}, {"--warm-up", &o.warm_up_seconds}, {"--seconds", &o.seconds}};
  const std::map<std::string_view, bool*> flags = {
      {"--bare", &o.bare}, {"--tls", &o.tls}, {"--json", &o.json}};

  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (const auto flag = flags.find(name); flag != flags.end()) {
      *flag->second = true;
      continue;
    }
    if (i + 1 == argc) refuse(fmt::format("{} needs a value or is not known", name));
    const char* value = argv[++i];
    if (const auto text = texts.find(name); text != texts.end()) {
      *text->second = value;
    } else if (const auto count = counts.find(name); count != counts.end()) {
      *count->second = static_cast<int>(number(name, value));
    } else if (const auto real = numbers.find(name); real != numbers.end()) {
      *real->second = number(name, value);
    } else if (name == "--port") {
      o.port = static_cast<std::uint16_t>(number(name, value));
    } else {
      refuse(fmt::format("{} is not known", name));
    }
  }
  if (o.publishers < 1 || o.window < 1 || o.window > 1000) refuse("1 publisher, window 1 to 1000");
  if (o.subscriber_qos > 1) refuse("subscribers take QoS 0 or 1");
  if (o.bare && o.tls) refuse("the bare loop speaks no TLS");
  return o;
}

}  // namespace cloudlet::bench
