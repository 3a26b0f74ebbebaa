// Proves who gets in: both modes, header and presigned signatures, and how each dialect refuses the
// broken ones.
#include "wire/sigv4_verify.h"

#include <gtest/gtest.h>

#include <map>

#include "base/digest.h"
#include "base/encoding.h"
#include "wire/signer.h"
#include "wire/sigv2.h"

namespace cloudlet::wire {
namespace {

class FixedCredentials : public Credentials {
 public:
  std::optional<Credential> find(std::string_view access_key) const override {
    const auto found = keys.find(std::string(access_key));
    if (found == keys.end()) return std::nullopt;
    return found->second;
  }
  std::map<std::string, Credential> keys;
};

class SigV4Verify : public testing::Test {
 protected:
  SigV4Verify() {
    credentials_.keys["AKIAUSER"] = {.secret = "secret",
                                     .account = "111122223333",
                                     .principal = {.kind = Principal::Kind::user,
                                                   .arn = "arn:aws:iam::111122223333:user/ann",
                                                   .id = "AIDAANN"}};
    credentials_.keys["ASIATEMP"] = {.secret = "temporary",
                                     .session_token = "token",
                                     .expires = clock_.now() + std::chrono::hours(1),
                                     .account = "111122223333",
                                     .principal = {.kind = Principal::Kind::assumed_role}};
  }

  Result<Identity> check(Request& request, Dialect dialect = Dialect::json,
                         AuthMode mode = AuthMode::enforce,
                         Unsigned unsigned_requests = Unsigned::refused) {
    const Authenticator authenticator({.mode = mode}, credentials_, clock_);
    return authenticator.authenticate(request,
                                      {.dialect = dialect, .unsigned_requests = unsigned_requests});
  }

  static Request post(std::string body) {
    Request request{.method = "POST", .target = "/", .body = Body(std::move(body))};
    request.headers.add("Host", "localhost:4566");
    request.headers.add("Content-Type", "application/x-amz-json-1.1");
    return request;
  }
  static Request put(std::string body) {
    Request request{.method = "PUT", .target = "/bucket/a%20key", .body = Body(std::move(body))};
    request.headers.add("Host", "localhost:4566");
    return request;
  }

