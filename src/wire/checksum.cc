#include "wire/checksum.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"

namespace cloudlet::wire {
namespace errors {
const ErrorKind bad_digest{.name = "BadDigest", .code = "BadDigest"};
const ErrorKind invalid_digest{.name = "InvalidDigest", .code = "InvalidDigest"};
const ErrorKind invalid_request{.name = "InvalidRequest", .code = "InvalidRequest"};
const ErrorKind content_sha256_mismatch{.name = "XAmzContentSHA256Mismatch",
                                        .code = "XAmzContentSHA256Mismatch"};
const ErrorKind malformed_trailer{.name = "MalformedTrailerError", .code = "MalformedTrailerError"};
}  // namespace errors

namespace {

constexpr std::string_view md5_header = "Content-MD5";
constexpr std::string_view sha256_header = "x-amz-content-sha256";
constexpr std::string_view prefix = "x-amz-checksum-";

std::size_t size_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::md5: return 16;
    case Algorithm::sha1: return 20;
    case Algorithm::sha256: return 32;
    case Algorithm::crc32:
    case Algorithm::crc32c: return 4;
    case Algorithm::crc64nvme: return 8;
  }
  return 0;
}

const ChecksumName* known(std::string_view header) {
  for (const ChecksumName& name : checksum_names)
    if (equal_ignoring_case(name.header, header)) return &name;
  return nullptr;
}

Error invalid_value(std::string_view header) {
  return {errors::invalid_request, "Value for " + std::string(header) + " header is invalid."};
}

Result<std::string> decode(const ChecksumName& name, std::string_view value) {
  const auto raw = from_base64(value);
  if (!raw || raw->size() != size_of(name.kind)) return invalid_value(name.header);
  return *raw;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "When you send this header, there must be a corresponding x-amz-checksum-algorithm or
// x-amz-trailer header sent": S3's API reference of PutObject, PutBucketTagging and others.
Result<void> check_named_algorithm(const Headers& headers) {
  constexpr std::string_view named = "x-amz-sdk-checksum-algorithm";
  const auto algorithm = headers.find(named);
  if (!algorithm) return {};
  bool any = false;
  for (const auto [name, value] : headers) {
    const bool trailer = equal_ignoring_case(name, "x-amz-trailer");
    if (!trailer && (name.size() <= prefix.size() ||
                     !equal_ignoring_case(name.substr(0, prefix.size()), prefix)))
      continue;
    const std::string_view promised = trimmed(trailer ? std::string_view(value) : name);
    const std::string_view kind = promised.substr(std::min(prefix.size(), promised.size()));
    if (kind == "algorithm" || kind == "mode" || kind == "type") continue;
    if (equal_ignoring_case(kind, *algorithm)) return {};
    any = true;
  }
  if (any) return invalid_value(named);
  return Error(errors::invalid_request,
               "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
               "x-amz-trailer headers were found.");
}

bool is_sha256(std::string_view text) { return text.size() == 64 && from_hex(text).has_value(); }

}  // namespace

void BodyPromises::expect(const ChecksumName& name, std::optional<std::string> expected) {
  promises_.push_back({.header = name.header,
                       .label = name.algorithm,
                       .expected = std::move(expected),
                       .hasher = Hasher(name.kind)});
}

Result<BodyPromises> BodyPromises::of(const Headers& headers) {
  CHECK(check_named_algorithm(headers));
  BodyPromises all;
  for (const auto [name, value] : headers) {
    if (name.size() == md5_header.size() && equal_ignoring_case(name, md5_header)) {
      const auto raw = from_base64(value);
      if (!raw || raw->size() != 16)
        return Error(errors::invalid_digest, "The Content-MD5 you specified was invalid.");
      all.expect({.header = md5_header, .algorithm = "Content-MD5", .kind = Algorithm::md5}, *raw);
    } else if (name.size() == sha256_header.size() && equal_ignoring_case(name, sha256_header)) {
      if (is_sha256(value))
        all.expect({.header = sha256_header, .algorithm = "", .kind = Algorithm::sha256},
                   from_hex(value));
    } else if (name.size() > prefix.size() &&
               equal_ignoring_case(name.substr(0, prefix.size()), prefix)) {
      const ChecksumName* checksum = known(name);
      if (!checksum) continue;  // x-amz-checksum-algorithm, -mode, -type
      TRY(std::string raw, decode(*checksum, value));
      all.expect(*checksum, std::move(raw));
    }
  }
  for (std::string_view list = headers.get("x-amz-trailer"); !list.empty();) {
    const std::size_t comma = list.find(',');
    const ChecksumName* checksum = known(trimmed(list.substr(0, comma)));
    if (!checksum)
      return Error(errors::invalid_request,
                   "The value specified in the x-amz-trailer header is not supported");
    all.expect(*checksum, std::nullopt);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return all;
}

void BodyPromises::update(std::string_view bytes) {
  for (Promise& promise : promises_) promise.hasher.update(bytes);
}

Result<void> BodyPromises::finish(const Headers& trailers) {
  for (Promise& promise : promises_) {
    const std::string found = promise.hasher.finish();
    if (!promise.expected) {
      const auto sent = trailers.find(promise.header);
      if (!sent)
        return Error(errors::malformed_trailer,
                     "The request contained trailing data that was not well-formed or did not "
                     "conform to our published "
                     "schema.");
      TRY(promise.expected, decode(*known(promise.header), *sent));
    }
    if (equal_constant_time(found, *promise.expected)) continue;
    if (promise.header == sha256_header)
      return Error(errors::content_sha256_mismatch,
                   "The provided 'x-amz-content-sha256' header does not match what was computed.");
    if (promise.header == md5_header)
      return Error(errors::bad_digest,
                   "The Content-MD5 you specified did not match what we received.");
    return Error(errors::bad_digest, "The " + std::string(promise.label) +
                                         " you specified did not match the calculated checksum.");
  }
  return {};
}

}  // namespace cloudlet::wire
