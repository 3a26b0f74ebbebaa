// How each dialect says that a signature is not good enough. Internal to the verifier.
//
// Kinds and texts: IAM API reference, Common Errors; S3 API reference, Error Responses; and what
// the services answer.
#pragma once

#include <string>

#include "base/result.h"
#include "wire/table.h"

namespace cloudlet::wire::sigv4 {

enum class Refusal {
  missing_token,  // the request is not signed
  incomplete,     // parts of the signature are missing
  unknown_key,    // no such access key
  wrong_token,    // the session token is not the key's
  expired_token,  // temporary credentials are over
  mismatch,       // the signature is another
  skewed,         // the clocks differ by more than 15 minutes
  presigned_expired,
  bad_expires,       // X-Amz-Expires is no number from 1 to 604800
  unsigned_headers,  // S3: an x-amz-* header is not signed
  not_implemented,   // another algorithm
};

const ErrorKind& kind_of(Refusal refusal, Dialect dialect);
// The sentence, where it does not depend on the request.
std::string text_of(Refusal refusal, Dialect dialect);

inline Error refuse(Refusal refusal, Dialect dialect) {
  return {kind_of(refusal, dialect), text_of(refusal, dialect)};
}
inline Error refuse(Refusal refusal, Dialect dialect, std::string text) {
  return {kind_of(refusal, dialect), std::move(text)};
}

}  // namespace cloudlet::wire::sigv4
