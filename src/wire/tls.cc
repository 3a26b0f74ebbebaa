#include "wire/tls.h"

#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdlib>

namespace cloudlet::wire {
namespace {

namespace ssl = boost::asio::ssl;

int choose_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                  unsigned int size, void*) {
  static constexpr unsigned char known[] = "\x08http/1.1";
  const int chosen = SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, known,
                                           sizeof known - 1, in, size);
  return chosen == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// Where the authorities of the system may be.
std::string system_authorities() {
  for (const char* name : {"SSL_CERT_FILE", "AWS_CA_BUNDLE"})
    if (const char* path = std::getenv(name); path && *path) return path;
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                           "/etc/ssl/cert.pem"})
    if (::access(path, R_OK) == 0) return path;
  return {};
}

constexpr auto sane_options = ssl::context::default_workarounds | ssl::context::no_sslv2 |
                              ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                              ssl::context::no_tlsv1_1;

}  // namespace

Result<std::shared_ptr<ssl::context>> client_tls(const std::string& authorities) {
  const std::string file = authorities.empty() ? system_authorities() : authorities;
  if (file.empty())
    return invalid(
        "there are no certificate authorities on this system to check https:// against; "
        "SSL_CERT_FILE may name a file of them");
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  context->set_options(sane_options);
  context->set_verify_mode(ssl::verify_peer);
  context->load_verify_file(file, error);
  if (error)
    return invalid("no certificate authorities can be read from " + file + ": " + error.message());
  return context;
}

Result<std::shared_ptr<ssl::context>> server_tls(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  context->set_options(sane_options);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_http11, nullptr);
  context->use_certificate_chain(boost::asio::buffer(files.certificate_chain_pem), error);
  if (error) return invalid("the server's certificate cannot be read as PEM: " + error.message());
  context->use_private_key(boost::asio::buffer(files.private_key_pem), ssl::context::pem, error);
  if (error)
    return invalid("the server's private key cannot be used with its certificate: " +
                   error.message());
  return context;
}

}  // namespace cloudlet::wire
