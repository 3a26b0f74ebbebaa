#include "wire/tls.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

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

}  // namespace

Result<std::shared_ptr<ssl::context>> server_tls(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                       ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
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
