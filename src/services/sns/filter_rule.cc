#include "services/sns/filter_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <charconv>

namespace cloudlet::sns {
namespace {

namespace json = boost::json;

// The service's numbers: -10^9 to 10^9, five digits after the point.
constexpr double number_max = 1e9;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_literal(const json::value& value) {
  return value.is_string() || value.is_number() || value.is_bool() || value.is_null();
}

Result<void> check_number(const json::value& value) {
  if (value.is_number() && std::abs(value.to_number<double>()) > number_max)
    return invalid("Value of number must be between -1.0E9 and 1.0E9");
  return {};
}

bool same(const json::value& literal, const Candidate& candidate) {
  if (const auto* text = std::get_if<std::string_view>(&candidate.value))
    return literal.is_string() && std::string_view(literal.get_string()) == *text;
  if (const auto* number = std::get_if<double>(&candidate.value))
    return literal.is_number() && literal.to_number<double>() == *number;
  if (const auto* truth = std::get_if<bool>(&candidate.value))
    return literal.is_bool() && literal.get_bool() == *truth;
  return literal.is_null();
}

// A text, or a list of texts.
Result<std::vector<std::string>> texts_of(const json::value& value, std::string_view name) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.emplace_back(value.get_string());
  if (value.is_array())
    for (const json::value& element : value.get_array()) {
      if (!element.is_string())
        return invalid(fmt::format("{} match pattern must be a string", name));
      texts.emplace_back(element.get_string());
    }
  if (texts.empty()) return invalid(fmt::format("{} match pattern must be a string", name));
  return texts;
}

Result<Rule> compile_text(Rule::Kind kind, const json::value& value, std::string_view name) {
  if (!value.is_string()) return invalid(fmt::format("{} match pattern must be a string", name));
  const std::string text(value.get_string());
  const bool ignore_case = kind == Rule::Kind::equals_ignore_case;
  return Rule{.kind = kind, .texts = {ignore_case ? lower(text) : text}};
}

Result<Rule> compile_anything_but(const json::value& value) {
  Rule rule{.kind = Rule::Kind::anything_but};
  if (const auto* object = value.if_object()) {
    if (object->size() != 1) return invalid("Only one key allowed in match expression");
    const auto& inner = *object->begin();
    if (inner.key() != "prefix" && inner.key() != "suffix")
      return invalid(
          fmt::format("Unsupported anything-but pattern: {}", std::string_view(inner.key())));
    rule.kind =
        inner.key() == "prefix" ? Rule::Kind::anything_but_prefix : Rule::Kind::anything_but_suffix;
    TRY(rule.texts, texts_of(inner.value(), inner.key()));
    return rule;
  }
  if (value.is_array())
    rule.literals.assign(value.get_array().begin(), value.get_array().end());
  else
    rule.literals.push_back(value);
  if (rule.literals.empty()) return invalid("Empty arrays are not allowed");
  for (const json::value& literal : rule.literals) {
    if (!literal.is_string() && !literal.is_number())
      return invalid("Inside anything-but list, only strings and numbers are supported");
    CHECK(check_number(literal));
  }
  return rule;
}

std::optional<Rule::Bound::Operator> parse_operator(const json::value& value) {
  using Operator = Rule::Bound::Operator;
  if (value == "=") return Operator::equal;
  if (value == "<") return Operator::less;
  if (value == "<=") return Operator::less_or_equal;
  if (value == ">") return Operator::greater;
  if (value == ">=") return Operator::greater_or_equal;
  return std::nullopt;
}

// ["=", 5] or [">", 0] or [">=", 0, "<", 10].
Result<Rule> compile_numeric(const json::value& value) {
  if (!value.is_array()) return invalid("Value of numeric must be an array.");
  const json::array& parts = value.get_array();
  if (parts.empty()) return invalid("Invalid member in numeric match: ]");
  if (parts.size() != 2 && parts.size() != 4)
    return invalid(parts.size() < 2 ? "Value of numeric must be numeric"
                                    : "Too many elements in numeric expression");
  Rule rule{.kind = Rule::Kind::numeric};
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    const auto op = parse_operator(parts[i]);
    if (!op)
      return invalid(
          fmt::format("Unrecognized numeric range operator: {}", json::serialize(parts[i])));
    if (!parts[i + 1].is_number()) return invalid("Value of numeric must be numeric");
    CHECK(check_number(parts[i + 1]));
    rule.bounds.push_back({.op = *op, .number = parts[i + 1].to_number<double>()});
  }
  if (rule.bounds.size() == 2) {
    using Operator = Rule::Bound::Operator;
    const bool lower_first =
        rule.bounds[0].op == Operator::greater || rule.bounds[0].op == Operator::greater_or_equal;
    const bool upper_second =
        rule.bounds[1].op == Operator::less || rule.bounds[1].op == Operator::less_or_equal;
    if (!lower_first || !upper_second) return invalid("Bad numeric range operator");
    if (rule.bounds[0].number >= rule.bounds[1].number)
      return invalid("Bottom must be less than top");
  }
  return rule;
}

