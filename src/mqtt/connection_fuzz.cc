// Fuzz target: a whole connection. A proper CONNECT (3.1.1 or 5.0, clean or not), then the fuzzer's
// bytes; another client must be served afterwards as if nothing had been.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mqtt/broker.h"
#include "mqtt/memory_application.h"

namespace {

using namespace cloudlet;

struct World {
  Clock clock{from_millis(0)};
  std::unique_ptr<Random> random = seeded_random(1);
  mqtt::MemoryApplication application{100};
  mqtt::Broker broker{
      {.threads = 2, .limits = {.packet_bytes_max = 4096}}, application, clock, *random};
  std::uint16_t port = 0;

  World() {
    if (broker.start().has_error()) std::abort();
    port = *broker.listen_tcp("127.0.0.1", 0);
  }
};

int dial(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  // No time-wait: a fuzzer makes more connections than there are ports.
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return socket;
}

void send_all(int socket, const std::string& bytes) {
  ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

// Everything until `wanted` was seen, the end, or ten seconds: false.
bool read_until(int socket, const std::string& wanted) {
  std::string got;
  char buffer[8192];
  while (got.find(wanted) == std::string::npos) {
    pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, 10'000) <= 0) return false;
    const auto count = ::recv(socket, buffer, sizeof buffer, 0);
    if (count <= 0) return true;
    got.append(buffer, static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  if (size < 1 || size > 4000) return 0;
  const char level = (data[0] & 1) != 0 ? 5 : 4;
  const char clean = (data[0] & 2) != 0 ? 2 : 0;
  std::string connect(
      "\x10\x0d\x00\x04MQTT\x04\x00\x00\x3c\x00\x01"
      "f",
      15);
  connect[8] = level;
  connect[9] = clean;
  if (level == 5) {
    connect[1] = 14;
    connect.insert(12, 1, '\0');
  }
  const int fuzzed = dial(world.port);
  send_all(fuzzed, connect + std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  ::shutdown(fuzzed, SHUT_WR);
  // Whatever it was, the connection ends, since its input does.
  if (!read_until(fuzzed, std::string("\0never sent\0", 12))) std::abort();
  ::close(fuzzed);

  const int other = dial(world.port);
  send_all(other, std::string("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01"
                              "o\xc0\x00",
                              17));
  if (!read_until(other, std::string("\xd0\x00", 2))) std::abort();
  ::close(other);
  return 0;
}
