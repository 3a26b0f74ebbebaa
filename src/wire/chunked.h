// The aws-chunked content encoding: chunks with or without signatures, and a trailer.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
// sigv4-streaming-trailers.html
//
//   10000;chunk-signature=<64 hex>\r\n <data> \r\n ... 0;chunk-signature=<64 hex>\r\n
//   x-amz-checksum-crc32c:<base64>\r\n x-amz-trailer-signature:<64 hex>\r\n \r\n
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "wire/body.h"
#include "wire/checksum.h"
#include "wire/http.h"

namespace cloudlet::wire {

// What the chunks' signatures are made with.
struct ChunkSigning {
  std::string key;        // derived
  std::string timestamp;  // "20130524T000000Z"
  std::string scope;      // "20130524/us-east-1/s3/aws4_request"
  std::string previous;   // the request's signature first, then each chunk's
};

// The signature of the next chunk (its data's SHA-256 in hex), or of the trailer (of its canonical
// lines).
std::string chunk_signature(const ChunkSigning& signing, std::string_view data_sha256_hex);
std::string trailer_signature(const ChunkSigning& signing, std::string_view lines_sha256_hex);

class AwsChunkedDecoder {
 public:
  struct Expectations {
    std::optional<ChunkSigning> signing;          // none: signatures are not looked at
    bool trailer = false;                         // a trailer is announced
    std::optional<std::uint64_t> decoded_length;  // x-amz-decoded-content-length
  };
  explicit AwsChunkedDecoder(Expectations expectations);

  // Consumes all of `in` and appends data to `out`, which therefore grows by no more than `in` has.
  // Data is handed on before its chunk's signature was seen to fit: an error later voids it all.
  // 400 InvalidRequest or IncompleteBody for malformed chunks, 403 SignatureDoesNotMatch for wrong
  // signatures.
  Result<void> decode(std::string_view in, std::string& out);
  // The encoded body has ended: was it whole?
  Result<void> finish() const;

  const Headers& trailers() const { return trailers_; }

 private:
  enum class Step { head, data, data_end, trailer, done };
  Result<void> take_head(std::string_view line);
  Result<void> end_chunk();
  Result<void> take_trailer(std::string_view line);
  Result<void> check(std::string_view sent, const std::string& computed);

  Expectations expect_;
  Step step_ = Step::head;
  std::string line_;        // of a head or trailer, so far
  std::uint64_t left_ = 0;  // of the current chunk
  std::uint64_t decoded_ = 0;
  std::string sent_signature_;
  std::optional<Hasher> chunk_hash_;
  std::string trailer_lines_;
  Headers trailers_;
  bool trailer_signed_ = false;
};

namespace errors {
extern const ErrorKind chunk_signature_mismatch;  // 403 SignatureDoesNotMatch
}

// The body as the service sees it: decoded, and held to its promises. Errors of either end it.
struct BodyRules {
  std::optional<AwsChunkedDecoder> chunked;  // none: the body is plain
  BodyPromises promises;
  std::optional<std::uint64_t> size;  // decoded
};
// A body that is whole already is checked at once; others as they are read.
Result<Body> opened(Body body, BodyRules rules);

}  // namespace cloudlet::wire
