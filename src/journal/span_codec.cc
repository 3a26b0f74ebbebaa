#include "journal/span_codec.h"

#include <algorithm>
#include <cstring>

namespace cloudlet::journal {
namespace {

// How much of each text is kept; together with the numbers below span_bytes_max.
constexpr std::size_t trace_max = 64, account_max = 32, region_max = 64, action_max = 128,
                      resource_max = 1400, reason_max = 2000;

char* put(char* at, const void* bytes, std::size_t count) {
  std::memcpy(at, bytes, count);
  return at + count;
}

template <class Number>
char* put(char* at, Number number) {
  return put(at, &number, sizeof number);
}

char* put(char* at, std::string_view text, std::size_t most) {
  const auto size = static_cast<std::uint16_t>(std::min(text.size(), most));
  return put(put(at, size), text.data(), size);
}

template <class Number>
bool take(std::string_view& bytes, Number& number) {
  if (bytes.size() < sizeof number) return false;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return true;
}

bool take(std::string_view& bytes, std::string_view& text) {
  std::uint16_t size = 0;
  if (!take(bytes, size) || bytes.size() < size) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

}  // namespace

Span SpanView::to_span() const {
  return {.cause = {.trace = std::string(trace), .span = parent, .hops = hops},
          .id = id,
          .scope = {.account = std::string(account), .region = std::string(region)},
          .action = std::string(action),
          .resource = std::string(resource),
          .outcome = outcome,
          .reason = std::string(reason),
          .at = from_millis(at_ms),
          .took = Duration(took_ms)};
}

std::size_t encode_span(const Span& span, std::uint64_t sequence, char* out) {
  char* at = out + sizeof(std::uint32_t);
  at = put(at, sequence);
  at = put(at, span.id);
  at = put(at, span.cause.span);
  at = put(at, to_millis(span.at));
  at = put(at,
           static_cast<std::uint32_t>(std::clamp<std::int64_t>(span.took.count(), 0, UINT32_MAX)));
  at = put(at, static_cast<std::uint8_t>(span.outcome));
  at = put(at, static_cast<std::uint8_t>(std::clamp(span.cause.hops, 0, 255)));
  at = put(at, span.cause.trace, trace_max);
  at = put(at, span.scope.account, account_max);
  at = put(at, span.scope.region, region_max);
  at = put(at, span.action, action_max);
  at = put(at, span.resource, resource_max);
  at = put(at, span.reason, reason_max);
  const auto size = static_cast<std::uint32_t>(at - out - sizeof(std::uint32_t));
  put(out, size);
  return static_cast<std::size_t>(at - out);
}

std::optional<SpanView> decode_span(std::string_view& bytes) {
  std::uint32_t size = 0;
  if (!take(bytes, size) || bytes.size() < size) return std::nullopt;
  std::string_view body = bytes.substr(0, size);
  bytes.remove_prefix(size);
  SpanView span;
  std::uint8_t outcome = 0, hops = 0;
  const bool whole = take(body, span.sequence) && take(body, span.id) && take(body, span.parent) &&
                     take(body, span.at_ms) && take(body, span.took_ms) && take(body, outcome) &&
                     take(body, hops) && take(body, span.trace) && take(body, span.account) &&
                     take(body, span.region) && take(body, span.action) &&
                     take(body, span.resource) && take(body, span.reason);
  if (!whole || outcome > static_cast<std::uint8_t>(Outcome::failed)) return std::nullopt;
  span.outcome = static_cast<Outcome>(outcome);
  span.hops = hops;
  return span;
}

}  // namespace cloudlet::journal
