#include "wire/sigv4.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/digest.h"
#include "base/encoding.h"
#include "wire/sigv2.h"

namespace cloudlet::wire::sigv4 {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

void take_credential(std::string_view credential, Signature& out, std::string& incomplete) {
  auto parts = split(credential, '/');
  if (parts.size() < 5) {
    out.access_key = parts[0];
    incomplete +=
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/term, got '" +
        std::string(credential) + "' ";
    return;
  }
  // An access key may itself hold slashes; the scope is the last four.
  const std::size_t n = parts.size();
  out.terminator = parts[n - 1];
  out.service = parts[n - 2];
  out.region = parts[n - 3];
  out.date = parts[n - 4];
  const std::size_t scope_size =
      parts[n - 1].size() + parts[n - 2].size() + parts[n - 3].size() + parts[n - 4].size() + 4;
  out.access_key = credential.substr(0, credential.size() - scope_size);
}

void take_signed_headers(std::string_view list, Signature& out) {
  for (const std::string_view name : split(list, ';'))
    if (!name.empty()) out.signed_headers.push_back(lower(name));
}

Parsed parse_header(const Request& request, std::string_view value) {
  Parsed parsed;
  Signature& out = parsed.signature.emplace();
  bool credential = false, headers = false;
  for (std::string_view part : split(value.substr(algorithm.size()), ',')) {
    part = trimmed(part);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = part.substr(0, equals), text = part.substr(equals + 1);
    if (name == "Credential") {
      credential = true;
      take_credential(text, out, parsed.incomplete);
    } else if (name == "SignedHeaders") {
      headers = true;
      take_signed_headers(text, out);
    } else if (name == "Signature") {
      out.signature = text;
    }
  }
  out.timestamp = request.headers.get("X-Amz-Date", request.headers.get("Date"));
  out.token = request.headers.get("X-Amz-Security-Token");
  if (!credential) parsed.incomplete += "Authorization header requires 'Credential' parameter. ";
  if (out.signature.empty())
    parsed.incomplete += "Authorization header requires 'Signature' parameter. ";
  if (!headers) parsed.incomplete += "Authorization header requires 'SignedHeaders' parameter. ";
  if (out.timestamp.empty())
    parsed.incomplete +=
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!parsed.incomplete.empty()) parsed.incomplete += "Authorization=" + std::string(value);
  return parsed;
}

Parsed parse_query(const Request& request) {
  Parsed parsed;
  Signature out{.place = Signature::Place::query};
  bool has_algorithm = false, credential = false, headers = false;
  for (const std::string_view part : split(request.query(), '&')) {
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    if (!name.starts_with("X-Amz-") || equals == std::string_view::npos) continue;
    const std::string text = percent_decode(part.substr(equals + 1), Plus::space).value_or("");
    if (name == "X-Amz-Algorithm") {
      has_algorithm = text == algorithm;
    } else if (name == "X-Amz-Credential") {
      credential = true;
      take_credential(text, out, parsed.incomplete);
    } else if (name == "X-Amz-SignedHeaders") {
      headers = true;
      take_signed_headers(text, out);
    } else if (name == "X-Amz-Signature") {
      out.signature = text;
    } else if (name == "X-Amz-Date") {
      out.timestamp = text;
    } else if (name == "X-Amz-Expires") {
      out.expires = text;
    } else if (name == "X-Amz-Security-Token") {
      out.token = text;
    }
  }
  if (!has_algorithm && !credential) return parsed;
  if (!has_algorithm)
    parsed.incomplete += "AWS query-string parameters must include 'X-Amz-Algorithm'. ";
  if (!credential)
    parsed.incomplete += "AWS query-string parameters must include 'X-Amz-Credential'. ";
  if (out.signature.empty())
    parsed.incomplete += "AWS query-string parameters must include 'X-Amz-Signature'. ";
  if (!headers)
    parsed.incomplete += "AWS query-string parameters must include 'X-Amz-SignedHeaders'. ";
  if (out.timestamp.empty())
    parsed.incomplete += "AWS query-string parameters must include 'X-Amz-Date'. ";
  if (!parsed.incomplete.empty()) parsed.incomplete += "Re-examine the query-string parameters.";
  parsed.signature = std::move(out);
  return parsed;
}

// The value of a header in the canonical form: duplicates joined, spaces trimmed and runs of them
// made one.
std::string canonical_value(const Headers& headers, std::string_view wanted) {
  std::string out;
  bool first = true;
  for (const auto [name, value] : headers) {
    if (!equal_ignoring_case(name, wanted)) continue;
    if (!first) out += ',';
    first = false;
    bool space = false;
    for (const char c : trimmed(value)) {
      const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
      if (!is_space) out += c;
      if (is_space && !space) out += ' ';
      space = is_space;
    }
  }
  return out;
}

// Decoded and encoded again, so that both sides agree whatever was left unencoded.
std::string reencoded(std::string_view text, Slash slash) {
  const auto plain = percent_decode(text);
  return percent_encode(plain ? std::string_view(*plain) : text, slash);
}

}  // namespace

