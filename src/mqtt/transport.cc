#include "mqtt/transport.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/digest.h"
#include "base/encoding.h"

namespace cloudlet::mqtt {
namespace {

using State = Moved::State;

// After this the peer can read what was written last: closing with unread input would reset the
// connection.
void end_socket(int socket) {
  ::shutdown(socket, SHUT_WR);
  char rest[4096];
  for (int i = 0; i < 16 && ::recv(socket, rest, sizeof rest, MSG_DONTWAIT) > 0; ++i) {}
}

class Plain final : public Transport {
 public:
  explicit Plain(int socket) : socket_(socket) {}

  Moved read(std::span<char> into) override {
    const auto count = ::recv(socket_, into.data(), into.size(), MSG_DONTWAIT);
    return moved(count, State::wants_read);
  }
  Moved write(std::string_view from) override {
    const auto count = ::send(socket_, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return moved(count, State::wants_write);
  }
  void shut_down() override { end_socket(socket_); }

 private:
  static Moved moved(ssize_t count, State wait) {
    if (count > 0) return {.state = State::done, .bytes = static_cast<std::size_t>(count)};
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
      return {.state = wait};
    return {.state = State::ended};
  }

  const int socket_;
};

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class Tls final : public Transport {
 public:
  Tls(int socket, SSL_CTX* context) : socket_(socket), ssl_(SSL_new(context)) {
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket) != 1) throw std::bad_alloc();
    SSL_set_accept_state(ssl_.get());
  }

  Moved handshake() override {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return {.state = State::done, .bytes = 1};
    return failed(result);
  }
  Moved read(std::span<char> into) override {
    ERR_clear_error();
    if (ended_) return {.state = State::ended};
    dry_ = false;
    std::size_t count = 0;
    // A record holds at most 16 KiB; take what is there.
    while (count < into.size()) {
      const auto size = static_cast<int>(std::min<std::size_t>(into.size() - count, INT_MAX));
      const int result = SSL_read(ssl_.get(), into.data() + count, size);
      if (result <= 0) {
        const auto outcome = failed(result);
        ended_ = outcome.state == State::ended;
        dry_ = !ended_;
        if (count > 0) break;
        return outcome;
      }
      count += static_cast<std::size_t>(result);
      if (SSL_has_pending(ssl_.get()) == 0) break;
    }
    ERR_clear_error();
    return {.state = State::done, .bytes = count};
  }
  Moved write(std::string_view from) override {
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), from.data(),
                                 static_cast<int>(std::min<std::size_t>(from.size(), INT_MAX)));
    if (result > 0) return {.state = State::done, .bytes = static_cast<std::size_t>(result)};
    return failed(result);
  }
  bool buffered() const override { return ended_ || (!dry_ && SSL_has_pending(ssl_.get()) == 1); }
  void shut_down() override {
    if (SSL_is_init_finished(ssl_.get()) != 0) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    end_socket(socket_);
  }

  std::optional<PeerCertificate> certificate() const override {
    X509* peer = SSL_get0_peer_certificate(ssl_.get());
    if (peer == nullptr) return std::nullopt;
    PeerCertificate out;
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(peer, &bytes);
    if (size > 0)
      out.der.assign(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    out.fingerprint = to_hex(sha256(out.der));
    if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name))
      out.server_name = name;
    return out;
  }

 private:
  Moved failed(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return {.state = State::wants_read};
      case SSL_ERROR_WANT_WRITE: return {.state = State::wants_write};
      default: ERR_clear_error(); return {.state = State::ended};
    }
  }

  const int socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  // OpenSSL counts half a record as pending: only the socket can make something of it.
  bool dry_ = false;
  bool ended_ = false;  // found behind bytes that were still to be handed on
};

}  // namespace

std::unique_ptr<Transport> plain_transport(int socket) { return std::make_unique<Plain>(socket); }

std::unique_ptr<Transport> tls_transport(int socket, const TlsContext& context) {
  return std::make_unique<Tls>(socket, context.get());
}

}  // namespace cloudlet::mqtt
