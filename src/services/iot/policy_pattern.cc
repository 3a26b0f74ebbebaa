// Matching with wildcards and variables, and what may be asked of a connection.
#include "services/iot/policy_document.h"

namespace cloudlet::iot {
namespace {

// Wildcards in a resolved pattern. MQTT texts with these characters match no pattern that has a
// wildcard or variable there.
constexpr char any = '\x01';
constexpr char one = '\x02';

// Linear but for the last '*': no way to make it explode.
bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == text[t] || pattern[p] == one) && pattern[p] != any) {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == any) {
      star = p++;
      resume = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == any) ++p;
  return p == pattern.size();
}

}  // namespace

PolicyPattern::PolicyPattern(std::string_view text) {
  std::string plain;
  const auto flush = [&] {
    if (!plain.empty()) parts_.push_back({Part::Kind::text, std::move(plain)});
    plain.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") {
      const std::size_t close = text.find('}', i);
      const std::string_view name =
          close == std::string_view::npos ? "" : text.substr(i + 2, close - i - 2);
      if (name == "*" || name == "?" || name == "$") {  // the escapes for the characters themselves
        plain += name;
        i = close;
        continue;
      }
      if (!name.empty()) {
        flush();
        parts_.push_back({Part::Kind::variable, std::string(name)});
        variables_.emplace_back(name);
        i = close;
        continue;
      }
    }
    if (text[i] == '*' || text[i] == '?') {
      flush();
      parts_.push_back({text[i] == '*' ? Part::Kind::any : Part::Kind::one, {}});
      continue;
    }
    plain += text[i];
  }
  flush();
  if (!variables_.empty()) return;
  for (const Part& part : parts_) {
    constant_ += part.kind == Part::Kind::text
                     ? part.text
                     : std::string(1, part.kind == Part::Kind::any ? any : one);
  }
}

bool PolicyPattern::matches(std::string_view text, const PolicyContext& context) const {
  if (variables_.empty()) return glob(constant_, text);
  std::string resolved;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Part::Kind::text: resolved += part.text; break;
      case Part::Kind::any: resolved += any; break;
      case Part::Kind::one: resolved += one; break;
      case Part::Kind::variable: {
        const auto* values = context.find(part.text);
        if (!values || values->size() != 1 ||
            values->front().find_first_of("\x01\x02") != std::string::npos)
          return false;
        resolved += values->front();
      }
    }
  }
  return glob(resolved, text);
}

bool known_context_key(std::string_view key) {
  constexpr std::string_view keys[] = {"aws:SecureTransport",
                                       "aws:SourceIp",
                                       "iot:ClientId",
                                       "iot:Connection.Thing.IsAttached",
                                       "iot:Connection.Thing.ThingName",
                                       "iot:Connection.Thing.ThingTypeName",
                                       "iot:ConnectAttributes",
                                       "iot:DomainName",
                                       "iot:LastWillTopic",
                                       "iot:Certificate.SerialNumber"};
  for (const std::string_view known : keys) {
    if (key == known) return true;
  }
  if (key.starts_with("iot:Connection.Thing.Attributes[") && key.ends_with("]")) return true;
  return key.starts_with("iot:Certificate.Subject.") || key.starts_with("iot:Certificate.Issuer.");
}

}  // namespace cloudlet::iot
