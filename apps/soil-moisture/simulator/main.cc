// Three soil moisture sensors: each is an MQTT client of its own, over TLS with a certificate, and
// publishes a reading now and then (QoS 1). Ends on SIGINT or SIGTERM, or after `--count` rounds.
#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "sensor.h"

namespace {

std::atomic<bool> stopping{false};

struct Arguments {
  soil::Connection connection;
  int sensors = 3;
  double interval_s = 3;
  int rounds = 0;  // 0: until stopped
  bool quiet = false;
  unsigned seed = std::random_device{}();
};

Arguments parse(int argc, char** argv) {
  Arguments a;
  CLI::App app{"Soil moisture sensors that publish over MQTT with TLS"};
  app.add_option("--host", a.connection.host, "MQTT host")->capture_default_str();
  app.add_option("--port", a.connection.port, "MQTT over TLS port")->capture_default_str();
  app.add_option("--ca", a.connection.ca_file, "CA certificate (PEM)")->required();
  app.add_option("--cert", a.connection.certificate_file, "Client certificate (PEM)")->required();
  app.add_option("--key", a.connection.key_file, "Private key (PEM)")->required();
  app.add_option("--sensors", a.sensors, "How many sensors")->check(CLI::Range(1, 1000));
  app.add_option("--interval", a.interval_s, "Seconds between the readings of one sensor")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 86400.0));
  app.add_option("--count", a.rounds, "Readings a sensor sends before it ends (0: no end)");
  app.add_option("--seed", a.seed, "Seed of the readings");
  app.add_flag("--quiet", a.quiet, "Print nothing but errors");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return a;
}

// Waits in small steps, so that a signal ends it soon.
void pause_for(double seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!stopping && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments a = parse(argc, argv);
  std::signal(SIGINT, [](int) { stopping = true; });
  std::signal(SIGTERM, [](int) { stopping = true; });

  std::mt19937 random(a.seed);
  std::vector<std::unique_ptr<soil::Sensor>> sensors;
  for (int i = 1; i <= a.sensors; ++i) {
    auto sensor = std::make_unique<soil::Sensor>("soilSensor" + std::to_string(i), a.connection);
    if (const std::string problem = sensor->connect(); !problem.empty()) {
      std::cerr << problem << "\n";
      return 1;
    }
    sensors.push_back(std::move(sensor));
  }
  for (int round = 0; !stopping && (a.rounds == 0 || round < a.rounds); ++round) {
    for (auto& sensor : sensors) {
      const int humidity = std::uniform_int_distribution<int>(20, 45)(random);
      sensor->publish(humidity);
      if (!a.quiet) std::cout << sensor->topic() << " humidity " << humidity << std::endl;
      pause_for(a.interval_s / a.sensors);
      if (stopping) break;
    }
  }
  bool all = true;
  for (auto& sensor : sensors) all = sensor->finish() && all;
  return all ? 0 : 1;
}
