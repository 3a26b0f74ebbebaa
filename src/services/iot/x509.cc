// OpenSSL, wrapped: each handle owned, each failure a sentence.
#include "services/iot/x509.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "base/digest.h"
#include "base/encoding.h"

namespace cloudlet::iot {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Pkey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Freer<X509_free>>;
using Csr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using AsnTime = std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>>;

// The names of policy variables (AWS IoT, "X.509 certificate AWS IoT Core policy variables").
constexpr std::pair<int, std::string_view> name_parts[] = {
    {NID_countryName, "Country"},
    {NID_stateOrProvinceName, "State"},
    {NID_localityName, "Locality"},
    {NID_organizationName, "Organization"},
    {NID_organizationalUnitName, "OrganizationalUnit"},
    {NID_commonName, "CommonName"},
    {NID_dnQualifier, "DistinguishedNameQualifier"},
    {NID_serialNumber, "SerialNumber"},
    {NID_title, "Title"},
    {NID_surname, "Surname"},
    {NID_givenName, "GivenName"},
    {NID_initials, "Initials"},
    {NID_pseudonym, "Pseudonym"},
    {NID_generationQualifier, "GenerationQualifier"},
};

Bio memory(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Time time_of(const ASN1_TIME* time) {
  std::tm fields{};
  assert_that(ASN1_TIME_to_tm(time, &fields) == 1, "a parsed certificate has readable dates");
  return Time(std::chrono::seconds(timegm(&fields)));
}

NameParts parts_of(const X509_NAME* name) {
  NameParts parts;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    for (const auto& [known, part] : name_parts) {
      if (known != nid) continue;
      unsigned char* utf8 = nullptr;
      const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
      if (size >= 0)
        parts.emplace_back(
            part, std::string(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size)));
      OPENSSL_free(utf8);
    }
  }
  return parts;
}

bool set_name(X509_NAME* name, const NameParts& parts) {
  for (const auto& [part, value] : parts) {
    for (const auto& [nid, known] : name_parts) {
      if (known != part) continue;
      const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
      if (X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, bytes,
                                     static_cast<int>(value.size()), -1, 0) != 1) {
        return false;
      }
    }
  }
  return true;
}

std::optional<CertificateInfo> info_of(X509* cert) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(cert, &der);
  if (size <= 0) return std::nullopt;
  CertificateInfo info;
  info.id = to_hex(sha256({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)}));
  OPENSSL_free(der);
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), cert);
  info.pem = text_of(bio.get());
  if (ASN1_TIME_check(X509_get0_notBefore(cert)) != 1 ||
      ASN1_TIME_check(X509_get0_notAfter(cert)) != 1) {
    return std::nullopt;
  }
  info.not_before = time_of(X509_get0_notBefore(cert));
  info.not_after = time_of(X509_get0_notAfter(cert));
  info.subject = parts_of(X509_get_subject_name(cert));
  info.issuer = parts_of(X509_get_issuer_name(cert));
  const Number serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), nullptr));
  if (serial) {
    char* hex = BN_bn2hex(serial.get());
    info.serial = hex ? hex : "";
    OPENSSL_free(hex);
  }
  return info;
}

// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void*) { return 0; }

