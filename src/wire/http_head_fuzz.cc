// Bytes off a socket: request and response heads, the chunked coding. What parses must be
// consistent.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "wire/http_chunked.h"
#include "wire/http_head.h"

using namespace cloudlet::wire;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void heads(std::string_view bytes) {
  // However it is cut, the end is found at the same place.
  HeadScanner whole, pieces;
  const HeadScanner::State state = whole.scan(bytes);
  HeadScanner::State stepwise = HeadScanner::State::incomplete;
  for (std::size_t size = 0; size <= bytes.size() && stepwise == HeadScanner::State::incomplete;
       ++size)
    stepwise = pieces.scan(bytes.substr(0, size));
  check(state == stepwise);
  if (state != HeadScanner::State::complete) return;
  check(whole.size() == pieces.size());
  const std::string_view head = bytes.substr(0, whole.size());
  RequestHead request;
  if (!parse_request_head(head, {}, request)) {
    check(!request.method.empty() && !request.target.empty());
    for (const auto [name, value] : request.headers) {
      check(!name.empty());
      check(value.find_first_of("\r\n") == std::string_view::npos);
    }
    if (request.framing.kind == Framing::Kind::length) check(request.framing.length > 0);
  }
  ResponseHead response;
  if (!parse_response_head(head, {}, response))
    check(response.status >= 100 && response.status <= 999);
}

void chunks(std::string_view bytes, std::size_t step) {
  ChunkedDecoder at_once, stepwise;
  std::string out_at_once, out_stepwise;
  std::string_view rest = bytes;
  auto state = ChunkedDecoder::State::more;
  while (!rest.empty() && state == ChunkedDecoder::State::more)
    state = at_once.decode(rest, out_at_once, 1 << 20);
  auto other = ChunkedDecoder::State::more;
  for (std::string_view left = bytes; !left.empty() && other == ChunkedDecoder::State::more;) {
    std::string_view piece = left.substr(0, step);
    const std::size_t before = piece.size();
    other = stepwise.decode(piece, out_stepwise, 3);
    left.remove_prefix(before - piece.size());
  }
  check(state == other && out_at_once == out_stepwise);
  check(out_at_once.size() <= bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0)
    heads(bytes);
  else
    chunks(bytes, 1 + data[0] % 7);
  return 0;
}
