#include "wire/sigv4_verify.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/digest.h"
#include "base/encoding.h"
#include "wire/chunked.h"
#include "wire/form.h"
#include "wire/sigv2.h"
#include "wire/sigv4.h"
#include "wire/sigv4_errors.h"

namespace cloudlet::wire {

using sigv4::Refusal;
using sigv4::Signature;

// Derived keys: four HMACs saved per request. Bounded; a full cache starts anew (keys change once a
// day).
class Authenticator::KeyCache {
 public:
  std::string get(const sigv4::KeyScope& scope) {
    std::string name(scope.secret);
    name.append("\n")
        .append(scope.date)
        .append("\n")
        .append(scope.region)
        .append("\n")
        .append(scope.service);
    {
      const std::scoped_lock lock(mutex_);
      if (const auto found = keys_.find(name); found != keys_.end()) return found->second;
    }
    std::string key = sigv4::signing_key(scope);
    const std::scoped_lock lock(mutex_);
    if (keys_.size() >= 4096) keys_.clear();
    keys_.emplace(std::move(name), key);
    return key;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> keys_;
};

namespace {

constexpr Duration skew_max = std::chrono::minutes(15);
constexpr std::int64_t expires_max = 604'800;

bool twelve_digits(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Principal root_of(const std::string& account, std::string_view access_key) {
  return {.kind = Principal::Kind::root,
          .arn = "arn:aws:iam::" + account + ":root",
          .access_key = std::string(access_key),
          .id = account};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// Clients sign IoT with other names than the model's (wire.md, 4.8): "execute-api" (2022),
// "iotdata", "iotdevicegateway".
bool signs_for(std::string_view signed_name, std::string_view wanted) {
  if (wanted.empty() || signed_name == wanted) return true;
  return wanted.starts_with("iot") &&
         (signed_name == "execute-api" || signed_name.starts_with("iot"));
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "aws-chunked,gzip" becomes "gzip"; the client's other encodings belong to the object.
void remove_aws_chunked(Headers& headers) {
  const std::string all = headers.joined("Content-Encoding");
  std::string kept;
  for (std::string_view rest = all; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    std::string_view one = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    if (one.empty() || equal_ignoring_case(one, "aws-chunked")) continue;
    if (!kept.empty()) kept += ',';
    kept += one;
  }
  headers.remove("Content-Encoding");
  if (!kept.empty()) headers.add("Content-Encoding", kept);
}

// What describes an object and may stand in a presigned address: the SDK for JavaScript puts all
// x-amz- headers there (getSignedUrl), and the service reads them like headers.
bool may_stand_in_query(std::string_view header) {
  for (const std::string_view prefix :
       {"x-amz-meta-", "x-amz-server-side-encryption", "x-amz-object-lock-", "x-amz-storage-class",
        "x-amz-acl", "x-amz-tagging", "x-amz-website-redirect-location"})
    if (header.starts_with(prefix)) return true;
  return false;
}

Result<void> take_headers_of_query(Request& request) {
  const auto form = FormData::parse(request.query());
  if (!form) return {};
  for (const FormData::Field& field : form->fields()) {
    const std::string header = lower(field.name);
    if (!may_stand_in_query(header) || request.headers.has(header)) continue;
    if (!is_header_name(header) || !is_header_value(field.value))
      return Error(errors::invalid_request, "The value of " + header + " cannot be a header's.");
    request.headers.add(header, field.value);
  }
  return {};
}

bool says_aws_chunked(const Headers& headers) {
  const auto encoding = headers.find("Content-Encoding");
  return encoding &&
         lower(headers.joined("Content-Encoding")).find("aws-chunked") != std::string::npos;
}

}  // namespace

// One request's verification.
class Verification {
 public:
  Verification(const Authenticator& authenticator, Request& request, const AuthAsk& ask)
      : authenticator_(authenticator),
        request_(request),
        ask_(ask),
        now_(authenticator.clock_.now()) {}

  Result<void> run(const Signature& signature, const Credential& credential);
  Result<void> run_v2(const Signature& signature, const Credential& credential);
  Result<void> open_body();

 private:
  Error refuse(Refusal refusal) const { return sigv4::refuse(refusal, ask_.dialect); }
  Error refuse(Refusal refusal, std::string text) const {
    return sigv4::refuse(refusal, ask_.dialect, std::move(text));
  }
  Result<void> check_token(const Signature& signature, const Credential& credential) const;
  Result<void> check_scope(const Signature& signature) const;
  Result<void> check_time(const Signature& signature) const;
  Result<void> check_headers(const Signature& signature) const;
  Result<std::string> payload_hash(const Signature& signature);
  Error mismatch(const Signature& signature, const std::string& canonical,
                 const std::string& text) const;

  const Authenticator& authenticator_;
  Request& request_;
  const AuthAsk& ask_;
  Time now_;
  std::optional<ChunkSigning> chunks_;
};

Result<void> Verification::check_scope(const Signature& signature) const {
  if (signature.terminator != "aws4_request")
    return refuse(Refusal::mismatch,
                  "Credential should be scoped with a valid terminator: 'aws4_request', not '" +
                      signature.terminator + "'.");
  if (!signs_for(signature.service, ask_.signing_name))
    return refuse(Refusal::mismatch, "Credential should be scoped to correct service: '" +
                                         std::string(ask_.signing_name) + "'. ");
  const auto signed_at = sigv4::parse_timestamp(signature.timestamp);
  if (!signed_at)
    return refuse(Refusal::incomplete, "Date must be in ISO-8601 'basic format'. Got '" +
                                           signature.timestamp +
                                           "'. See http://en.wikipedia.org/wiki/ISO_8601");
  const std::string day = iso8601_basic(*signed_at).substr(0, 8);
  if (day != signature.date)
    return refuse(Refusal::mismatch,
                  "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                  "from HTTP: '" +
                      signature.date + "' != '" + day + "', from '" + iso8601_basic(*signed_at) +
                      "'.");
  return {};
}

Result<void> Verification::check_time(const Signature& signature) const {
  const Time signed_at = *sigv4::parse_timestamp(signature.timestamp);
  const std::string sent = iso8601_basic(signed_at), now = iso8601_basic(now_);
  if (signed_at > now_ + skew_max) {
    if (ask_.dialect == Dialect::s3) {
      if (signature.place == Signature::Place::query)
        return refuse(Refusal::presigned_expired, "Request is not yet valid");
      return refuse(Refusal::skewed);
    }
    return refuse(Refusal::skewed, "Signature not yet current: " + sent + " is still later than " +
                                       iso8601_basic(now_ + skew_max) + " (" + now + " + 15 min.)");
  }
  if (signature.place == Signature::Place::header) {
    if (signed_at >= now_ - skew_max) return {};
    if (ask_.dialect == Dialect::s3) return refuse(Refusal::skewed);
    return refuse(Refusal::skewed, "Signature expired: " + sent + " is now earlier than " +
                                       iso8601_basic(now_ - skew_max) + " (" + now + " - 15 min.)");
  }
  const auto expires = number(signature.expires);
  if (!expires) return refuse(Refusal::bad_expires, "X-Amz-Expires should be a number");
  if (*expires > expires_max || *expires == 0) return refuse(Refusal::bad_expires);
  const Time until = signed_at + std::chrono::seconds(*expires);
  if (now_ <= until) return {};
  if (ask_.dialect == Dialect::s3) {
    auto members = std::make_shared<boost::json::object>();
    (*members)["X-Amz-Expires"] = signature.expires;
    (*members)["Expires"] = iso8601(until);
    (*members)["ServerTime"] = iso8601(now_);
    return refuse(Refusal::presigned_expired).with(std::move(members));
  }
  return refuse(Refusal::presigned_expired, "Signature expired: " + sent + " is now earlier than " +
                                                now + " (" + iso8601_basic(until) + ")");
}

Result<void> Verification::check_headers(const Signature& signature) const {
  if (!signature.signs("host"))
    return refuse(Refusal::mismatch,
                  "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  if (ask_.dialect != Dialect::s3) return {};
  // Who holds a presigned address shall not make another request of it: x-amz-copy-source would
  // read any object that its maker may read.
  const bool query = signature.place == Signature::Place::query;
  for (const auto [name, value] : request_.headers) {
    if (name.size() <= 6 || !equal_ignoring_case(name.substr(0, 6), "x-amz-")) continue;
    const std::string header = lower(name);
    if (signature.signs(header) || (query && header == "x-amz-content-sha256")) continue;
    auto members = std::make_shared<boost::json::object>();
    (*members)["HeadersNotSigned"] = header;
    return refuse(Refusal::unsigned_headers).with(std::move(members));
  }
  return {};
}

// What the client said of its payload, or the hash of what came.
Result<std::string> Verification::payload_hash(const Signature& signature) {
  if (const auto said = request_.headers.find("x-amz-content-sha256")) return std::string(*said);
  if (ask_.dialect == Dialect::s3) {
    if (signature.place == Signature::Place::query) return std::string(sigv4::unsigned_payload);
    return Error(errors::invalid_request,
                 "Missing required header for this request: x-amz-content-sha256");
  }
  const std::string* whole = request_.body.whole();
  assert_that(whole != nullptr, "a signature that covers the body needs the whole body");
  return whole->empty() ? std::string(sigv4::empty_sha256) : to_hex(sha256(*whole));
}

Error Verification::mismatch(const Signature& signature, const std::string& canonical,
                             const std::string& text) const {
  if (ask_.dialect != Dialect::s3) return refuse(Refusal::mismatch);
  auto members = std::make_shared<boost::json::object>();
  (*members)["AWSAccessKeyId"] = signature.access_key;
  (*members)["StringToSign"] = text;
  (*members)["SignatureProvided"] = signature.signature;
  (*members)["CanonicalRequest"] = canonical;
  return refuse(Refusal::mismatch).with(std::move(members));
}

Result<void> Verification::check_token(const Signature& signature,
                                       const Credential& credential) const {
  if (!credential.session_token.empty() &&
      !equal_constant_time(credential.session_token, signature.token))
    return refuse(Refusal::wrong_token);
  if (credential.expires && now_ >= *credential.expires) return refuse(Refusal::expired_token);
  return {};
}

Result<void> Verification::run_v2(const Signature& signature, const Credential& credential) {
  if (ask_.dialect != Dialect::s3) return refuse(Refusal::not_implemented);
  CHECK(check_token(signature, credential));
  if (signature.place == Signature::Place::query) {
    const auto until = number(signature.expires);
    if (!until)
      return refuse(Refusal::bad_expires,
                    "Invalid date (should be seconds since epoch): " + signature.expires);
    if (*until < static_cast<std::uint64_t>(to_millis(now_) / 1000))
      return refuse(Refusal::presigned_expired);
  } else {
    const auto signed_at = sigv4::parse_timestamp(signature.timestamp);
    if (!signed_at)
      return refuse(Refusal::missing_token,
                    "AWS authentication requires a valid Date or x-amz-date header");
    if (*signed_at > now_ + skew_max || *signed_at < now_ - skew_max)
      return refuse(Refusal::skewed);
  }
  const std::string text = sigv2::string_to_sign(request_, signature);
  if (!equal_constant_time(sigv2::sign(credential.secret, text), signature.signature))
    return mismatch(signature, {}, text);
  return {};
}

Result<void> Verification::run(const Signature& signature, const Credential& credential) {
  CHECK(check_scope(signature));
  CHECK(check_token(signature, credential));
  CHECK(check_time(signature));
  CHECK(check_headers(signature));
  TRY(const std::string hash, payload_hash(signature));
  const auto style =
      ask_.dialect == Dialect::s3 ? sigv4::PathStyle::s3 : sigv4::PathStyle::normalized;
  const std::string timestamp = iso8601_basic(*sigv4::parse_timestamp(signature.timestamp));
  const std::string canonical =
      sigv4::canonical_request(request_, signature.signed_headers, hash, style);
  const std::string text = sigv4::string_to_sign(timestamp, signature.scope(), canonical);
  std::string key = authenticator_.keys_->get({.secret = credential.secret,
                                               .date = signature.date,
                                               .region = signature.region,
                                               .service = signature.service});
  if (!equal_constant_time(to_hex(hmac_sha256(key, text)), signature.signature))
    return mismatch(signature, canonical, text);
  chunks_ = {.key = std::move(key),
             .timestamp = timestamp,
             .scope = signature.scope(),
             .previous = signature.signature};
  return {};
}

// Chunks are verified if the request's signature was. Promises about the bytes are kept in every
// mode.
Result<void> Verification::open_body() {
  const std::string hash(request_.headers.get("x-amz-content-sha256"));
  const bool streaming = hash.starts_with("STREAMING-");
  if (streaming && hash != sigv4::streaming_signed && hash != sigv4::streaming_signed_trailer &&
      hash != sigv4::streaming_unsigned_trailer)
    return Error(errors::invalid_request,
                 "The x-amz-content-sha256 value " + hash + " is not supported.");
  TRY(BodyPromises promises, BodyPromises::of(request_.headers));
  BodyRules rules{.promises = std::move(promises), .size = request_.body.size()};
  if (streaming || says_aws_chunked(request_.headers)) {
    const auto length = request_.headers.find("x-amz-decoded-content-length");
    if (length) rules.size = number(*length);
    if (!length || !rules.size) {
      static const ErrorKind missing{
          .name = "MissingContentLength", .code = "MissingContentLength", .status = 411};
      return Error(missing, "You must provide the Content-Length HTTP header.");
    }
    AwsChunkedDecoder::Expectations expect{.trailer = hash.ends_with("-TRAILER"),
                                           .decoded_length = rules.size};
    if (hash == sigv4::streaming_signed || hash == sigv4::streaming_signed_trailer)
      expect.signing = std::move(chunks_);
    rules.chunked.emplace(std::move(expect));
    remove_aws_chunked(request_.headers);
  }
  TRY(request_.body, opened(std::move(request_.body), std::move(rules)));
  return {};
}

Authenticator::Authenticator(AuthOptions options, const Credentials& credentials,
                             const Clock& clock)
    : options_(std::move(options)),
      credentials_(credentials),
      clock_(clock),
      keys_(std::make_unique<KeyCache>()) {}

Authenticator::~Authenticator() = default;

Result<void> Authenticator::open_body(Request& request, const AuthAsk& ask) const {
  return Verification(*this, request, ask).open_body();
}

Result<Identity> Authenticator::identity_of(std::string_view access_key,
                                            const std::optional<Credential>& credential,
                                            const AuthAsk& ask) const {
  Identity who{.scope = {.account = options_.default_account, .region = options_.default_region}};
  if (credential) {
    who.scope.account = credential->account;
    who.principal = credential->principal;
    who.principal.access_key = access_key;
    return who;
  }
  if (options_.mode == AuthMode::enforce) return sigv4::refuse(Refusal::unknown_key, ask.dialect);
  if (twelve_digits(access_key)) who.scope.account = access_key;
  who.principal = root_of(who.scope.account, access_key);
  return who;
}

Result<Identity> Authenticator::authenticate(Request& request, const AuthAsk& ask) const {
  sigv4::Parsed parsed = sigv4::parse_signature(request);
  Verification verification(*this, request, ask);
  Identity who{.scope = {.account = options_.default_account, .region = options_.default_region}};
  const bool enforce = options_.mode == AuthMode::enforce;

  if (!parsed.signature) {
    const std::string_view other = request.headers.get("Authorization");
    if (enforce && other.starts_with("AWS"))
      return sigv4::refuse(Refusal::not_implemented, ask.dialect);
    if (enforce && ask.unsigned_requests == Unsigned::refused)
      return sigv4::refuse(Refusal::missing_token, ask.dialect);
    if (enforce)
      who.principal = {.kind = Principal::Kind::anonymous, .arn = "*"};
    else
      who.principal = root_of(who.scope.account, {});
    CHECK(verification.open_body());
    return who;
  }
  const Signature& signature = *parsed.signature;
  if (enforce && !parsed.incomplete.empty()) {
    // S3's code for addresses is one for all that is wrong with their parameters.
    const bool s3_address =
        ask.dialect == Dialect::s3 && signature.place == Signature::Place::query;
    return sigv4::refuse(s3_address ? Refusal::bad_expires : Refusal::incomplete, ask.dialect,
                         std::move(parsed.incomplete));
  }
  const std::optional<Credential> credential = credentials_.find(signature.access_key);
  TRY(who, identity_of(signature.access_key, credential, ask));
  if (!signature.region.empty()) who.scope.region = signature.region;
  who.signing_name = signature.service;
  if (enforce)
    CHECK(signature.version == 2 ? verification.run_v2(signature, *credential)
                                 : verification.run(signature, *credential));
  if (ask.dialect == Dialect::s3 && signature.place == Signature::Place::query)
    CHECK(take_headers_of_query(request));
  CHECK(verification.open_body());
  return who;
}

}  // namespace cloudlet::wire
