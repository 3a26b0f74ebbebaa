// Keys, certificates and signing requests, as far as a device authority needs them. OpenSSL stays
// behind this door.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace cloudlet::iot {

// Parts of a distinguished name, as policy variables call them: "CommonName" -> "soil1". Order of
// the certificate.
using NameParts = std::vector<std::pair<std::string, std::string>>;

// What a certificate says.
struct CertificateInfo {
  std::string id;   // SHA-256 of the DER, lower-case hex
  std::string pem;  // normalised
  Time not_before;
  Time not_after;
  NameParts subject;
  NameParts issuer;
  std::string serial;  // hex, as the policy variable ${iot:Certificate.SerialNumber} has it
};

// The first certificate in a PEM text. An error says what is wrong with it.
Result<CertificateInfo> read_certificate_pem(std::string_view pem);
std::optional<CertificateInfo> read_certificate_der(std::string_view der);
// Is `certificate` signed with the key of `issuer`? Both PEM.
bool is_signed_by(std::string_view certificate_pem, std::string_view issuer_pem);

struct KeyTexts {
  std::string private_pem;
  std::string public_pem;
};
// RSA with 2,048 bits, what AWS IoT makes for devices: about a tenth of a second of CPU.
KeyTexts make_rsa_key();
// NIST P-256: for our own authority and server.
KeyTexts make_ec_key();

struct CertificateRequest {
  NameParts subject;
  std::string public_pem;
};
// Parses a PKCS#10 request and verifies its own signature.
Result<CertificateRequest> read_csr(std::string_view pem);

struct Issue {
  NameParts subject;
  std::string public_pem;
  Time not_before;
  Time not_after;
  bool authority = false;              // may sign others
  bool server = false;                 // for a TLS server; otherwise for a client
  std::vector<std::string> dns_names;  // of a server
  std::vector<std::string> addresses;
};
struct Issuer {
  std::string certificate_pem;  // empty: self-signed
  std::string key_pem;
};
// Signs with the issuer's key (SHA-256). The serial number is 128 random bits.
Result<CertificateInfo> issue_certificate(const Issue& issue, const Issuer& issuer, Random& random);

}  // namespace cloudlet::iot
