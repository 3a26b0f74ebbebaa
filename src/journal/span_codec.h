// A span as bytes: what the ring in memory and the files on disk hold. Never leaves the machine.
//
//   u32 length of all that follows, u64 sequence, u64 id, u64 parent, i64 at_ms, u32 took_ms, u8
//   outcome, u8 hops, then trace, account, region, action, resource, reason: u16 length and bytes
//   each. Machine byte order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "journal/journal.h"

namespace cloudlet::journal {

// A span that borrows its texts from the bytes it was read from.
struct SpanView {
  std::uint64_t sequence = 0;  // order of recording, also across restarts
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  std::int64_t at_ms = 0;
  std::uint32_t took_ms = 0;
  Outcome outcome = Outcome::ok;
  int hops = 0;
  std::string_view trace, account, region, action, resource, reason;

  Span to_span() const;
};

// The longest a span gets: longer texts are cut.
constexpr std::size_t span_bytes_max = 4096;

// Writes into `out`, which has room for `span_bytes_max`; returns how many bytes.
std::size_t encode_span(const Span& span, std::uint64_t sequence, char* out);

// The first span of `bytes`, which is moved past it. Nothing at the end, or when the rest is no
// whole span.
std::optional<SpanView> decode_span(std::string_view& bytes);

}  // namespace cloudlet::journal
