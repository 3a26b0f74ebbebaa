#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <array>
#include <cstring>

#include "base/result.h"

namespace cloudlet {
namespace {

// Reflected CRCs, eight bytes at a time: the remainders of each byte at each of eight distances.
template <class Word>
struct CrcTables {
  std::array<std::array<Word, 256>, 8> t{};
  constexpr explicit CrcTables(Word polynomial) {
    for (std::uint32_t n = 0; n < 256; ++n) {
      Word crc = n;
      for (int k = 0; k < 8; ++k) crc = (crc & 1) ? (crc >> 1) ^ polynomial : crc >> 1;
      t[0][n] = crc;
    }
    for (std::uint32_t n = 0; n < 256; ++n)
      for (std::size_t k = 1; k < 8; ++k) t[k][n] = (t[k - 1][n] >> 8) ^ t[0][t[k - 1][n] & 0xff];
  }
};
constexpr CrcTables<std::uint32_t> crc32c_tables(0x82f63b78u);  // Castagnoli, RFC 3720 B.4
constexpr CrcTables<std::uint64_t> crc64nvme_tables(0x9a6c9329ac4bc9b5ull);  // NVM Express, 64b CRC

template <class Word>
Word crc(const CrcTables<Word>& tables, Word crc, std::string_view bytes) {
  const auto& t = tables.t;
  crc = ~crc;
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint64_t block;
    std::memcpy(&block, p, 8);  // little-endian machines
    block ^= crc;
    crc = t[7][block & 0xff] ^ t[6][(block >> 8) & 0xff] ^ t[5][(block >> 16) & 0xff] ^
          t[4][(block >> 24) & 0xff] ^ t[3][(block >> 32) & 0xff] ^ t[2][(block >> 40) & 0xff] ^
          t[1][(block >> 48) & 0xff] ^ t[0][block >> 56];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8) ^ t[0][(crc ^ *p) & 0xff];
  return ~crc;
}

template <class Word>
std::string big_endian(Word value) {
  std::string bytes;
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(value >> shift));
  return bytes;
}

// Found once: EVP_md5() and its like are looked up in OpenSSL's store at each use of theirs.
const EVP_MD* found(const char* name) {
  const EVP_MD* algorithm = EVP_MD_fetch(nullptr, name, nullptr);
  assert_that(algorithm != nullptr, "OpenSSL lacks a digest that services need");
  return algorithm;
}

const EVP_MD* openssl_algorithm(Algorithm algorithm) {
  static const EVP_MD* const md5 = found("MD5");
  static const EVP_MD* const sha1 = found("SHA1");
  static const EVP_MD* const sha256 = found("SHA256");
  switch (algorithm) {
    case Algorithm::md5: return md5;
    case Algorithm::sha1: return sha1;
    case Algorithm::sha256: return sha256;
    case Algorithm::crc32:
    case Algorithm::crc32c:
    case Algorithm::crc64nvme: break;
  }
  return nullptr;
}

}  // namespace

struct Hasher::State {
  Algorithm algorithm;
  std::uint64_t crc = 0;
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
    state_->crc =
        crc32_z(state_->crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  else if (state_->algorithm == Algorithm::crc32c)
    state_->crc = crc(crc32c_tables, static_cast<std::uint32_t>(state_->crc), bytes);
  else
    state_->crc = crc(crc64nvme_tables, state_->crc, bytes);
}

std::string Hasher::finish() {
  if (state_->algorithm == Algorithm::crc64nvme) return big_endian(state_->crc);
  if (!state_->context) return big_endian(static_cast<std::uint32_t>(state_->crc));
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
