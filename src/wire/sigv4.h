// AWS Signature Version 4: the pure part, the same for who signs and who verifies.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "wire/http.h"

namespace cloudlet::wire::sigv4 {

inline constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view streaming_signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
inline constexpr std::string_view streaming_signed_trailer =
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
inline constexpr std::string_view streaming_unsigned_trailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
inline constexpr std::string_view empty_sha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// S3 signs the path as it is, encoded once; everybody else a normalised path, encoded twice.
enum class PathStyle { normalized, s3 };

// A request's signature, as its Authorization header or its query says it.
struct Signature {
  enum class Place { header, query };
  Place place = Place::header;
  int version = 4;  // 2: S3's older one (sigv2.h)
  std::string access_key;
  std::string date;  // of the credential scope: "20150830"
  std::string region;
  std::string service;
  std::string terminator;                   // "aws4_request" in a valid one
  std::vector<std::string> signed_headers;  // lower case, as listed
  std::string signature;                    // 64 hex digits in a valid one
  std::string timestamp;                    // "20150830T123600Z"; from X-Amz-Date or Date
  std::string expires;                      // X-Amz-Expires, presigned only
  std::string token;                        // X-Amz-Security-Token

  std::string scope() const { return date + "/" + region + "/" + service + "/" + terminator; }
  bool signs(std::string_view header) const;
};

// What a request carries: no signature, one that can be read, or one that lacks parts.
struct Parsed {
  std::optional<Signature> signature;
  // Empty if all is there. Otherwise what is missing, in the words of AWS's IncompleteSignature;
  // `signature` then holds what could be read.
  std::string incomplete;
};
Parsed parse_signature(const Request& request);
// Only the service that it was signed for, without taking it apart; empty if it is not signed.
std::string signing_name(const Request& request);

std::string canonical_path(std::string_view path, PathStyle style);
// Sorted and encoded; `without`: a parameter left out (X-Amz-Signature).
std::string canonical_query(std::string_view query, std::string_view without = {});
// `signed_headers`: lower case. Those that the request lacks count as empty.
std::string canonical_request(const Request& request, std::vector<std::string> signed_headers,
                              std::string_view payload_hash, PathStyle style);
std::string string_to_sign(std::string_view timestamp, std::string_view scope,
                           std::string_view canonical);

struct KeyScope {
  std::string_view secret;
  std::string_view date;
  std::string_view region;
  std::string_view service;
};
// The derived key: 32 bytes.
std::string signing_key(const KeyScope& scope);

// "20150830T123600Z" or an HTTP date; nullopt for anything else.
std::optional<Time> parse_timestamp(std::string_view text);

}  // namespace cloudlet::wire::sigv4
