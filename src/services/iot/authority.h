// Our own certificate authority: made at the first start, kept in the store, its key never leaves.
// It signs the certificates of devices, and that of our own TLS listeners.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "services/iot/x509.h"
#include "store/store.h"

namespace cloudlet::iot {

class Authority {
 public:
  struct Identity {
    std::string certificate_pem;
    std::string key_pem;
  };

  Authority(store::Store& store, Clock& clock, Random& random)
      : store_(store), clock_(clock), random_(random) {}

  // Loads or makes the authority, and the server's certificate for these names (localhost,
  // 127.0.0.1, ::1 and the host's own name are always among them). Makes a new one when names are
  // missing or less than half of its time is left. Blocks; once, after Store::start.
  Result<void> start(std::vector<std::string> names);
  // Writes the authority's certificate, for clients that want a file.
  Result<void> write_certificate(const std::filesystem::path& file) const;

  const std::string& certificate_pem() const { return ca_.certificate_pem; }
  const std::string& certificate_id() const { return ca_id_; }
  // For TLS listeners: the certificate with its chain.
  const Identity& server() const { return server_; }

  // A device's certificate, valid to the end of 2049 as AWS IoT's are. Thread-safe.
  Result<CertificateInfo> issue_device(const NameParts& subject, const std::string& public_pem,
                                       Time now) const;

 private:
  Result<Identity> make_authority() const;
  Result<Identity> make_server(const std::vector<std::string>& names) const;

  store::Store& store_;
  Clock& clock_;
  Random& random_;
  Identity ca_;
  std::string ca_id_;
  Identity server_;
};

}  // namespace cloudlet::iot
