// Digests and checksums. All return raw bytes; `to_hex` and `to_base64` make texts of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cloudlet {

enum class Algorithm { md5, sha1, sha256, crc32, crc32c, crc64nvme };

std::string digest(Algorithm algorithm, std::string_view bytes);
inline std::string md5(std::string_view bytes) { return digest(Algorithm::md5, bytes); }
inline std::string sha256(std::string_view bytes) { return digest(Algorithm::sha256, bytes); }
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// A digest over a stream. CRCs come out most significant byte first (as S3 sends them).
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void update(std::string_view bytes);
  std::string finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Takes the same time whatever differs.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace cloudlet
