// The aws-chunked decoder: however the bytes are cut, the same data or the same refusal; never more
// out than in.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "wire/chunked.h"

using namespace cloudlet::wire;

namespace {

struct Decoded {
  std::string out;
  std::string error;
};

Decoded decode(std::string_view bytes, std::size_t step, bool is_signed, bool trailer) {
  AwsChunkedDecoder::Expectations expect{.trailer = trailer};
  if (is_signed)
    expect.signing = {.key = std::string(32, 'k'),
                      .timestamp = "20130524T000000Z",
                      .scope = "s",
                      .previous = "p"};
  AwsChunkedDecoder decoder(std::move(expect));
  Decoded decoded;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const auto taken = decoder.decode(bytes.substr(at, step), decoded.out);
    if (taken.has_error()) {
      decoded.error = taken.error().kind().name;
      return decoded;
    }
  }
  const auto finished = decoder.finish();
  if (finished.has_error()) decoded.error = finished.error().kind().name;
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_signed = data[0] & 1, trailer = data[0] & 2;
  const Decoded whole = decode(bytes, bytes.size() + 1, is_signed, trailer);
  const Decoded pieces = decode(bytes, 1 + data[0] / 4 % 9, is_signed, trailer);
  if (whole.error != pieces.error || whole.out.size() > bytes.size()) std::abort();
  if (whole.error.empty() && whole.out != pieces.out) std::abort();
  cloudlet::wire::Headers headers;
  headers.add("x-amz-trailer", bytes.substr(0, 40));
  headers.add("x-amz-checksum-crc32", bytes.substr(0, 12));
  headers.add("Content-MD5", bytes.substr(0, 24));
  if (auto promises = BodyPromises::of(headers); promises.has_value()) {
    promises->update(bytes);
    (void)promises->finish({});
  }
  return 0;
}