Cert parse_pem(std::string_view pem) {
  const Bio bio = memory(pem);
  Cert cert(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return cert;
}

Pkey parse_private(std::string_view pem) {
  const Bio bio = memory(pem);
  Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

Pkey parse_public(std::string_view pem) {
  const Bio bio = memory(pem);
  Pkey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

std::string public_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key);
  return text_of(bio.get());
}

bool add_extension(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(cert, extension.get(), -1) == 1;
}

bool add_extensions(X509* cert, X509* issuer, const Issue& issue) {
  bool ok = add_extension(cert, issuer, NID_subject_key_identifier, "hash");
  ok = ok && add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
  ok = ok && add_extension(cert, issuer, NID_basic_constraints,
                           issue.authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE");
  ok = ok && add_extension(
                 cert, issuer, NID_key_usage,
                 issue.authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (!issue.authority) {
    ok = ok &&
         add_extension(cert, issuer, NID_ext_key_usage, issue.server ? "serverAuth" : "clientAuth");
  }
  std::string names;
  for (const std::string& name : issue.dns_names)
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& address : issue.addresses)
    names += (names.empty() ? "IP:" : ",IP:") + address;
  return ok && (names.empty() || add_extension(cert, issuer, NID_subject_alt_name, names));
}

bool set_times(X509* cert, const Issue& issue) {
  const auto seconds = [](Time t) { return static_cast<std::time_t>(to_millis(t) / 1000); };
  const AsnTime before(ASN1_TIME_set(nullptr, seconds(issue.not_before)));
  const AsnTime after(ASN1_TIME_set(nullptr, seconds(issue.not_after)));
  return before && after && X509_set1_notBefore(cert, before.get()) == 1 &&
         X509_set1_notAfter(cert, after.get()) == 1;
}

KeyTexts texts_of(const Pkey& key) {
  assert_that(key != nullptr, "OpenSSL can make keys");
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {.private_pem = text_of(bio.get()), .public_pem = public_pem(key.get())};
}

}  // namespace

Result<CertificateInfo> read_certificate_pem(std::string_view pem) {
  const Cert cert = parse_pem(pem);
  if (!cert) return invalid("it is not a certificate in PEM form");
  auto info = info_of(cert.get());
  if (!info) return invalid("its dates cannot be read");
  return *std::move(info);
}

std::optional<CertificateInfo> read_certificate_der(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const Cert cert(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  ERR_clear_error();
  return cert ? info_of(cert.get()) : std::nullopt;
}

bool is_signed_by(std::string_view certificate_pem, std::string_view issuer_pem) {
  const Cert cert = parse_pem(certificate_pem);
  const Cert issuer = parse_pem(issuer_pem);
  if (!cert || !issuer) return false;
  const bool same_name =
      X509_NAME_cmp(X509_get_issuer_name(cert.get()), X509_get_subject_name(issuer.get())) == 0;
  const bool verified = same_name && X509_verify(cert.get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_clear_error();
  return verified;
}

KeyTexts make_rsa_key() { return texts_of(Pkey(EVP_RSA_gen(2048U))); }
KeyTexts make_ec_key() { return texts_of(Pkey(EVP_EC_gen("P-256"))); }

Result<CertificateRequest> read_csr(std::string_view pem) {
  const Bio bio = memory(pem);
  const Csr csr(PEM_read_bio_X509_REQ(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!csr) return invalid("it is not a certificate signing request in PEM form");
  EVP_PKEY* key = X509_REQ_get0_pubkey(csr.get());
  if (!key) return invalid("its public key cannot be read");
  const bool verified = X509_REQ_verify(csr.get(), key) == 1;
  ERR_clear_error();
  if (!verified) return invalid("its signature does not fit its key");
  // What AWS IoT takes: RSA with 2,048 bits or more, or the NIST curves P-256, P-384, P-521.
  const int kind = EVP_PKEY_get_base_id(key);
  if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC) return invalid("its key is neither RSA nor ECC");
  const int bits = EVP_PKEY_get_bits(key);
  if ((kind == EVP_PKEY_RSA && (bits < 2048 || bits > 8192)) ||
      (kind == EVP_PKEY_EC && bits < 256)) {
    return invalid(fmt::format("its key has {} bits", bits));
  }
  return CertificateRequest{.subject = parts_of(X509_REQ_get_subject_name(csr.get())),
                            .public_pem = public_pem(key)};
}

Result<CertificateInfo> issue_certificate(const Issue& issue, const Issuer& issuer,
                                          Random& random) {
  const Cert cert(X509_new());
  const Pkey subject_key = parse_public(issue.public_pem);
  const Pkey issuer_key = parse_private(issuer.key_pem);
  if (!cert || !subject_key || !issuer_key) return invalid("a key cannot be read");
  std::string serial = random.bytes(16);
  serial[0] =
      static_cast<char>((serial[0] & 0x3F) | 0x40);  // positive, and always of the same length
  const Number number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), 16, nullptr));
  const Cert parent = issuer.certificate_pem.empty() ? nullptr : parse_pem(issuer.certificate_pem);
  X509* signer = parent ? parent.get() : cert.get();
  bool ok =
      number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert.get())) != nullptr;
  ok = ok && X509_set_version(cert.get(), X509_VERSION_3) == 1 && set_times(cert.get(), issue);
  ok = ok && X509_set_pubkey(cert.get(), subject_key.get()) == 1;
  ok = ok && set_name(X509_get_subject_name(cert.get()), issue.subject);
  ok = ok && X509_set_issuer_name(cert.get(), X509_get_subject_name(signer)) == 1;
  ok = ok && add_extensions(cert.get(), signer, issue);
  ok = ok && X509_sign(cert.get(), issuer_key.get(), EVP_sha256()) > 0;
  ERR_clear_error();
  auto info = ok ? info_of(cert.get()) : std::nullopt;
  if (!info) return invalid("a certificate cannot be made of this subject");
  return *std::move(info);
}

}  // namespace cloudlet::iot
