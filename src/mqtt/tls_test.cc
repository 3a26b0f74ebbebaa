// The TLS listener: certificates that clients show, and what does not get in.
#include "mqtt/tls.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "mqtt/script_fixture.h"
#include "mqtt/transport.h"

namespace cloudlet::mqtt {
namespace {

using namespace script;

struct Identity {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;

  // Self-signed, valid from the beginning of time to its end: who knows it decides.
  static Identity make(const char* name) {
    Identity out;
    out.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
    out.certificate.reset(X509_new(), X509_free);
    X509* x = out.certificate.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, out.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_sign(x, out.key.get(), EVP_sha256());
    return out;
  }
  std::string der() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate.get(), &bytes);
    std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return out;
  }
  TlsOptions pem() const {
    const auto text = [](auto write) {
      BIO* bio = BIO_new(BIO_s_mem());
      write(bio);
      char* data = nullptr;
      const auto size = BIO_get_mem_data(bio, &data);
      std::string out(data, static_cast<std::size_t>(size));
      BIO_free(bio);
      return out;
    };
    return {.certificate_pem = text([&](BIO* bio) { PEM_write_bio_X509(bio, certificate.get()); }),
            .key_pem = text([&](BIO* bio) {
              PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            })};
  }
};

// A blocking TLS client.
class TlsPeer {
 public:
  struct Options {
    const Identity* identity = nullptr;
    int version_max = TLS1_3_VERSION;
    std::string alpn;  // in wire form
    const char* server_name = "localhost";
  };
  TlsPeer(std::uint16_t port, const Options& options)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
    SSL_CTX_set_security_level(context_.get(), 0);
    if (options.identity != nullptr) {
      SSL_CTX_use_certificate(context_.get(), options.identity->certificate.get());
      SSL_CTX_use_PrivateKey(context_.get(), options.identity->key.get());
    }
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ssl_.reset(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(ssl_.get(), socket_);
    SSL_set_tlsext_host_name(ssl_.get(), options.server_name);
    if (!options.alpn.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.alpn.data()),
                          static_cast<unsigned>(options.alpn.size()));
    }
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  ~TlsPeer() { ::close(socket_); }

  bool is_connected() const { return connected_; }
  std::string alpn() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
  }
  void send(const Bytes& bytes) {
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  Bytes read(std::size_t count) {
    Bytes out;
    char buffer[16384];
    while (out.size() < count) {
      const int got = SSL_read(ssl_.get(), buffer,
                               static_cast<int>(std::min(sizeof buffer, count - out.size())));
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
  void expect(const Bytes& bytes) { EXPECT_EQ(to_hex(read(bytes.size())), to_hex(bytes)); }

 private:
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> ssl_;
  int socket_ = -1;
  bool connected_ = false;
};

class Tls : public BrokerTest {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    start();
    const auto bound = broker->listen_tls("127.0.0.1", 0, server_.pem());
    ASSERT_TRUE(bound.has_value()) << bound.error().message();
    tls_port_ = *bound;
  }

  const Identity server_ = Identity::make("server");
  std::uint16_t tls_port_ = 0;
};

// The application sees exactly the certificate whose key the client has, and the name it asked for.
TEST_F(Tls, TheApplicationSeesTheCertificate) {
  PeerCertificate seen;
  application.certificate_seen = [&](const PeerCertificate& certificate) { seen = certificate; };
  const auto device = Identity::make("device");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    seen = {};
    TlsPeer peer(tls_port_,
                 {.identity = &device, .version_max = version, .server_name = "iot.example"});
    peer.send(connect("d"));
    peer.expect(connack(0));
    EXPECT_EQ(seen.der, device.der());
    EXPECT_EQ(seen.fingerprint, to_hex(sha256(device.der())));
    EXPECT_EQ(seen.server_name, "iot.example");
  }
}

TEST_F(Tls, AClientWithoutCertificateIsTheApplicationsToDecide) {
  application.refuse_connect = &errors::not_authorized;
  TlsPeer peer(tls_port_, {});
  ASSERT_TRUE(peer.is_connected());
  peer.send(connect("d"));
  peer.expect(connack(5));
  EXPECT_EQ(peer.read(1), "");
}

// A certificate without its key is worth nothing.
TEST_F(Tls, AForeignCertificateWithAnotherKeyDoesNotGetIn) {
  auto thief = Identity::make("device");
  const auto victim = Identity::make("device");
  std::atomic<bool> seen = false;
  application.certificate_seen = [&](const PeerCertificate& certificate) {
    seen = certificate.der == victim.der();
  };
  thief.certificate = victim.certificate;
  TlsPeer peer(tls_port_, {.identity = &thief});
  peer.send(connect("d"));
  EXPECT_FALSE(seen);
}

