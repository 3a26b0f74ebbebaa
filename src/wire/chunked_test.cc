// Proves the aws-chunked decoder against the examples of the S3 API reference, against bodies cut
// at every byte, and against broken ones.
#include "wire/chunked.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "wire/sigv4.h"

namespace cloudlet::wire {
namespace {

// "Signature calculations ... (chunked upload)": 65 KiB of 'a' in chunks of 64 KiB and 1 KiB, then
// the last.
ChunkSigning example(std::string seed) {
  return {.key = sigv4::signing_key({.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                     .date = "20130524",
                                     .region = "us-east-1",
                                     .service = "s3"}),
          .timestamp = "20130524T000000Z",
          .scope = "20130524/us-east-1/s3/aws4_request",
          .previous = std::move(seed)};
}

std::string chunk(std::size_t size, std::string_view signature) {
  char head[32];
  std::snprintf(head, sizeof head, "%zx", size);
  std::string out = std::string(head) + ";chunk-signature=" + std::string(signature) + "\r\n";
  if (size > 0) out += std::string(size, 'a') + "\r\n";
  return out;
}

const std::string signed_example =
    chunk(65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648") +
    chunk(1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497") +
    chunk(0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9") + "\r\n";
const std::string trailer_example =
    chunk(65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2") +
    chunk(1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7") +
    chunk(0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992") +
    "x-amz-checksum-crc32c:sOO8/Q==\r\n"
    "x-amz-trailer-signature:"
    "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";

AwsChunkedDecoder signed_decoder() {
  return AwsChunkedDecoder(
      {.signing = example("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
       .decoded_length = 66560});
}
AwsChunkedDecoder trailer_decoder() {
  return AwsChunkedDecoder(
      {.signing = example("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
       .trailer = true,
       .decoded_length = 66560});
}

TEST(AwsChunked, PublicExampleWithSignedChunksDecodes) {
  AwsChunkedDecoder decoder = signed_decoder();
  std::string out;
  const auto decoded = decoder.decode(signed_example, out);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
  ASSERT_TRUE(decoder.finish().has_value());
  EXPECT_EQ(out, std::string(66560, 'a'));
}

TEST(AwsChunked, PublicExampleWithSignedTrailerDecodesHoweverItIsCut) {
  for (const std::size_t step : {1u, 7u, 4096u, 100'000u}) {
    AwsChunkedDecoder decoder = trailer_decoder();
    std::string out;
    for (std::size_t at = 0; at < trailer_example.size(); at += step) {
      const auto decoded = decoder.decode(std::string_view(trailer_example).substr(at, step), out);
      ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
    }
    ASSERT_TRUE(decoder.finish().has_value());
    EXPECT_EQ(out.size(), 66560u);
    EXPECT_EQ(decoder.trailers().get("x-amz-checksum-crc32c"), "sOO8/Q==");
  }
}

TEST(AwsChunked, OneChangedByteBreaksTheSignature) {
  for (const std::size_t at :
       {std::size_t{100}, std::size_t{65'600}, trailer_example.size() - 20}) {
    std::string broken = trailer_example;
    broken[at] ^= 1;
    AwsChunkedDecoder decoder = trailer_decoder();
    std::string out;
    const auto decoded = decoder.decode(broken, out);
    ASSERT_TRUE(decoded.has_error()) << at;
    EXPECT_EQ(decoded.error().kind().name, "SignatureDoesNotMatch");
  }
}

TEST(AwsChunked, TruncatedBodiesAreIncomplete) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{50}, std::size_t{65'700}, signed_example.size() - 2}) {
    AwsChunkedDecoder decoder = signed_decoder();
    std::string out;
    ASSERT_TRUE(decoder.decode(std::string_view(signed_example).substr(0, size), out).has_value());
    ASSERT_TRUE(decoder.finish().has_error()) << size;
    EXPECT_EQ(decoder.finish().error().kind().name, "IncompleteBody");
  }
}

TEST(AwsChunked, MalformedBodiesAreRefused) {
  const std::string cases[] = {"xyz\r\n",
                               "\r\n",
                               "5\nhello\r\n0\r\n\r\n",
                               "5\r\nhelloX\r\n0\r\n\r\n",
                               "-1\r\n",
                               "0x5\r\nhello\r\n",
                               "5\r\nhello\r\n0\r\nno colon\r\n\r\n",
                               "5\r\nhello\r\n0\r\n\r\nmore",
                               "5;" + std::string(3000, 'x') + "\r\nhello\r\n"};
  for (const std::string& body : cases) {
    AwsChunkedDecoder decoder({.decoded_length = 5});
    std::string out;
    const auto decoded = decoder.decode(body, out);
    ASSERT_TRUE(decoded.has_error()) << body.substr(0, 40);
    EXPECT_EQ(decoded.error().kind().name, "InvalidRequest");
  }
}

TEST(AwsChunked, DecodedLengthMustHold) {
  const std::string body = "5\r\nhello\r\n0\r\n\r\n";
  for (const std::uint64_t said : {4u, 6u}) {
    AwsChunkedDecoder decoder({.decoded_length = said});
    std::string out;
    const auto decoded = decoder.decode(body, out);
    const auto finished = decoded.has_error() ? decoded : decoder.finish();
    ASSERT_TRUE(finished.has_error());
    EXPECT_EQ(finished.error().kind().name, "IncompleteBody");
  }
}

TEST(AwsChunked, UnsignedTrailerUnderASignedPayloadIsRefused) {
  std::string body = trailer_example;
  const std::size_t at = body.find("x-amz-trailer-signature");
  body = body.substr(0, at) + "\r\n";
  AwsChunkedDecoder decoder = trailer_decoder();
  std::string out;
  const auto decoded = decoder.decode(body, out);
  ASSERT_TRUE(decoded.has_error());
  EXPECT_EQ(decoded.error().kind().name, "MalformedTrailerError");
}

TEST(BodyPromises, EachAlgorithmHoldsAndBreaks) {
  const std::pair<const char*, const char*> good[] = {
      {"x-amz-checksum-crc32", "y/Q5Jg=="},
      {"x-amz-checksum-crc32c", "4waSgw=="},
      {"x-amz-checksum-crc64nvme", "rosUhgp5mIg="},
      {"x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="},
      {"Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw=="}};
  for (const auto& [header, value] : good) {
    const Headers headers{{header, value}};
    auto promises = BodyPromises::of(headers);
    ASSERT_TRUE(promises.has_value()) << header;
    promises->update("12345");
    promises->update("6789");
    const auto kept = promises->finish({});
    EXPECT_TRUE(kept.has_value()) << header << ": " << kept.error().message();
    auto others = BodyPromises::of(headers);
    others->update("12345678");
    const auto broken = others->finish({});
    ASSERT_TRUE(broken.has_error());
    EXPECT_EQ(broken.error().kind().name, "BadDigest");
  }
}

TEST(BodyPromises, NonsenseIsRefusedBeforeTheBody) {
  EXPECT_EQ(BodyPromises::of(Headers{{"Content-MD5", "short"}}).error().kind().name,
            "InvalidDigest");
  EXPECT_EQ(BodyPromises::of(Headers{{"x-amz-checksum-crc32", "AAAA"}}).error().message(),
            "Value for x-amz-checksum-crc32 header is invalid.");
  EXPECT_EQ(BodyPromises::of(Headers{{"x-amz-trailer", "x-amz-meta-y"}}).error().kind().name,
            "InvalidRequest");
  EXPECT_FALSE(BodyPromises::of(Headers{{"x-amz-checksum-algorithm", "CRC32"}})->any());
  const Headers alone{{"x-amz-sdk-checksum-algorithm", "CRC32"}};
  EXPECT_TRUE(BodyPromises::of(alone).error().message().starts_with(
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-*"));
  const Headers other{{"x-amz-sdk-checksum-algorithm", "CRC32"},
                      {"x-amz-trailer", "x-amz-checksum-crc32c"}};
  EXPECT_EQ(BodyPromises::of(other).error().message(),
            "Value for x-amz-sdk-checksum-algorithm header is invalid.");
  const Headers both{{"x-amz-sdk-checksum-algorithm", "crc32"},
                     {"x-amz-checksum-crc32", "AAAAAA=="}};
  EXPECT_TRUE(BodyPromises::of(both)->any());
}

TEST(OpenedBody, WholeBodyWithTrailerIsCheckedAtOnce) {
  const auto open = [](std::string_view crc) {
    const Headers headers{{"x-amz-trailer", "x-amz-checksum-crc32"}};
    BodyRules rules{.promises = *BodyPromises::of(headers)};
    rules.chunked.emplace(AwsChunkedDecoder::Expectations{.trailer = true, .decoded_length = 9});
    return opened(
        Body("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:" + std::string(crc) + "\r\n\r\n"),
        std::move(rules));
  };
  auto good = open("y/Q5Jg==");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(*good->whole(), "123456789");
  EXPECT_EQ(open("y/Q5JA==").error().kind().name, "BadDigest");
}

}  // namespace
}  // namespace cloudlet::wire
