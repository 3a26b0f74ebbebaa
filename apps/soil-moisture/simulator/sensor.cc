#include "sensor.h"

#include <fmt/format.h>
#include <mosquitto.h>

#include <chrono>
#include <iostream>

namespace soil {
namespace {

struct Library {
  Library() { mosquitto_lib_init(); }
  ~Library() { mosquitto_lib_cleanup(); }
};

// The message of the reference architecture: local time without a zone, microseconds.
std::string message(const std::string& name, int humidity) {
  const auto now = std::chrono::system_clock::now();
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  const std::time_t seconds = micros / 1'000'000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format(
      R"({{"name": "{}", "humidity": {}, "timeStampEpoch": {}, "timeStampIso": "{}.{:06d}"}})",
      name, humidity, micros / 1000, text, micros % 1'000'000);
}

}  // namespace

Sensor::Sensor(std::string name, Connection connection)
    : name_(std::move(name)), connection_(std::move(connection)) {
  static const Library library;
  client_ = mosquitto_new(name_.c_str(), true, this);
  mosquitto_publish_callback_set(
      client_, [](mosquitto*, void* self, int) { static_cast<Sensor*>(self)->acknowledged(); });
  mosquitto_connect_callback_set(client_, [](mosquitto*, void* self, int code) {
    if (code != 0)
      std::cerr << static_cast<Sensor*>(self)->name_
                << ": refused: " << mosquitto_connack_string(code) << "\n";
  });
}

Sensor::~Sensor() {
  mosquitto_loop_stop(client_, true);
  mosquitto_destroy(client_);
}

std::string Sensor::connect() {
  const auto failed = [this](const char* what, int code) {
    return fmt::format("{}: {}: {}", name_, what, mosquitto_strerror(code));
  };
  int code = mosquitto_tls_set(client_, connection_.ca_file.c_str(), nullptr,
                               connection_.certificate_file.c_str(), connection_.key_file.c_str(),
                               nullptr);
  if (code != MOSQ_ERR_SUCCESS) return failed("the certificate files", code);
  mosquitto_reconnect_delay_set(client_, 1, 10, true);
  code = mosquitto_connect_async(client_, connection_.host.c_str(), connection_.port, 60);
  if (code != MOSQ_ERR_SUCCESS && code != MOSQ_ERR_ERRNO) return failed("connecting", code);
  code = mosquitto_loop_start(client_);
  return code == MOSQ_ERR_SUCCESS ? std::string() : failed("starting", code);
}

void Sensor::publish(int humidity_percent) {
  const std::string payload = message(name_, humidity_percent);
  {
    std::scoped_lock lock(mutex_);
    ++unacknowledged_;
  }
  const int code = mosquitto_publish(client_, nullptr, topic().c_str(),
                                     static_cast<int>(payload.size()), payload.data(), 1, false);
  // Without a connection the library keeps the message and sends it later.
  if (code == MOSQ_ERR_SUCCESS || code == MOSQ_ERR_NO_CONN) return;
  std::cerr << name_ << ": not published: " << mosquitto_strerror(code) << "\n";
  acknowledged();
}

void Sensor::acknowledged() {
  std::scoped_lock lock(mutex_);
  --unacknowledged_;
  changed_.notify_all();
}

bool Sensor::finish() {
  std::unique_lock lock(mutex_);
  const bool all =
      changed_.wait_for(lock, std::chrono::seconds(10), [this] { return unacknowledged_ <= 0; });
  lock.unlock();
  if (!all) std::cerr << name_ << ": some readings were not acknowledged\n";
  mosquitto_disconnect(client_);
  return all;
}

}  // namespace soil
