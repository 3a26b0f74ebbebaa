#include "services/sns/signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "services/sns/keys.h"
#include "store/record.h"
#include "store/store.h"

namespace cloudlet::sns {
namespace {

using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string text_of(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string key_pem(EVP_PKEY* key) {
  const Memory memory(BIO_new(BIO_s_mem()), &BIO_free);
  assert_that(
      PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "no PEM of a key");
  return text_of(memory.get());
}

// Self-signed, for twenty years: nothing but a carrier of the public key.
std::string certificate_pem(EVP_PKEY* key, Time now) {
  const Certificate certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  const auto seconds = static_cast<time_t>(to_millis(now) / 1000);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds - 86'400);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds + 20LL * 365 * 86'400);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* common = reinterpret_cast<const unsigned char*>("sns.amazonaws.com");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key);
  assert_that(X509_sign(certificate.get(), key, EVP_sha256()) > 0,
              "a certificate could not be signed");
  const Memory memory(BIO_new(BIO_s_mem()), &BIO_free);
  assert_that(PEM_write_bio_X509(memory.get(), certificate.get()) == 1, "no PEM of a certificate");
  return text_of(memory.get());
}

struct Pair {
  std::string key;
  std::string certificate;
};

std::optional<Pair> read(const store::ReadTxn& tx) {
  const auto bytes = tx.get(keys::signer());
  if (!bytes) return std::nullopt;
  Pair pair;
  for (store::RecordReader reader(*bytes); reader.next();) {
    if (reader.field() == 1) pair.key = reader.text();
    if (reader.field() == 2) pair.certificate = reader.text();
  }
  return pair;
}

}  // namespace

struct Signer::Key {
  Pkey pkey;
};

Signer::Signer(std::unique_ptr<Key> key, std::string certificate)
    : key_(std::move(key)), certificate_(std::move(certificate)) {}
Signer::~Signer() = default;

Result<std::unique_ptr<Signer>> Signer::open(store::Store& store, const Clock& clock) {
  auto pair = read(*store.snapshot());
  if (!pair) {
    const Pkey made(EVP_RSA_gen(2048), &EVP_PKEY_free);
    assert_that(made != nullptr, "no RSA key could be made");
    pair =
        Pair{.key = key_pem(made.get()), .certificate = certificate_pem(made.get(), clock.now())};
    const auto kept = store.transact_blocking([&](store::Txn& tx) -> Result<void> {
      store::RecordWriter writer;
      tx.put(keys::signer(), writer.text(1, pair->key).text(2, pair->certificate).take());
      return {};
    });
    CHECK(kept);
  }
  const Memory memory(BIO_new_mem_buf(pair->key.data(), static_cast<int>(pair->key.size())),
                      &BIO_free);
  Pkey pkey(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  assert_that(pkey != nullptr, "the stored key that signs SNS messages cannot be read");
  return std::unique_ptr<Signer>(
      new Signer(std::make_unique<Key>(Key{std::move(pkey)}), pair->certificate));
}

std::string Signer::sign(std::string_view text, SignatureVersion version) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const EVP_MD* digest = version == SignatureVersion::sha1 ? EVP_sha1() : EVP_sha256();
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_->pkey.get())), '\0');
  std::size_t size = signature.size();
  const bool done =
      EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_->pkey.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  assert_that(done, "a message could not be signed");
  signature.resize(size);
  return to_base64(signature);
}

}  // namespace cloudlet::sns