  const SigningKeys user_{.access_key = "AKIAUSER", .secret = "secret"};
  const SigningScope logs_{.region = "eu-west-1", .service = "logs"};
  const SigningScope s3_{.region = "eu-west-1", .service = "s3"};
  Clock clock_{from_millis(1'440'938'160'000)};  // 2015-08-30T12:36:00Z
  FixedCredentials credentials_;
};

TEST_F(SigV4Verify, SignedRequestIsItsUser) {
  Request request = post("{}");
  sign(request, user_, logs_, clock_.now());
  const auto who = check(request);
  ASSERT_TRUE(who.has_value()) << who.error().message();
  EXPECT_EQ(who->scope, (Scope{.account = "111122223333", .region = "eu-west-1"}));
  EXPECT_EQ(who->principal.arn, "arn:aws:iam::111122223333:user/ann");
  EXPECT_EQ(who->principal.access_key, "AKIAUSER");
  EXPECT_EQ(who->signing_name, "logs");
}

TEST_F(SigV4Verify, ChangedBodyHeaderPathOrQueryDoesNotMatch) {
  for (int part = 0; part < 4; ++part) {
    Request request = post("{}");
    sign(request, user_, logs_, clock_.now());
    if (part == 0) request.body = Body("{ }");
    if (part == 1) request.headers.set("Content-Type", "text/plain");
    if (part == 2) request.target = "/x";
    if (part == 3) request.target = "/?x";
    const auto who = check(request);
    ASSERT_TRUE(who.has_error()) << part;
    EXPECT_EQ(who.error().kind().name, "InvalidSignatureException");
  }
}

TEST_F(SigV4Verify, EachDialectHasItsOwnWordsForAnUnknownKey) {
  const std::tuple<Dialect, std::string_view, int> rows[] = {
      {Dialect::json, "UnrecognizedClientException", 400},
      {Dialect::rest_json, "UnrecognizedClientException", 403},
      {Dialect::query, "InvalidClientTokenId", 403},
      {Dialect::s3, "InvalidAccessKeyId", 403}};
  for (const auto& [dialect, name, status] : rows) {
    Request request = post("{}");
    sign(request, {.access_key = "AKIANOBODY", .secret = "x"}, logs_, clock_.now());
    const auto who = check(request, dialect);
    ASSERT_TRUE(who.has_error());
    EXPECT_EQ(who.error().kind().name, name);
    EXPECT_EQ(who.error().kind().status, status);
  }
}

TEST_F(SigV4Verify, ClockSkewOfFifteenMinutes) {
  for (const int minutes : {14, 16, -14, -16}) {
    Request request = post("{}");
    sign(request, user_, logs_, clock_.now() + std::chrono::minutes(minutes));
    const auto who = check(request, Dialect::query);
    EXPECT_EQ(who.has_value(), std::abs(minutes) < 15) << minutes;
    if (minutes == -16)
      EXPECT_EQ(who.error().message(),
                "Signature expired: 20150830T122000Z is now earlier than 20150830T122100Z "
                "(20150830T123600Z - 15 min.)");
    if (minutes == 16)
      EXPECT_EQ(who.error().message(),
                "Signature not yet current: 20150830T125200Z is still later than 20150830T125100Z "
                "(20150830T123600Z + 15 "
                "min.)");
  }
  Request request = put("x");
  sign(request, user_, s3_, clock_.now() - std::chrono::hours(1));
  EXPECT_EQ(check(request, Dialect::s3).error().kind().name, "RequestTimeTooSkewed");
}

TEST_F(SigV4Verify, UnsignedIsRefusedUnlessTheOperationIsPublic) {
  Request request = post("{}");
  EXPECT_EQ(check(request).error().kind().name, "MissingAuthenticationTokenException");
  EXPECT_EQ(check(request, Dialect::s3).error().kind().name, "AccessDenied");
  const auto who = check(request, Dialect::json, AuthMode::enforce, Unsigned::allowed);
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->principal.kind, Principal::Kind::anonymous);
}

TEST_F(SigV4Verify, OpenModeTakesAnybodyAndTwelveDigitsAreTheAccount) {
  Request request = post("{}");
  sign(request, {.access_key = "123456789012", .secret = "any"}, logs_,
       clock_.now() - std::chrono::hours(99));
  auto who = check(request, Dialect::json, AuthMode::open);
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->scope, (Scope{.account = "123456789012", .region = "eu-west-1"}));
  EXPECT_EQ(who->principal.arn, "arn:aws:iam::123456789012:root");

  Request other = post("{}");
  sign(other, {.access_key = "test", .secret = "test"}, logs_, clock_.now());
  EXPECT_EQ(check(other, Dialect::json, AuthMode::open)->scope.account, "000000000000");

  Request unsigned_request = post("{}");
  who = check(unsigned_request, Dialect::json, AuthMode::open);
  EXPECT_EQ(who->scope, (Scope{.account = "000000000000", .region = "us-east-1"}));
}

TEST_F(SigV4Verify, OpenModeKnowsTheKeysItIssued) {
  Request request = post("{}");
  sign(request, {.access_key = "AKIAUSER", .secret = "wrong"}, logs_, clock_.now());
  const auto who = check(request, Dialect::json, AuthMode::open);
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->scope.account, "111122223333");
  EXPECT_EQ(who->principal.kind, Principal::Kind::user);
}

