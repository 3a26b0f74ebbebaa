// One connection of the load generator, plain or TLS. Connects blocking, then never blocks again.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "mqtt_bench/options.h"
#include "mqtt_bench/packets.h"

namespace cloudlet::bench {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsClient = std::unique_ptr<SSL_CTX, FreeSsl>;

// Null without --tls. Throws std::runtime_error when a file can't be used.
TlsClient make_tls_client(const Options& options);

class Link {
 public:
  // Connects, shakes hands, says CONNECT and waits for its CONNACK. Throws std::runtime_error.
  Link(const Options& options, SSL_CTX* tls, std::string_view client_id);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  int file() const { return file_; }
  std::string tls_in_use() const;

  void subscribe(std::string_view filter, int qos);  // blocking
  void stop_blocking();

  // Reads what there is and hands each whole packet to `take(const Packet&)`.
  template <class Take>
  void receive(Take&& take) {
    for (bool more = true; more;) {
      more = fill();
      std::size_t used = 0;
      bool malformed = false;
      while (const auto packet =
                 packet_at({in_.data() + begin_ + used, end_ - begin_ - used}, malformed)) {
        used += packet->size;
        take(*packet);
      }
      if (malformed) fail("sent a malformed packet");
      begin_ += used;
    }
  }

  std::string& out() { return out_; }
  // Writes of out() what the socket takes; false when some of it is left.
  bool flush();

 private:
  [[noreturn]] void fail(std::string_view why) const;
  bool fill();  // true: there may be more to read
  Packet await(std::uint8_t first);

  int file_ = -1;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string client_id_;
  std::string in_ = std::string(256 << 10, '\0');
  std::size_t begin_ = 0, end_ = 0;  // what of in_ is not yet consumed
  std::string out_;
  std::size_t written_ = 0;
};

}  // namespace cloudlet::bench
