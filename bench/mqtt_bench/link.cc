#include "mqtt_bench/link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace cloudlet::bench {
namespace {

std::string tls_error() {
  char text[256] = "no reason given";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  return text;
}

void check_tls(int worked, std::string_view what) {
  if (worked != 1) throw std::runtime_error(fmt::format("TLS: {}: {}", what, tls_error()));
}

}  // namespace

TlsClient make_tls_client(const Options& options) {
  if (!options.tls) return nullptr;
  TlsClient context(SSL_CTX_new(TLS_client_method()));
  check_tls(context ? 1 : 0, "context");
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (!options.ca_file.empty()) {
    check_tls(SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(), nullptr),
              options.ca_file);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  if (!options.certificate_file.empty()) {
    check_tls(SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str()),
              options.certificate_file);
    check_tls(
        SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(), SSL_FILETYPE_PEM),
        options.key_file);
  }
  return context;
}

Link::Link(const Options& options, SSL_CTX* tls, std::string_view client_id)
    : client_id_(client_id) {
  file_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  if (::inet_pton(AF_INET, options.host.c_str(), &address.sin_addr) != 1) fail("bad --host");
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(file_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(file_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(file_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail(fmt::format("can't connect to port {}: {}", options.port, std::strerror(errno)));
  if (tls != nullptr) {
    ssl_.reset(SSL_new(tls));
    SSL_set_fd(ssl_.get(), file_);
    SSL_set_tlsext_host_name(ssl_.get(), "localhost");
    if (SSL_connect(ssl_.get()) != 1) fail("TLS handshake: " + tls_error());
  }
  out_ = connect_packet(client_id);
  flush();
  const Packet answer = await(0x20);
  if (answer.body.size() != 2 || answer.body[1] != 0)
    fail(fmt::format("CONNECT refused with {}", static_cast<int>(answer.body.back())));
}

Link::~Link() {
  ssl_.reset();
  if (file_ >= 0) ::close(file_);
}

std::string Link::tls_in_use() const {
  return ssl_ == nullptr
             ? ""
             : fmt::format("{} {}", SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get()));
}

void Link::subscribe(std::string_view filter, int qos) {
  out_ = subscribe_packet(filter, qos);
  flush();
  const Packet answer = await(0x90);
  if (answer.body.size() != 3 || answer.body[2] != qos) fail("SUBSCRIBE was not granted");
}

void Link::stop_blocking() { ::fcntl(file_, F_SETFL, O_NONBLOCK); }

bool Link::flush() {
  while (written_ < out_.size()) {
    const char* from = out_.data() + written_;
    const std::size_t size = out_.size() - written_;
    if (ssl_ != nullptr) {
      const int sent = SSL_write(ssl_.get(), from, static_cast<int>(size));
      if (sent <= 0) {
        const int why = SSL_get_error(ssl_.get(), sent);
        if (why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ) return false;
        fail("TLS write: " + tls_error());
      }
      written_ += static_cast<std::size_t>(sent);
    } else {
      const ssize_t sent = ::send(file_, from, size, MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EAGAIN || errno == EINTR) return false;
        fail(fmt::format("write: {}", std::strerror(errno)));
      }
      written_ += static_cast<std::size_t>(sent);
    }
  }
  out_.clear();
  written_ = 0;
  return true;
}

bool Link::fill() {
  if (begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  char* to = in_.data() + end_;
  const std::size_t room = in_.size() - end_;
  if (ssl_ != nullptr) {
    const int got = SSL_read(ssl_.get(), to, static_cast<int>(room));
    if (got <= 0) {
      const int why = SSL_get_error(ssl_.get(), got);
      if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
      fail("closed: " + tls_error());
    }
    end_ += static_cast<std::size_t>(got);
    return true;  // TLS may hold decrypted bytes that epoll knows nothing of
  }
  const ssize_t got = ::recv(file_, to, room, 0);
  if (got == 0) fail("the server closed the connection");
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return false;
    fail(fmt::format("read: {}", std::strerror(errno)));
  }
  end_ += static_cast<std::size_t>(got);
  return static_cast<std::size_t>(got) == room;
}

Packet Link::await(std::uint8_t first) {
  for (;;) {
    bool malformed = false;
    const auto packet = packet_at({in_.data() + begin_, end_ - begin_}, malformed);
    if (packet) {
      if (packet->first != first) fail(fmt::format("answered with packet {:#x}", packet->first));
      begin_ += packet->size;
      return *packet;
    }
    const std::size_t before = end_ - begin_;
    fill();
    if (malformed || end_ - begin_ == before) fail("no answer");
  }
}

void Link::fail(std::string_view why) const {
  throw std::runtime_error(fmt::format("{}: {}", client_id_, why));
}

}  // namespace cloudlet::bench