TEST_F(SigV4Verify, TemporaryKeysNeedTheirTokenAndEnd) {
  const SigningKeys good{.access_key = "ASIATEMP", .secret = "temporary", .session_token = "token"};
  SigningKeys bad = good;
  bad.session_token = "other";
  Request request = post("{}");
  sign(request, good, logs_, clock_.now());
  EXPECT_TRUE(check(request).has_value());
  Request wrong = post("{}");
  sign(wrong, bad, logs_, clock_.now());
  EXPECT_EQ(check(wrong, Dialect::s3).error().kind().name, "InvalidToken");
  clock_.advance(std::chrono::hours(2));
  Request late = post("{}");
  sign(late, good, logs_, clock_.now());
  EXPECT_EQ(check(late).error().kind().name, "ExpiredTokenException");
}

TEST_F(SigV4Verify, PresignedUrlWorksUntilItExpires) {
  Request request = put("");
  request.method = "GET";
  presign(request, user_, s3_, clock_.now(), 60);
  Request again = put("");
  again.method = "GET";
  again.target = request.target;
  EXPECT_TRUE(check(request, Dialect::s3).has_value());
  clock_.advance(std::chrono::seconds(61));
  const auto late = check(again, Dialect::s3);
  ASSERT_TRUE(late.has_error());
  EXPECT_EQ(late.error().kind().name, "AccessDenied");
  EXPECT_EQ(late.error().message(), "Request has expired");
  Request forever = put("");
  presign(forever, user_, s3_, clock_.now(), 604'801);
  EXPECT_EQ(check(forever, Dialect::s3).error().kind().name, "AuthorizationQueryParametersError");
}

TEST_F(SigV4Verify, S3BodyMustBeTheOneThatWasSigned) {
  Request request = put("hello");
  sign(request, user_, s3_, clock_.now());
  request.body = Body("jello");
  EXPECT_EQ(check(request, Dialect::s3).error().kind().name, "XAmzContentSHA256Mismatch");
  Request good = put("hello");
  sign(good, user_, s3_, clock_.now());
  EXPECT_TRUE(check(good, Dialect::s3).has_value());
}

TEST_F(SigV4Verify, S3RefusesUnsignedAmzHeaders) {
  Request request = put("hello");
  sign(request, user_, s3_, clock_.now());
  request.headers.add("x-amz-meta-late", "1");
  EXPECT_EQ(check(request, Dialect::s3).error().message(),
            "There were headers present in the request which were not signed");
}

TEST_F(SigV4Verify, APresignedAddressCannotBeMadeACopyOfAnotherObject) {
  Request request = put("");
  presign(request, user_, s3_, clock_.now(), 60);
  request.headers.add("x-amz-copy-source", "/bucket/secret");
  EXPECT_EQ(check(request, Dialect::s3).error().message(),
            "There were headers present in the request which were not signed");
  Request hashed = put("");
  presign(hashed, user_, s3_, clock_.now(), 60);
  hashed.headers.add("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
  EXPECT_TRUE(check(hashed, Dialect::s3).has_value());
}

TEST_F(SigV4Verify, AwsChunkedIsDecodedInOpenModeToo) {
  Request request = put("5\r\nhello\r\n0\r\n\r\n");
  request.headers.add("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  request.headers.add("x-amz-decoded-content-length", "5");
  request.headers.add("Content-Encoding", "gzip,aws-chunked");
  sign(request, {.access_key = "any", .secret = "any"}, s3_, clock_.now());
  const auto who = check(request, Dialect::s3, AuthMode::open);
  ASSERT_TRUE(who.has_value()) << who.error().message();
  EXPECT_EQ(*request.body.whole(), "hello");
  EXPECT_EQ(request.headers.get("Content-Encoding"), "gzip");
  Request without = put("5\r\nhello\r\n0\r\n\r\n");
  without.headers.add("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  EXPECT_EQ(check(without, Dialect::s3, AuthMode::open).error().kind().status, 411);
}

TEST_F(SigV4Verify, ScopeOfAnotherServiceIsRefusedButIotHasManyNames) {
  const Authenticator authenticator({.mode = AuthMode::enforce}, credentials_, clock_);
  Request request = post("{}");
  sign(request, user_, {.region = "eu-west-1", .service = "execute-api"}, clock_.now());
  EXPECT_TRUE(
      authenticator.authenticate(request, {.dialect = Dialect::rest_json, .signing_name = "iot"})
          .has_value());
  EXPECT_EQ(authenticator.authenticate(request, {.dialect = Dialect::query, .signing_name = "iam"})
                .error()
                .message(),
            "Credential should be scoped to correct service: 'iam'. ");
}

TEST_F(SigV4Verify, DateOfTheScopeMustBeTheRequests) {
  Request request = post("{}");
  sign(request, user_, logs_, clock_.now());
  request.headers.set("X-Amz-Date", "20150829T123600Z");
  EXPECT_EQ(check(request, Dialect::query).error().message(),
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            "HTTP: '20150830' != "
            "'20150829', from '20150829T123600Z'.");
}

// The example of "Signing and Authenticating REST Requests": an upload in path style with its known
// signature.
TEST_F(SigV4Verify, S3TakesVersionTwoToo) {
  credentials_.keys["AKIAIOSFODNN7EXAMPLE"] = {.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                               .account = "111122223333"};
  Request get{.method = "GET", .target = "/awsexamplebucket1/photos/puppy.jpg"};
  get.headers = {{"Host", "s3.us-west-1.amazonaws.com"},
                 {"Date", "Tue, 27 Mar 2007 19:36:42 +0000"}};
  const sigv4::Signature as_sent{.version = 2, .timestamp = "Tue, 27 Mar 2007 19:36:42 +0000"};
  EXPECT_EQ(
      sigv2::sign("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", sigv2::string_to_sign(get, as_sent)),
      "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=");

  const std::string until = std::to_string(to_millis(clock_.now()) / 1000 + 60);
  Request presigned{.method = "GET",
                    .target = "/bucket/key?AWSAccessKeyId=AKIAUSER&Expires=" + until};
  const std::string signature = sigv2::sign("secret", "GET\n\n\n" + until + "\n/bucket/key");
  presigned.target += "&Signature=" + percent_encode(signature);
  Request again{.method = "GET", .target = presigned.target};
  Request changed{.method = "DELETE", .target = presigned.target};
  EXPECT_TRUE(check(presigned, Dialect::s3).has_value());
  EXPECT_EQ(check(changed, Dialect::s3).error().kind().name, "SignatureDoesNotMatch");
  EXPECT_EQ(check(again, Dialect::query).error().kind().name, "IncompleteSignature");
  clock_.advance(std::chrono::minutes(2));
  EXPECT_EQ(check(again, Dialect::s3).error().message(), "Request has expired");
}

TEST_F(SigV4Verify, OtherSchemesAndHalfSignaturesAreTypedErrors) {
  Request v4a = put("");
  v4a.headers.add("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=AKIAUSER/x");
  EXPECT_EQ(check(v4a, Dialect::s3).error().kind().name, "InvalidRequest");
  Request v2 = put("");
  v2.headers.add("Authorization", "AWS AKIAUSER:abc=");
  EXPECT_EQ(check(v2, Dialect::s3).error().kind().name, "AccessDenied");
  Request half = post("{}");
  half.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAUSER");
  EXPECT_EQ(check(half, Dialect::query).error().kind().name, "IncompleteSignature");
  Request address = put("");
  presign(address, user_, s3_, clock_.now(), 60);
  const std::size_t date = address.target.find("X-Amz-Date");
  address.target.replace(date, 10, "X-Amz-Dote");
  EXPECT_EQ(check(address, Dialect::s3).error().kind().name, "AuthorizationQueryParametersError");
  Request garbage = post("{}");
  garbage.headers.add("Authorization",
                      "AWS4-HMAC-SHA256 ,,,=,Credential=/////,SignedHeaders=;;;,Signature=zz");
  garbage.headers.add("X-Amz-Date", "20150830T123600Z");
  EXPECT_TRUE(check(garbage).has_error());
}

}  // namespace
}  // namespace cloudlet::wire
