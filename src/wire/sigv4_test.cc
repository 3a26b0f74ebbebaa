// Proves the signing arithmetic against the public SigV4 vectors, and parsing against broken
// signatures.
#include "wire/sigv4.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/digest.h"
#include "base/encoding.h"

namespace cloudlet::wire::sigv4 {
namespace {

namespace fs = std::filesystem;

fs::path conformance() {
  const char* folder = std::getenv("CONFORMANCE_DIR");
  if (folder) return folder;
  for (fs::path up = fs::current_path(); up != up.parent_path(); up = up.parent_path())
    if (fs::exists(up / "../shared/conformance")) return up / "../shared/conformance";
  return "../shared/conformance";
}

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

// The vectors' own loose form: no CRLF, header values that go on in the next line, spaces in the
// target.
Request read_request(const std::string& text, std::string& body) {
  Request request;
  std::istringstream in(text);
  std::string line, name, value;
  std::getline(in, line);
  const std::size_t first = line.find(' '), last = line.rfind(" HTTP/1.1");
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  const auto flush = [&] {
    if (!name.empty()) request.headers.add(name, value);
    name.clear();
  };
  while (std::getline(in, line) && !line.empty()) {
    if (line[0] == ' ' || line[0] == '\t') {
      value += "\n" + line;
      continue;
    }
    flush();
    const std::size_t colon = line.find(':');
    name = line.substr(0, colon);
    value = line.substr(colon + 1);
  }
  flush();
  std::ostringstream rest;
  rest << in.rdbuf();
  body = rest.str();
  return request;
}

std::vector<fs::path> vectors() {
  std::vector<fs::path> found;
  const fs::path root = conformance() / "sigv4";
  if (!fs::exists(root)) return found;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().extension() == ".req") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

TEST(SigV4Vectors, CanonicalRequestStringAndAuthorizationAreThePublicOnes) {
  const auto found = vectors();
  if (found.empty()) {
    std::cerr << "SKIPPED: no SigV4 vectors; set CONFORMANCE_DIR\n";
    GTEST_SKIP() << "no SigV4 vectors under " << conformance();
  }
  for (const fs::path& file : found) {
    SCOPED_TRACE(file.stem().string());
    const auto beside = [&](const char* extension) {
      return slurp(fs::path(file).replace_extension(extension));
    };
    std::string body;
    Request request = read_request(slurp(file), body);
    // Sent signed, then read as a server does.
    const std::string authorization = beside(".authz");
    // A token that is signed stands in the signed request only.
    std::string ignored;
    const Request as_sent = read_request(beside(".sreq"), ignored);
    if (const auto token = as_sent.headers.find("X-Amz-Security-Token");
        token && !request.headers.has("X-Amz-Security-Token"))
      request.headers.add("X-Amz-Security-Token", *token);
    request.headers.add("Authorization", authorization);
    const Parsed parsed = parse_signature(request);
    ASSERT_TRUE(parsed.signature);
    EXPECT_EQ(parsed.incomplete, "");
    const Signature& sent = *parsed.signature;
    const std::string canonical = canonical_request(request, sent.signed_headers,
                                                    to_hex(sha256(body)), PathStyle::normalized);
    EXPECT_EQ(canonical, beside(".creq"));
    const std::string text = string_to_sign(sent.timestamp, sent.scope(), canonical);
    EXPECT_EQ(text, beside(".sts"));
    const std::string key = signing_key({.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                         .date = sent.date,
                                         .region = sent.region,
                                         .service = sent.service});
    EXPECT_EQ(to_hex(hmac_sha256(key, text)), sent.signature);
    EXPECT_EQ(sent.access_key, "AKIDEXAMPLE");
    EXPECT_EQ(sent.region, "us-east-1");
  }
  EXPECT_GE(found.size(), 30u);
}

TEST(SigV4, S3PathsAreSignedOnceEncodedAndNotNormalised) {
  EXPECT_EQ(canonical_path("/b/a%20b//c/../d", PathStyle::s3), "/b/a%20b//c/../d");
  EXPECT_EQ(canonical_path("/b/(x)", PathStyle::s3), "/b/%28x%29");
  EXPECT_EQ(canonical_path("/topics/a%2Fb", PathStyle::normalized), "/topics/a%252Fb");
  EXPECT_EQ(canonical_path("", PathStyle::s3), "/");
}

TEST(SigV4, TimestampsBothForms) {
  const auto basic = parse_timestamp("20150830T123600Z");
  ASSERT_TRUE(basic);
  EXPECT_EQ(iso8601(*basic), "2015-08-30T12:36:00.000Z");
  EXPECT_EQ(parse_timestamp("Sun, 30 Aug 2015 12:36:00 GMT"), basic);
  for (const char* bad : {"", "20150830T123600", "20151330T123600Z", "2015083OT123600Z",
                          "20150230T123600Z", "Sun, 30 Xug 2015 12:36:00 GMT"})
    EXPECT_FALSE(parse_timestamp(bad)) << bad;
}

TEST(SigV4, SaysWhatAnAuthorizationHeaderLacks) {
  Request request{.method = "GET", .target = "/"};
  request.headers.add("Authorization",
                      "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/iam/aws4_request");
  const Parsed parsed = parse_signature(request);
  EXPECT_EQ(parsed.incomplete,
            "Authorization header requires 'Signature' parameter. Authorization header requires "
            "'SignedHeaders' "
            "parameter. Authorization header requires existence of either a 'X-Amz-Date' or a "
            "'Date' header. "
            "Authorization=AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/iam/aws4_request");
  EXPECT_EQ(parsed.signature->access_key, "AKID");
}

TEST(SigV4, UnsignedRequestsHaveNoSignature) {
  Request request{.method = "GET", .target = "/?list-type=2"};
  EXPECT_FALSE(parse_signature(request).signature);
  request.headers.add("Authorization", "Bearer abc");
  EXPECT_FALSE(parse_signature(request).signature);
}

TEST(SigV4, PresignedQueryIsRead) {
  Request request{
      .method = "GET",
      .target =
          "/b/"
          "k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20150830%2Feu-west-1%2Fs3%2F"
          "aws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&"
          "X-Amz-Signature=abc"};
  const Parsed parsed = parse_signature(request);
  ASSERT_TRUE(parsed.signature);
  EXPECT_EQ(parsed.incomplete, "");
  EXPECT_EQ(parsed.signature->place, Signature::Place::query);
  EXPECT_EQ(parsed.signature->region, "eu-west-1");
  EXPECT_EQ(parsed.signature->expires, "60");
  EXPECT_EQ(canonical_query(request.query(), "X-Amz-Signature").find("X-Amz-Signature"),
            std::string::npos);
}

}  // namespace
}  // namespace cloudlet::wire::sigv4