std::string address_bytes(const boost::asio::ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

Result<Rule> compile_cidr(const json::value& value) {
  if (!value.is_string()) return invalid("prefix match pattern must be a string");
  const std::string_view text(value.get_string());
  const std::size_t slash = text.find('/');
  boost::system::error_code failure;
  const auto address = boost::asio::ip::make_address(std::string(text.substr(0, slash)), failure);
  const std::string_view digits = slash == text.npos ? std::string_view() : text.substr(slash + 1);
  int bits = -1;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size();
  if (failure || !whole || bits < 0 || bits > (address.is_v4() ? 32 : 128))
    return invalid("Malformed CIDR, one '/' required");
  return Rule{.kind = Rule::Kind::cidr, .network = address_bytes(address), .network_bits = bits};
}

bool in_network(const Rule& rule, std::string_view text) {
  boost::system::error_code failure;
  const auto address = boost::asio::ip::make_address(std::string(text), failure);
  if (failure) return false;
  const std::string bytes = address_bytes(address);
  if (bytes.size() != rule.network.size()) return false;
  for (int bit = 0; bit < rule.network_bits; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80 >> (bit % 8));
    const auto at = static_cast<std::size_t>(bit / 8);
    if ((static_cast<unsigned char>(bytes[at]) & mask) !=
        (static_cast<unsigned char>(rule.network[at]) & mask))
      return false;
  }
  return true;
}

bool within(const Rule::Bound& bound, double number) {
  switch (bound.op) {
    case Rule::Bound::Operator::equal: return number == bound.number;
    case Rule::Bound::Operator::less: return number < bound.number;
    case Rule::Bound::Operator::less_or_equal: return number <= bound.number;
    case Rule::Bound::Operator::greater: return number > bound.number;
    case Rule::Bound::Operator::greater_or_equal: return number >= bound.number;
  }
  return false;
}

}  // namespace

Result<Rule> Rule::compile(const json::value& json) {
  if (is_literal(json)) {
    CHECK(check_number(json));
    return Rule{.literals = {json}};
  }
  if (!json.is_object()) return invalid("Match value must be String, number, true, false, or null");
  const json::object& object = json.get_object();
  if (object.size() != 1) return invalid("Only one key allowed in match expression");
  const std::string_view name(object.begin()->key());
  const json::value& value = object.begin()->value();
  if (name == "prefix") return compile_text(Kind::prefix, value, name);
  if (name == "suffix") return compile_text(Kind::suffix, value, name);
  if (name == "equals-ignore-case") return compile_text(Kind::equals_ignore_case, value, name);
  if (name == "anything-but") return compile_anything_but(value);
  if (name == "numeric") return compile_numeric(value);
  if (name == "cidr") return compile_cidr(value);
  if (name == "exists") {
    if (!value.is_bool()) return invalid("exists match pattern must be either true or false.");
    return Rule{.kind = value.get_bool() ? Kind::exists : Kind::not_exists};
  }
  return invalid(fmt::format("Unrecognized match type {}", name));
}

bool Rule::holds(const Candidate& candidate) const {
  const auto* text = std::get_if<std::string_view>(&candidate.value);
  const auto starts = [&](const std::string& part) { return text->starts_with(part); };
  const auto ends = [&](const std::string& part) { return text->ends_with(part); };
  switch (kind) {
    case Kind::equals: return same(literals[0], candidate);
    case Kind::equals_ignore_case: return text != nullptr && lower(*text) == texts[0];
    case Kind::prefix: return text != nullptr && starts(texts[0]);
    case Kind::suffix: return text != nullptr && ends(texts[0]);
    case Kind::anything_but:
      return std::none_of(literals.begin(), literals.end(),
                          [&](const auto& literal) { return same(literal, candidate); });
    case Kind::anything_but_prefix:
      return text != nullptr && std::none_of(texts.begin(), texts.end(), starts);
    case Kind::anything_but_suffix:
      return text != nullptr && std::none_of(texts.begin(), texts.end(), ends);
    case Kind::numeric: {
      const auto* number = std::get_if<double>(&candidate.value);
      return number != nullptr &&
             std::all_of(bounds.begin(), bounds.end(),
                         [&](const Bound& bound) { return within(bound, *number); });
    }
    case Kind::exists: return true;
    case Kind::not_exists: return false;
    case Kind::cidr: return text != nullptr && in_network(*this, *text);
  }
  return false;
}

}  // namespace cloudlet::sns
