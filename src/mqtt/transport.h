// The bytes of one connection: a non-blocking socket, plain or under TLS. Reads and writes never
// wait; the connection waits for readiness itself. A WebSocket will be a third one.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "mqtt/application.h"
#include "mqtt/tls.h"

namespace cloudlet::mqtt {

// What an attempt came to.
struct Moved {
  enum class State { done, wants_read, wants_write, ended };
  State state = State::done;
  std::size_t bytes = 0;  // with `done`, above 0
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Until it says `done`: nothing else.
  virtual Moved handshake() { return {}; }
  virtual Moved read(std::span<char> into) = 0;
  virtual Moved write(std::string_view from) = 0;
  // Bytes already taken from the socket wait for `read`: the socket's readiness says nothing about
  // them.
  virtual bool buffered() const { return false; }
  // Says goodbye as far as that doesn't wait.
  virtual void shut_down() = 0;
  virtual std::optional<PeerCertificate> certificate() const { return std::nullopt; }
};

// `socket` stays the caller's.
std::unique_ptr<Transport> plain_transport(int socket);
std::unique_ptr<Transport> tls_transport(int socket, const TlsContext& context);

}  // namespace cloudlet::mqtt
