#include "delivery/mime.h"

#include <algorithm>

#include "base/encoding.h"

namespace cloudlet::delivery {
namespace {

constexpr std::size_t line_max = 998;  // RFC 5322, 2.1.1

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

std::string without_controls(std::string_view text) {
  std::string clean(text);
  for (char& c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return clean;
}

// CR LF, CR and LF all end a line.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32 + 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n' || text[i] == '\r')
      out += "\r\n";
    else
      out += text[i];
  }
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

bool seven_bit(std::string_view text) {
  std::size_t line = 0;
  for (const char c : text) {
    if (!is_plain(c) && c != '\t' && c != '\r' && c != '\n') return false;
    line = c == '\n' ? 0 : line + 1;
    if (line > line_max) return false;
  }
  return true;
}

std::string base64_lines(std::string_view text) {
  const std::string all = to_base64(text);
  std::string out;
  for (std::size_t i = 0; i < all.size(); i += 76) out.append(all, i, 76).append("\r\n");
  return out;
}

std::string mailbox_header(std::string_view name, const std::string& address) {
  if (name.empty()) return "<" + address + ">";
  std::string quoted = encode_header_text(name);
  const bool encoded = quoted.starts_with("=?");
  if (!encoded) {
    std::string escaped;
    for (const char c : quoted) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    quoted = "\"" + escaped + "\"";
  }
  return quoted + " <" + address + ">";
}

std::string mail_date(Time time) {
  std::string date = http_date(time);  // ends in "GMT", which mail calls obsolete
  date.replace(date.size() - 3, 3, "+0000");
  return date;
}

// Bytes of the UTF-8 character that starts at `at`; 1 for bytes that start none.
std::size_t character_size(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0) == 0x80)
    ++size;
  return std::min<std::size_t>(size, 4);
}

}  // namespace

bool valid_mail_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || at + 1 == address.size() ||
      address.size() > 254)
    return false;
  const auto forbidden = [](char c) {
    return !is_plain(c) || c == ' ' ||
           std::string_view("<>()[],;:\\\"").find(c) != std::string_view::npos;
  };
  if (std::any_of(address.begin(), address.end(), forbidden)) return false;
  const std::string_view local = address.substr(0, at), domain = address.substr(at + 1);
  if (local.find('@') != local.npos || domain.front() == '.' || domain.back() == '.' ||
      domain.front() == '-')
    return false;
  const auto in_domain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  };
  return std::all_of(domain.begin(), domain.end(), in_domain) && domain.find("..") == domain.npos;
}

std::string encode_header_text(std::string_view raw) {
  const std::string text = without_controls(raw);
  const bool plain = std::all_of(text.begin(), text.end(), is_plain);
  if (plain && text.size() <= 900 && text.find("=?") == text.npos) return text;
  // "=?UTF-8?B?" and "?=" leave 63 characters of base64: 45 bytes, cut between characters.
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size()) {
      const std::size_t size = character_size(text, end);
      if (end + size - at > 45) break;
      end += size;
    }
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + to_base64(std::string_view(text).substr(at, end - at)) + "?=";
    at = end;
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  std::size_t line = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      out += "\r\n";
      line = 0;
      ++i;
      continue;
    }
    const bool at_line_end = i + 1 == text.size() || text[i + 1] == '\r';
    const bool blank = c == ' ' || c == '\t';
    const bool literal = (is_plain(c) && c != '=' && c != ' ') || (blank && !at_line_end);
    const std::size_t width = literal ? 1 : 3;
    if (line + width > 75) {
      out += "=\r\n";
      line = 0;
    }
    if (literal) {
      out += c;
    } else {
      out += '=';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
    line += width;
  }
  return out;
}

std::string render(const MailMessage& message) {
  const std::string text = with_crlf(message.body);
  const auto foreign =
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
  const bool plain = seven_bit(text);
  const bool mostly_foreign = static_cast<std::size_t>(foreign) * 3 > text.size();

  std::string out;
  const auto field = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  field("Date", mail_date(message.date));
  field("From", mailbox_header(message.from_name, message.from_address));
  field("To", "<" + without_controls(message.to) + ">");
  field("Message-ID", "<" + without_controls(message.message_id) + "@cloudlet>");
  if (!message.subject.empty()) field("Subject", encode_header_text(message.subject));
  field("Auto-Submitted", "auto-generated");  // RFC 3834: no out-of-office answers, please
  for (const auto& [name, value] : message.headers) field(name, encode_header_text(value));
  field("MIME-Version", "1.0");
  field("Content-Type", "text/plain; charset=UTF-8");
  field("Content-Transfer-Encoding", plain            ? "7bit"
                                     : mostly_foreign ? "base64"
                                                      : "quoted-printable");
  out += "\r\n";
  return out + (plain ? text : mostly_foreign ? base64_lines(text) : quoted_printable(text));
}

}  // namespace cloudlet::delivery
