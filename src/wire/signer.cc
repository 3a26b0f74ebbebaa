#include "wire/signer.h"

#include <algorithm>
#include <vector>

#include "base/digest.h"
#include "base/encoding.h"
#include "wire/sigv4.h"

namespace cloudlet::wire {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string credential_scope(std::string_view timestamp, const SigningScope& scope) {
  return std::string(timestamp.substr(0, 8)) + "/" + scope.region + "/" + scope.service +
         "/aws4_request";
}

sigv4::PathStyle style_of(const SigningScope& scope) {
  return scope.service == "s3" ? sigv4::PathStyle::s3 : sigv4::PathStyle::normalized;
}

std::string signature_of(const SigningKeys& keys, const SigningScope& scope,
                         std::string_view timestamp, const std::string& canonical) {
  const std::string text =
      sigv4::string_to_sign(timestamp, credential_scope(timestamp, scope), canonical);
  const std::string key = sigv4::signing_key({.secret = keys.secret,
                                              .date = timestamp.substr(0, 8),
                                              .region = scope.region,
                                              .service = scope.service});
  return to_hex(hmac_sha256(key, text));
}

std::string payload_hash(Request& request, bool s3) {
  if (const auto said = request.headers.find("x-amz-content-sha256")) return std::string(*said);
  const std::string* whole = request.body.whole();
  if (whole) return to_hex(sha256(*whole));
  assert_that(s3, "only S3 takes a body whose hash is not signed");
  return std::string(sigv4::unsigned_payload);
}

}  // namespace

void sign(Request& request, const SigningKeys& keys, const SigningScope& scope, Time now) {
  const bool s3 = scope.service == "s3";
  const std::string timestamp = iso8601_basic(now);
  const std::string hash = payload_hash(request, s3);
  request.headers.set("X-Amz-Date", timestamp);
  if (!keys.session_token.empty()) request.headers.set("X-Amz-Security-Token", keys.session_token);
  if (s3) request.headers.set("x-amz-content-sha256", hash);
  std::vector<std::string> names;
  for (const auto [name, value] : request.headers) {
    std::string small = lower(name);
    if (small == "host" || small == "content-type" || small.starts_with("x-amz-"))
      names.push_back(std::move(small));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const std::string canonical = sigv4::canonical_request(request, names, hash, style_of(scope));
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ";") + name;
  request.headers.set("Authorization",
                      std::string(sigv4::algorithm) + " Credential=" + keys.access_key + "/" +
                          credential_scope(timestamp, scope) + ", SignedHeaders=" + list +
                          ", Signature=" + signature_of(keys, scope, timestamp, canonical));
}

void presign(Request& request, const SigningKeys& keys, const SigningScope& scope, Time now,
             unsigned expires_seconds) {
  const std::string timestamp = iso8601_basic(now);
  std::string query = "X-Amz-Algorithm=" + std::string(sigv4::algorithm) + "&X-Amz-Credential=" +
                      percent_encode(keys.access_key + "/" + credential_scope(timestamp, scope)) +
                      "&X-Amz-Date=" + timestamp +
                      "&X-Amz-Expires=" + std::to_string(expires_seconds);
  if (!keys.session_token.empty())
    query += "&X-Amz-Security-Token=" + percent_encode(keys.session_token);
  query += "&X-Amz-SignedHeaders=host";
  request.target += (request.target.find('?') == std::string::npos ? "?" : "&") + query;
  const std::string hash = scope.service == "s3" ? std::string(sigv4::unsigned_payload)
                                                 : std::string(sigv4::empty_sha256);
  const std::string canonical = sigv4::canonical_request(request, {"host"}, hash, style_of(scope));
  request.target += "&X-Amz-Signature=" + signature_of(keys, scope, timestamp, canonical);
}

}  // namespace cloudlet::wire
