// One sensor: an MQTT connection over TLS, and the message it sends.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>

struct mosquitto;

namespace soil {

struct Connection {
  std::string host = "localhost";
  int port = 8883;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

// libmosquitto reconnects by itself and sends again what was not acknowledged.
class Sensor {
 public:
  Sensor(std::string name, Connection connection);
  ~Sensor();
  Sensor(const Sensor&) = delete;
  Sensor& operator=(const Sensor&) = delete;

  // Starts connecting; returns what is wrong, or an empty text.
  std::string connect();
  void publish(int humidity_percent);
  // Waits (at most ten seconds) until everything is acknowledged, then disconnects. False if
  // something was not.
  bool finish();
  std::string topic() const { return "device/" + name_ + "/devicePayload"; }

 private:
  void acknowledged();

  std::string name_;
  Connection connection_;
  mosquitto* client_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  int unacknowledged_ = 0;
};

}  // namespace soil
