// What a request promises about its body, and whether the body keeps it: x-amz-checksum-*,
// Content-MD5, the literal x-amz-content-sha256, whether sent before the body or in its trailer.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "wire/http.h"

namespace cloudlet::wire {

struct ChecksumName {
  std::string_view header;     // "x-amz-checksum-crc32"
  std::string_view algorithm;  // "CRC32", as x-amz-checksum-algorithm and ChecksumAlgorithm say
  Algorithm kind;
};
inline constexpr std::array<ChecksumName, 5> checksum_names{{
    {"x-amz-checksum-crc32", "CRC32", Algorithm::crc32},
    {"x-amz-checksum-crc32c", "CRC32C", Algorithm::crc32c},
    {"x-amz-checksum-crc64nvme", "CRC64NVME", Algorithm::crc64nvme},
    {"x-amz-checksum-sha1", "SHA1", Algorithm::sha1},
    {"x-amz-checksum-sha256", "SHA256", Algorithm::sha256},
}};

// Feed it the decoded body, then ask.
class BodyPromises {
 public:
  // Refuses a promise that cannot be kept: not base64, wrong size, an unknown trailer (400
  // InvalidRequest, InvalidDigest).
  static Result<BodyPromises> of(const Headers& headers);

  bool any() const { return !promises_.empty(); }
  void update(std::string_view bytes);
  // 400 BadDigest or XAmzContentSHA256Mismatch if one is broken; MalformedTrailerError if a
  // promised trailer is not there.
  Result<void> finish(const Headers& trailers);

 private:
  struct Promise {
    std::string_view header;
    std::string_view label;               // "CRC32" in the error's sentence
    std::optional<std::string> expected;  // raw; none: it comes in the trailer
    Hasher hasher;
  };
  void expect(const ChecksumName& name, std::optional<std::string> expected);

  std::vector<Promise> promises_;
};

namespace errors {
extern const ErrorKind bad_digest;               // 400 BadDigest
extern const ErrorKind invalid_digest;           // 400 InvalidDigest: Content-MD5 is no MD5
extern const ErrorKind invalid_request;          // 400 InvalidRequest
extern const ErrorKind content_sha256_mismatch;  // 400 XAmzContentSHA256Mismatch
extern const ErrorKind malformed_trailer;        // 400 MalformedTrailerError
}  // namespace errors

}  // namespace cloudlet::wire
