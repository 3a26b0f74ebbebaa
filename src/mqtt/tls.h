// The TLS side of a listener: OpenSSL's context, made once.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "base/result.h"
#include "mqtt/broker.h"

namespace cloudlet::mqtt {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

// TLS 1.2 and up. Asks for a client certificate and takes any whose key the client holds: whether
// it is known, and in force, the application decides when it sees the CONNECT. Takes every server
// name; answers the ALPN names of AWS IoT (x-amzn-mqtt-ca, mqtt).
Result<TlsContext> make_tls_context(const TlsOptions& options);

}  // namespace cloudlet::mqtt
