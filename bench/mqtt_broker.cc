// The MQTT broker alone, without anything durable behind it: what mqtt_bench measures beside mosquitto.
// Usage: mqtt_broker PORT [--tls PORT CERTIFICATE.pem KEY.pem] [--threads N]. Ends when its input ends.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "mqtt/broker.h"
#include "mqtt/memory_application.h"

namespace {

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  using namespace cloudlet;
  if (argc < 2) {
    fmt::print(stderr, "usage: mqtt_broker PORT [--tls PORT CERTIFICATE KEY] [--threads N]\n");
    return 2;
  }
  mqtt::Options options;
  int tls_port = 0;
  mqtt::TlsOptions tls;
  for (int i = 2; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--threads" && i + 1 < argc) {
      options.threads = static_cast<unsigned>(std::atoi(argv[++i]));
    } else if (option == "--tls" && i + 3 < argc) {
      tls_port = std::atoi(argv[++i]);
      tls.certificate_pem = read_file(argv[++i]);
      tls.key_pem = read_file(argv[++i]);
    }
  }
  Clock clock;
  const auto random = system_random();
  mqtt::MemoryApplication application;
  mqtt::Broker broker(options, application, clock, *random);
  if (const auto started = broker.start(); started.has_error()) return 1;
  const auto tcp = broker.listen_tcp("127.0.0.1", static_cast<std::uint16_t>(std::atoi(argv[1])));
  if (tcp.has_error()) {
    fmt::print(stderr, "{}\n", tcp.error().message());
    return 1;
  }
  if (tls_port != 0) {
    const auto bound = broker.listen_tls("127.0.0.1", static_cast<std::uint16_t>(tls_port), tls);
    if (bound.has_error()) {
      fmt::print(stderr, "{}\n", bound.error().message());
      return 1;
    }
  }
  fmt::print("ready {}\n", *tcp);
  std::fflush(stdout);
  char byte = 0;
  while (::read(0, &byte, 1) > 0) {
  }
  broker.stop();
  return 0;
}