TEST_F(Tls, OldVersionsAndPlainBytesDoNotGetIn) {
  EXPECT_FALSE(TlsPeer(tls_port_, {.version_max = TLS1_1_VERSION}).is_connected());
  Peer plain(tls_port_);
  plain.send(connect("d") + std::string(100, 'x'));
  plain.read(100);  // an alert, perhaps
  EXPECT_EQ(application.count("authenticate d"), 0U);
  TlsPeer good(tls_port_, {});
  good.send(connect("d"));
  good.expect(connack(0));
}

// The names that AWS IoT takes; another is refused in the handshake.
TEST_F(Tls, ApplicationLayerProtocols) {
  EXPECT_EQ(TlsPeer(tls_port_, {.alpn = "\x0ex-amzn-mqtt-ca"}).alpn(), "x-amzn-mqtt-ca");
  EXPECT_EQ(TlsPeer(tls_port_, {.alpn = "\x02h2\x04mqtt"}).alpn(), "mqtt");
  EXPECT_FALSE(TlsPeer(tls_port_, {.alpn = "\x02h2"}).is_connected());
}

// More than a record each way, and many messages in one.
TEST_F(Tls, MessagesOfAnySize) {
  const auto device = Identity::make("device");
  TlsPeer peer(tls_port_, {.identity = &device});
  peer.send(connect("d") + subscribe(1, "t", 0));
  peer.expect(connack(0) + suback(1, 0));
  const std::string large(100'000, 'x');
  peer.send(publish("t", large));
  peer.expect(publish("t", large));
  std::string many;
  for (unsigned i = 1; i <= 3000; ++i) many += publish("t", std::to_string(i));
  peer.send(many);
  peer.expect(many);
}

// Half a record in the transport's buffer is nothing to read: who waits for the rest of it must
// wait for the socket, not turn in circles.
TEST(TlsTransport, HalfARecordIsNothingToRead) {
  const auto server = Identity::make("server");
  const auto context = make_tls_context(server.pem());
  ASSERT_TRUE(context.has_value());
  int sockets[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
  const auto transport = tls_transport(sockets[0], *context);
  const std::shared_ptr<SSL_CTX> client_context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::shared_ptr<SSL> client(SSL_new(client_context.get()), SSL_free);
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(client.get(), in, out);
  SSL_set_connect_state(client.get());
  // What the client wrote goes to the socket up to `bytes_max`, and the answer comes back.
  const auto move = [&](std::size_t bytes_max) {
    Bytes bytes(bytes_max, 0);
    const int count = BIO_read(out, bytes.data(), static_cast<int>(bytes_max));
    if (count > 0)
      EXPECT_EQ(::send(sockets[1], bytes.data(), static_cast<std::size_t>(count), 0), count);
    char answer[16384];
    const auto got = ::recv(sockets[1], answer, sizeof answer, 0);
    if (got > 0) BIO_write(in, answer, static_cast<int>(got));
  };
  bool done = false;
  for (int i = 0; i < 20 && !done; ++i) {
    done = SSL_do_handshake(client.get()) == 1;
    move(16384);
    done = transport->handshake().state == Moved::State::done && done;
    move(16384);
  }
  ASSERT_TRUE(done);
  SSL_write(client.get(), "hello", 5);
  move(10);
  char buffer[100];
  EXPECT_EQ(transport->read(buffer).state, Moved::State::wants_read);
  EXPECT_FALSE(transport->buffered());
  move(16384);
  EXPECT_EQ(transport->read(buffer).bytes, 5U);
  EXPECT_FALSE(transport->buffered());
  ::close(sockets[0]);
  ::close(sockets[1]);
}

// Half a handshake doesn't stay for ever.
TEST_F(Tls, AHandshakeTimesOut) {
  Peer slow(tls_port_);
  slow.send("\x16\x03");
  TlsPeer other(tls_port_, {});  // after it, `slow` has been accepted as well
  other.send(connect("d"));
  other.expect(connack(0));
  clock.advance(std::chrono::seconds(11));
  slow.expect_closed();
}

TEST_F(Tls, ABrokenKeyIsSaid) {
  auto bad = server_.pem();
  bad.key_pem = Identity::make("other").pem().key_pem;
  const auto bound = broker->listen_tls("127.0.0.1", 0, bad);
  ASSERT_TRUE(bound.has_error());
  EXPECT_NE(bound.error().message().find("key"), std::string::npos);
}

}  // namespace
}  // namespace cloudlet::mqtt