bool Signature::signs(std::string_view header) const {
  return std::find(signed_headers.begin(), signed_headers.end(), header) != signed_headers.end();
}

Parsed parse_signature(const Request& request) {
  const std::string_view header = request.headers.get("Authorization");
  if (header.starts_with(algorithm)) return parse_header(request, header);
  if (request.query().find("X-Amz-") != std::string_view::npos) return parse_query(request);
  return {.signature = sigv2::parse(request)};
}

std::string signing_name(const Request& request) {
  std::string_view header = request.headers.get("Authorization");
  const std::size_t at = header.find("Credential=");
  if (!header.starts_with(algorithm) || at == std::string_view::npos) {
    const Parsed parsed = parse_signature(request);
    return parsed.signature ? parsed.signature->service : std::string();
  }
  header = header.substr(at);
  header = header.substr(0, header.find_first_of(", "));
  const std::size_t last = header.rfind('/');
  if (last == std::string_view::npos || last == 0) return {};
  const std::size_t before = header.rfind('/', last - 1);
  return before == std::string_view::npos
             ? std::string()
             : std::string(header.substr(before + 1, last - before - 1));
}

std::string canonical_path(std::string_view path, PathStyle style) {
  if (path.empty()) return "/";
  if (style == PathStyle::s3) return reencoded(path, Slash::keep);
  std::vector<std::string_view> kept;
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else {
      kept.push_back(segment);
    }
  }
  std::string normal;
  for (const std::string_view segment : kept) normal.append("/").append(segment);
  if (normal.empty() || path.back() == '/') normal += '/';
  return percent_encode(normal, Slash::keep);
}

std::string canonical_query(std::string_view query, std::string_view without) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    if (!without.empty() && name == without) continue;
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    pairs.emplace_back(reencoded(name, Slash::encode), reencoded(value, Slash::encode));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string canonical_request(const Request& request, std::vector<std::string> signed_headers,
                              std::string_view payload_hash, PathStyle style) {
  std::sort(signed_headers.begin(), signed_headers.end());
  const std::string_view target =
      request.sent_target.empty() ? request.target : request.sent_target;
  const std::size_t question = target.find('?');
  const std::string_view query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  std::string out;
  out.reserve(512);
  out.append(request.method)
      .append("\n")
      .append(canonical_path(target.substr(0, question), style))
      .append("\n");
  out.append(canonical_query(query, "X-Amz-Signature")).append("\n");
  std::string names;
  for (const std::string& name : signed_headers) {
    out.append(name).append(":").append(canonical_value(request.headers, name)).append("\n");
    if (!names.empty()) names += ';';
    names += name;
  }
  out.append("\n").append(names).append("\n").append(payload_hash);
  return out;
}

std::string string_to_sign(std::string_view timestamp, std::string_view scope,
                           std::string_view canonical) {
  std::string out(algorithm);
  out.append("\n").append(timestamp).append("\n").append(scope).append("\n").append(
      to_hex(sha256(canonical)));
  return out;
}

std::string signing_key(const KeyScope& scope) {
  const std::string by_date = hmac_sha256("AWS4" + std::string(scope.secret), scope.date);
  return hmac_sha256(hmac_sha256(hmac_sha256(by_date, scope.region), scope.service),
                     "aws4_request");
}

std::optional<Time> parse_timestamp(std::string_view text) {
  int fields[6] = {};
  if (text.size() == 16 && text[8] == 'T' && text[15] == 'Z') {
    constexpr std::pair<std::size_t, std::size_t> places[] = {{0, 4}, {4, 2},  {6, 2},
                                                              {9, 2}, {11, 2}, {13, 2}};
    for (std::size_t i = 0; i < 6; ++i) {
      const std::string_view part = text.substr(places[i].first, places[i].second);
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), fields[i]);
      if (error != std::errc() || end != part.data() + part.size() || fields[i] < 0)
        return std::nullopt;
    }
  } else if (text.size() == 29 && text.ends_with(" GMT")) {  // "Sun, 30 Aug 2015 12:36:00 GMT"
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const std::size_t month = months.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    fields[1] = static_cast<int>(month / 3) + 1;
    constexpr std::pair<std::size_t, std::size_t> places[] = {{12, 4}, {0, 0},  {5, 2},
                                                              {17, 2}, {20, 2}, {23, 2}};
    for (std::size_t i = 0; i < 6; ++i) {
      if (i == 1) continue;
      const std::string_view part = text.substr(places[i].first, places[i].second);
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), fields[i]);
      if (error != std::errc() || end != part.data() + part.size() || fields[i] < 0)
        return std::nullopt;
    }
  } else {
    return std::nullopt;
  }
  using namespace std::chrono;
  const year_month_day date{year(fields[0]), month(static_cast<unsigned>(fields[1])),
                            day(static_cast<unsigned>(fields[2]))};
  if (!date.ok() || fields[3] > 23 || fields[4] > 59 || fields[5] > 60) return std::nullopt;
  return Time(sys_days(date) + hours(fields[3]) + minutes(fields[4]) + seconds(fields[5]));
}

}  // namespace cloudlet::wire::sigv4
