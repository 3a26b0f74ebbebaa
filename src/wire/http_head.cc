#include "wire/http_head.h"

#include <array>
#include <charconv>
#include <cstring>

namespace cloudlet::wire {
namespace {

constexpr std::array<bool, 256> token_table = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
  return table;
}();

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text)
    if (!token_table[static_cast<unsigned char>(c)]) return false;
  return true;
}

bool is_target(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return false;
  }
  return !text.empty();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the next line, without its CRLF.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

// One element of a comma-separated list.
bool lists(std::string_view list, std::string_view element) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equal_ignoring_case(trimmed(list.substr(0, comma)), element)) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

HeadFault parse_fields(std::string_view text, const HeadLimits& limits, Headers& headers) {
  std::size_t count = 0;
  for (;;) {
    const std::string_view line = take_line(text);
    if (line.empty()) return {};
    if (++count > limits.fields_max) return {431, "too many header fields"};
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {400, "a header line has no colon"};
    const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (!is_token(name)) return {400, "a header name is malformed"};
    if (!is_header_value(value)) return {400, "a header value holds control characters"};
    headers.add_in_text(name, value);
  }
}

struct BodyFields {
  bool has_length = false;
  bool chunked = false;
  std::uint64_t length = 0;
  bool close = false;
  bool keep_alive = false;
};

HeadFault content_length(std::string_view value, BodyFields& out) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (value.empty() || error != std::errc() || end != value.data() + value.size())
    return {400, "Content-Length is not a number"};
  if (out.has_length && length != out.length) return {400, "two Content-Lengths differ"};
  out.has_length = true;
  out.length = length;
  return {};
}

// What the fields say about the body and the connection (RFC 9112, 6 and 9).
HeadFault body_fields(const Headers& headers, BodyFields& out) {
  for (const auto [name, value] : headers) {
    if (name.size() == 14 && equal_ignoring_case(name, "Content-Length")) {
      if (const HeadFault fault = content_length(value, out)) return fault;
    } else if (name.size() == 17 && equal_ignoring_case(name, "Transfer-Encoding")) {
      if (out.chunked || !equal_ignoring_case(value, "chunked"))
        return {501, "only Transfer-Encoding: chunked is known"};
      out.chunked = true;
    } else if (name.size() == 10 && equal_ignoring_case(name, "Connection")) {
      out.close = out.close || lists(value, "close");
      out.keep_alive = out.keep_alive || lists(value, "keep-alive");
    }
  }
  if (out.chunked && out.has_length) return {400, "Content-Length beside Transfer-Encoding"};
  return {};
}

Framing framing_of(const BodyFields& fields) {
  if (fields.chunked) return {.kind = Framing::Kind::chunked};
  if (fields.has_length && fields.length > 0)
    return {.kind = Framing::Kind::length, .length = fields.length};
  return {};
}

// Origin form stays; the absolute form gives its authority to Host.
HeadFault take_target(std::string_view target, RequestHead& out, std::string_view& authority) {
  if (target.front() == '/' || (target == "*" && out.method == "OPTIONS")) {
    out.target = target;
    return {};
  }
  const std::size_t scheme = target.starts_with("http://")    ? 7
                             : target.starts_with("https://") ? 8
                                                              : 0;
  if (scheme == 0) return {400, "the request target is neither a path nor a URL"};
  const std::string_view rest = target.substr(scheme);
  const std::size_t end = rest.find_first_of("/?");
  authority = rest.substr(0, end);
  if (authority.empty()) return {400, "the request target has no host"};
  const std::string_view path =
      end == std::string_view::npos ? std::string_view() : rest.substr(end);
  out.target = path.empty() || path.front() == '?' ? "/" + std::string(path) : std::string(path);
  return {};
}

HeadFault check_host(int minor, std::string_view authority, RequestHead& out) {
  if (!authority.empty()) out.headers.set("Host", std::string(authority));
  std::size_t hosts = 0;
  for (const auto [name, value] : out.headers)
    if (name.size() == 4 && equal_ignoring_case(name, "Host")) ++hosts;
  if (hosts > 1) return {400, "more than one Host"};
  if (hosts == 0 && minor == 1) return {400, "Host is missing"};
  return {};
}

}  // namespace

bool is_header_name(std::string_view text) { return is_token(text); }

bool is_header_value(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return false;
  }
  return true;
}

HeadScanner::State HeadScanner::scan(std::string_view bytes) {
  while (scanned_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (!found) {
      scanned_ = bytes.size();
      return State::incomplete;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == 0 || bytes[at - 1] != '\r') return State::bad;
    scanned_ = at + 1;
    if (at - line_ == 1) return line_ == 0 ? State::bad : State::complete;
    line_ = at + 1;
  }
  return State::incomplete;
}

HeadFault parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out) {
  std::string_view text = head;
  const std::string_view line = take_line(text);
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || last == first)
    return {400, "the request line is malformed"};
  const std::string_view method = line.substr(0, first),
                         target = line.substr(first + 1, last - first - 1),
                         version = line.substr(last + 1);
  if (!is_token(method) || method.size() > 32) return {400, "the method is malformed"};
  if (!is_target(target)) return {400, "the request target is malformed"};
  if (target.size() > limits.target_max) return {414, "the request target is too long"};
  if (!version.starts_with("HTTP/")) return {400, "the request line is malformed"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return {505, "only HTTP/1.1 and HTTP/1.0 are known"};
  const int minor = version.back() - '0';

  out.method = method;
  out.minor = minor;
  std::string_view authority;
  if (const HeadFault fault = take_target(target, out, authority)) return fault;
  out.headers.assign_text(text);
  if (const HeadFault fault = parse_fields(out.headers.text(), limits, out.headers)) return fault;
  if (const HeadFault fault = check_host(minor, authority, out)) return fault;

  BodyFields fields;
  if (const HeadFault fault = body_fields(out.headers, fields)) return fault;
  if (fields.chunked && minor == 0) return {400, "Transfer-Encoding in HTTP/1.0"};
  out.framing = framing_of(fields);
  out.keep_alive = minor == 1 ? !fields.close : fields.keep_alive && !fields.close;
  out.expect_continue = false;
  if (const auto expect = out.headers.find("Expect"); expect && minor == 1) {
    if (!equal_ignoring_case(*expect, "100-continue"))
      return {417, "only Expect: 100-continue is known"};
    out.expect_continue = out.framing.kind != Framing::Kind::none;
  }
  return {};
}

HeadFault parse_response_head(std::string_view head, const HeadLimits& limits, ResponseHead& out) {
  std::string_view text = head;
  const std::string_view line = take_line(text);
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ')
    return {502, "the status line is malformed"};
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, out.status);
  if (error != std::errc() || end != line.data() + 12 || out.status < 100)
    return {502, "the status is malformed"};
  out.headers.assign_text(text);
  if (const HeadFault fault = parse_fields(out.headers.text(), limits, out.headers)) return fault;
  BodyFields fields;
  if (const HeadFault fault = body_fields(out.headers, fields)) return fault;
  out.framing = framing_of(fields);
  out.until_close = !fields.chunked && !fields.has_length;
  out.keep_alive = line[7] == '1' ? !fields.close : fields.keep_alive;
  return {};
}

}  // namespace cloudlet::wire
