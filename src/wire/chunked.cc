#include "wire/chunked.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "wire/http_server.h"
#include "wire/sigv4.h"

namespace cloudlet::wire {
namespace errors {
const ErrorKind chunk_signature_mismatch{
    .name = "SignatureDoesNotMatch", .code = "SignatureDoesNotMatch", .status = 403};
}

namespace {

// Far more than "16 hex digits;chunk-signature=64 hex digits" and than any trailer of checksums.
constexpr std::size_t line_max = 1024;
constexpr std::size_t trailer_max = 8 * 1024;

Error malformed() {
  return {errors::invalid_request, "The aws-chunked encoding of the request body is malformed."};
}

Error incomplete() { return {errors::incomplete_body, "The request body terminated unexpectedly"}; }

}  // namespace

std::string chunk_signature(const ChunkSigning& signing, std::string_view data_sha256_hex) {
  std::string text = "AWS4-HMAC-SHA256-PAYLOAD\n" + signing.timestamp + "\n" + signing.scope +
                     "\n" + signing.previous + "\n";
  text.append(sigv4::empty_sha256).append("\n").append(data_sha256_hex);
  return to_hex(hmac_sha256(signing.key, text));
}

std::string trailer_signature(const ChunkSigning& signing, std::string_view lines_sha256_hex) {
  std::string text = "AWS4-HMAC-SHA256-TRAILER\n" + signing.timestamp + "\n" + signing.scope +
                     "\n" + signing.previous + "\n";
  text.append(lines_sha256_hex);
  return to_hex(hmac_sha256(signing.key, text));
}

AwsChunkedDecoder::AwsChunkedDecoder(Expectations expectations)
    : expect_(std::move(expectations)) {}

Result<void> AwsChunkedDecoder::check(std::string_view sent, const std::string& computed) {
  if (!equal_constant_time(sent, computed))
    return Error(errors::chunk_signature_mismatch,
                 "The request signature we calculated does not match the signature you provided. "
                 "Check your key and "
                 "signing method.");
  expect_.signing->previous = computed;
  return {};
}

Result<void> AwsChunkedDecoder::take_head(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  const std::string_view digits = line.substr(0, semicolon);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return malformed();
  if (expect_.decoded_length && left_ > *expect_.decoded_length - decoded_) return incomplete();
  sent_signature_.clear();
  constexpr std::string_view name = "chunk-signature=";
  if (semicolon != std::string_view::npos && line.substr(semicolon + 1).starts_with(name))
    sent_signature_ = line.substr(semicolon + 1 + name.size());
  if (expect_.signing) {
    if (sent_signature_.empty()) return malformed();
    chunk_hash_.emplace(Algorithm::sha256);
  }
  if (left_ > 0) {
    step_ = Step::data;
    return {};
  }
  // The last chunk has no data; its signature is due now.
  if (expect_.signing)
    CHECK(check(sent_signature_, chunk_signature(*expect_.signing, to_hex(chunk_hash_->finish()))));
  step_ = Step::trailer;
  return {};
}

Result<void> AwsChunkedDecoder::end_chunk() {
  if (expect_.signing)
    CHECK(check(sent_signature_, chunk_signature(*expect_.signing, to_hex(chunk_hash_->finish()))));
  step_ = Step::head;
  return {};
}

Result<void> AwsChunkedDecoder::take_trailer(std::string_view line) {
  if (line.empty()) {
    const bool unsigned_trailer = expect_.signing && expect_.trailer && !trailer_signed_;
    if (unsigned_trailer)
      return Error(errors::malformed_trailer, "The trailer of the request body is not signed.");
    step_ = Step::done;
    return {};
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || trailer_lines_.size() > trailer_max || trailer_signed_)
    return malformed();
  std::string_view name = line.substr(0, colon), value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (equal_ignoring_case(name, "x-amz-trailer-signature")) {
    trailer_signed_ = true;
    if (!expect_.signing) return {};
    return check(value, trailer_signature(*expect_.signing, to_hex(sha256(trailer_lines_))));
  }
  trailers_.add(name, value);
  trailer_lines_.append(name).append(":").append(value).append("\n");
  return {};
}

Result<void> AwsChunkedDecoder::decode(std::string_view in, std::string& out) {
  while (!in.empty()) {
    if (step_ == Step::done) return malformed();
    if (step_ == Step::data) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
      const std::string_view data = in.substr(0, count);
      if (chunk_hash_) chunk_hash_->update(data);
      out.append(data);
      in.remove_prefix(count);
      left_ -= count;
      decoded_ += count;
      if (left_ == 0) step_ = Step::data_end;
      continue;
    }
    const std::size_t feed = in.find('\n');
    line_.append(in.substr(0, feed));
    if (line_.size() > line_max) return malformed();
    if (feed == std::string_view::npos) return {};
    in.remove_prefix(feed + 1);
    if (line_.empty() || line_.back() != '\r') return malformed();
    line_.pop_back();
    if (step_ == Step::data_end) {
      if (!line_.empty()) return malformed();
      CHECK(end_chunk());
    } else if (step_ == Step::head) {
      CHECK(take_head(line_));
    } else {
      CHECK(take_trailer(line_));
    }
    line_.clear();
  }
  return {};
}

Result<void> AwsChunkedDecoder::finish() const {
  if (step_ != Step::done) return incomplete();
  if (expect_.decoded_length && decoded_ != *expect_.decoded_length) return incomplete();
  return {};
}

namespace {

class OpenedBody : public BodySource {
 public:
  OpenedBody(Body body, BodyRules rules) : body_(std::move(body)), rules_(std::move(rules)) {}

  Task<Result<std::string>> read() override {
    while (!ended_) {
      CO_TRY(std::string piece, co_await body_.read());
      ended_ = piece.empty();
      if (rules_.chunked && !ended_) {
        std::string decoded;
        CO_CHECK(rules_.chunked->decode(piece, decoded));
        piece = std::move(decoded);
      }
      if (!piece.empty()) {
        rules_.promises.update(piece);
        co_return piece;
      }
    }
    if (std::exchange(checked_, true)) co_return std::string();
    if (rules_.chunked) CO_CHECK(rules_.chunked->finish());
    static const Headers none;
    CO_CHECK(rules_.promises.finish(rules_.chunked ? rules_.chunked->trailers() : none));
    co_return std::string();
  }

 private:
  Body body_;
  BodyRules rules_;
  bool ended_ = false;
  bool checked_ = false;
};

}  // namespace

Result<Body> opened(Body body, BodyRules rules) {
  if (!rules.chunked && !rules.promises.any()) return body;
  std::string* whole = body.whole();
  if (!whole) {
    const std::optional<std::uint64_t> size = rules.size;
    return Body(std::make_unique<OpenedBody>(std::move(body), std::move(rules)), size);
  }
  if (rules.chunked) {
    std::string decoded;
    CHECK(rules.chunked->decode(*whole, decoded));
    CHECK(rules.chunked->finish());
    *whole = std::move(decoded);
  }
  rules.promises.update(*whole);
  CHECK(rules.promises.finish(rules.chunked ? rules.chunked->trailers() : Headers()));
  return Body(std::move(*whole));
}

}  // namespace cloudlet::wire
