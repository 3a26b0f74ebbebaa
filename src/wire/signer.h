// Signs requests with SigV4: the client's side of sigv4.h.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "wire/http.h"

namespace cloudlet::wire {

struct SigningKeys {
  std::string access_key;
  std::string secret;
  std::string session_token;  // empty for long-term keys
};

struct SigningScope {
  std::string region;
  std::string service;  // "s3" also chooses S3's way of encoding paths
};

// Adds X-Amz-Date, X-Amz-Security-Token, for S3 x-amz-content-sha256, and Authorization. Signs Host
// (which must be there), Content-Type and every x-amz-* header. A body that is whole is hashed; for
// S3 a streaming one goes as UNSIGNED-PAYLOAD unless x-amz-content-sha256 is already set.
void sign(Request& request, const SigningKeys& keys, const SigningScope& scope, Time now);

// Adds a presigned query to the target, valid for `expires_seconds`; signs Host alone.
void presign(Request& request, const SigningKeys& keys, const SigningScope& scope, Time now,
             unsigned expires_seconds);

}  // namespace cloudlet::wire
