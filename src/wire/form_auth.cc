// Who signed a browser's form: the policy's signature, version 4 or 2.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
#include "base/digest.h"
#include "base/encoding.h"
#include "wire/sigv2.h"
#include "wire/sigv4.h"
#include "wire/sigv4_errors.h"
#include "wire/sigv4_verify.h"

namespace cloudlet::wire {

using sigv4::Refusal;

namespace {

std::string field(const FormFields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

// Takes "text/" off the front.
std::string next(std::string_view& rest) {
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string part(rest.substr(0, slash));
  rest.remove_prefix(std::min(rest.size(), slash + 1));
  return part;
}

sigv4::Signature signature_of(const FormFields& fields) {
  sigv4::Signature sent{.timestamp = field(fields, "x-amz-date"),
                        .token = field(fields, "x-amz-security-token")};
  const std::string credential = field(fields, "x-amz-credential");
  if (credential.empty()) {
    sent.version = 2;
    sent.access_key = field(fields, "awsaccesskeyid");
    sent.signature = field(fields, "signature");
    return sent;
  }
  std::string_view rest = credential;
  sent.access_key = next(rest);
  sent.date = next(rest);
  sent.region = next(rest);
  sent.service = next(rest);
  sent.terminator = rest;
  sent.signature = field(fields, "x-amz-signature");
  return sent;
}

bool fits(const sigv4::Signature& sent, const std::string& secret, const std::string& policy) {
  if (sent.version == 2) return equal_constant_time(sigv2::sign(secret, policy), sent.signature);
  const std::string key = sigv4::signing_key(
      {.secret = secret, .date = sent.date, .region = sent.region, .service = sent.service});
  return equal_constant_time(to_hex(hmac_sha256(key, policy)), sent.signature);
}

}  // namespace

Result<Identity> Authenticator::authenticate_form(Request& request, const FormFields& fields,
                                                  const AuthAsk& ask) const {
  const bool enforce = options_.mode == AuthMode::enforce;
  const sigv4::Signature sent = signature_of(fields);
  if (enforce && sent.access_key.empty()) return sigv4::refuse(Refusal::missing_token, ask.dialect);
  const std::optional<Credential> credential = credentials_.find(sent.access_key);
  TRY(Identity who, identity_of(sent.access_key, credential, ask));
  if (!sent.region.empty()) who.scope.region = sent.region;
  who.signing_name = "s3";
  if (enforce) {
    const bool scoped =
        sent.version == 2 ||
        (field(fields, "x-amz-algorithm") == sigv4::algorithm && sent.service == ask.signing_name &&
         sent.terminator == "aws4_request" && sent.timestamp.starts_with(sent.date));
    const std::string policy = field(fields, "policy");
    if (!scoped || policy.empty() || !fits(sent, credential->secret, policy))
      return sigv4::refuse(Refusal::mismatch, ask.dialect);
    if (!credential->session_token.empty() &&
        !equal_constant_time(credential->session_token, sent.token))
      return sigv4::refuse(Refusal::wrong_token, ask.dialect);
    if (credential->expires && clock_.now() >= *credential->expires)
      return sigv4::refuse(Refusal::expired_token, ask.dialect);
  }
  CHECK(open_body(request, ask));
  return who;
}

}  // namespace cloudlet::wire
