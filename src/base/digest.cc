#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <array>

#include "base/result.h"

namespace cloudlet {
namespace {

// CRC-32C (Castagnoli, RFC 3720 B.4), eight tables at a time.
struct Crc32cTables {
  std::array<std::array<std::uint32_t, 256>, 8> t{};
  constexpr Crc32cTables() {
    for (std::uint32_t n = 0; n < 256; ++n) {
      std::uint32_t crc = n;
      for (int k = 0; k < 8; ++k) crc = (crc & 1) ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
      t[0][n] = crc;
    }
    for (std::uint32_t n = 0; n < 256; ++n)
      for (std::size_t k = 1; k < 8; ++k) t[k][n] = (t[k - 1][n] >> 8) ^ t[0][t[k - 1][n] & 0xff];
  }
};
constexpr Crc32cTables crc32c_tables;

std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) {
  const auto& t = crc32c_tables.t;
  crc = ~crc;
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    const std::uint32_t low =
        crc ^ (p[0] | p[1] << 8 | p[2] << 16 | static_cast<std::uint32_t>(p[3]) << 24);
    crc = t[7][low & 0xff] ^ t[6][(low >> 8) & 0xff] ^ t[5][(low >> 16) & 0xff] ^ t[4][low >> 24] ^
          t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8) ^ t[0][(crc ^ *p) & 0xff];
  return ~crc;
}

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

const EVP_MD* openssl_algorithm(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::md5: return EVP_md5();
    case Algorithm::sha1: return EVP_sha1();
    case Algorithm::sha256: return EVP_sha256();
    case Algorithm::crc32:
    case Algorithm::crc32c: break;
  }
  return nullptr;
}

}  // namespace

struct Hasher::State {
  Algorithm algorithm;
  std::uint32_t crc = 0;
  EVP_MD_CTX* context = nullptr;
  ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(Algorithm algorithm)
    : state_(std::make_unique<State>(State{.algorithm = algorithm})) {
  if (const EVP_MD* type = openssl_algorithm(algorithm)) {
    state_->context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(state_->context, type, nullptr);
  }
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::string_view bytes) {
  if (state_->context)
    EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
  else if (state_->algorithm == Algorithm::crc32)
    state_->crc = static_cast<std::uint32_t>(
        crc32_z(state_->crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
  else
    state_->crc = crc32c(state_->crc, bytes);
}

std::string Hasher::finish() {
  if (!state_->context) return big_endian(state_->crc);
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, out, &size);
  return {reinterpret_cast<char*>(out), size};
}

std::string digest(Algorithm algorithm, std::string_view bytes) {
  if (const EVP_MD* type = openssl_algorithm(algorithm)) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(bytes.data(), bytes.size(), out, &size, type, nullptr);
    return {reinterpret_cast<char*>(out), size};
  }
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish();
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const auto* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out, &size);
  assert_that(done != nullptr, "HMAC-SHA256 failed");
  return {reinterpret_cast<char*>(out), size};
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace cloudlet
