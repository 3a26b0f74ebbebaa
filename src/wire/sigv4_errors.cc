#include "wire/sigv4_errors.h"

namespace cloudlet::wire::sigv4 {
namespace {

// One refusal as the four dialects know it: query services answer 403 (400 for incomplete ones),
// JSON 1.x services 400, REST-JSON services 403 with the same names, S3 has its own.
struct Row {
  Refusal refusal;
  ErrorKind query, json, rest_json, s3;
};

constexpr ErrorKind kind(std::string_view name, int status) {
  return {.name = name, .code = name, .status = status};
}

constexpr Row rows[] = {
    {Refusal::missing_token, kind("MissingAuthenticationToken", 403),
     kind("MissingAuthenticationTokenException", 400),
     kind("MissingAuthenticationTokenException", 403), kind("AccessDenied", 403)},
    {Refusal::incomplete, kind("IncompleteSignature", 400),
     kind("IncompleteSignatureException", 400), kind("IncompleteSignatureException", 403),
     kind("AuthorizationHeaderMalformed", 400)},
    {Refusal::unknown_key, kind("InvalidClientTokenId", 403),
     kind("UnrecognizedClientException", 400), kind("UnrecognizedClientException", 403),
     kind("InvalidAccessKeyId", 403)},
    {Refusal::wrong_token, kind("InvalidClientTokenId", 403),
     kind("UnrecognizedClientException", 400), kind("UnrecognizedClientException", 403),
     kind("InvalidToken", 400)},
    {Refusal::expired_token, kind("ExpiredToken", 403), kind("ExpiredTokenException", 400),
     kind("ExpiredTokenException", 403), kind("ExpiredToken", 400)},
    {Refusal::mismatch, kind("SignatureDoesNotMatch", 403), kind("InvalidSignatureException", 400),
     kind("InvalidSignatureException", 403), kind("SignatureDoesNotMatch", 403)},
    {Refusal::skewed, kind("SignatureDoesNotMatch", 403), kind("InvalidSignatureException", 400),
     kind("InvalidSignatureException", 403), kind("RequestTimeTooSkewed", 403)},
    {Refusal::presigned_expired, kind("SignatureDoesNotMatch", 403),
     kind("InvalidSignatureException", 400), kind("InvalidSignatureException", 403),
     kind("AccessDenied", 403)},
    {Refusal::bad_expires, kind("IncompleteSignature", 400),
     kind("IncompleteSignatureException", 400), kind("IncompleteSignatureException", 403),
     kind("AuthorizationQueryParametersError", 400)},
    {Refusal::unsigned_headers, kind("SignatureDoesNotMatch", 403),
     kind("InvalidSignatureException", 400), kind("InvalidSignatureException", 403),
     kind("AccessDenied", 403)},
    {Refusal::not_implemented, kind("IncompleteSignature", 400),
     kind("IncompleteSignatureException", 400), kind("IncompleteSignatureException", 403),
     kind("InvalidRequest", 400)},
};

const Row& row_of(Refusal refusal) {
  for (const Row& row : rows)
    if (row.refusal == refusal) return row;
  invariant_broken("a refusal without its row", __FILE__, __LINE__);
}

std::string common_text(Refusal refusal) {
  switch (refusal) {
    case Refusal::missing_token: return "Request is missing Authentication Token";
    case Refusal::unknown_key:
    case Refusal::wrong_token: return "The security token included in the request is invalid.";
    case Refusal::expired_token: return "The security token included in the request is expired";
    case Refusal::not_implemented:
      return "The authorization mechanism you have provided is not supported. Please use "
             "AWS4-HMAC-SHA256.";
    case Refusal::incomplete: return "The request signature is incomplete.";
    case Refusal::mismatch:
    case Refusal::skewed:
    case Refusal::presigned_expired:
    case Refusal::bad_expires:
    case Refusal::unsigned_headers: break;
  }
  return "The request signature we calculated does not match the signature you provided. Check "
         "your AWS Secret Access "
         "Key and signing method. Consult the service documentation for details.";
}

std::string s3_text(Refusal refusal) {
  switch (refusal) {
    case Refusal::missing_token: return "Access Denied";
    case Refusal::unknown_key:
      return "The AWS Access Key Id you provided does not exist in our records.";
    case Refusal::wrong_token: return "The provided token is malformed or otherwise invalid.";
    case Refusal::expired_token: return "The provided token has expired.";
    case Refusal::skewed:
      return "The difference between the request time and the current time is too large.";
    case Refusal::presigned_expired: return "Request has expired";
    case Refusal::bad_expires:
      return "X-Amz-Expires must be less than a week (in seconds); that is, the given "
             "X-Amz-Expires must be less than "
             "604800 seconds";
    case Refusal::unsigned_headers:
      return "There were headers present in the request which were not signed";
    case Refusal::mismatch:
      return "The request signature we calculated does not match the signature you provided. Check "
             "your key and signing "
             "method.";
    case Refusal::incomplete:
    case Refusal::not_implemented: break;
  }
  return common_text(refusal);
}

}  // namespace

const ErrorKind& kind_of(Refusal refusal, Dialect dialect) {
  const Row& row = row_of(refusal);
  switch (dialect) {
    case Dialect::query: return row.query;
    case Dialect::json: return row.json;
    case Dialect::rest_json: return row.rest_json;
    case Dialect::s3: return row.s3;
  }
  return row.query;
}

std::string text_of(Refusal refusal, Dialect dialect) {
  return dialect == Dialect::s3 ? s3_text(refusal) : common_text(refusal);
}

}  // namespace cloudlet::wire::sigv4
