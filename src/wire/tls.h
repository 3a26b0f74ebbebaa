// TLS contexts for servers and clients.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace cloudlet::wire {

struct TlsFiles {
  std::string certificate_chain_pem;  // the server's certificate first
  std::string private_key_pem;
};

// TLS 1.2 and 1.3, ALPN http/1.1. Refuses a key that does not fit its certificate, with a sentence
// that says which.
Result<std::shared_ptr<boost::asio::ssl::context>> server_tls(const TlsFiles& files);

// TLS 1.2 and 1.3, for a client that believes the authorities in `authorities` (a PEM file). Empty:
// the file that SSL_CERT_FILE or AWS_CA_BUNDLE names, else the system's, where Debian, Amazon Linux
// or Alpine keep it. Refuses if there is none: without authorities nobody can be believed.
Result<std::shared_ptr<boost::asio::ssl::context>> client_tls(const std::string& authorities);

}  // namespace cloudlet::wire
