// The condition operators of policies: texts, booleans, IP addresses, with ForAllValues and
// ForAnyValue.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "gen/iot/errors.h"
#include "services/iot/policy_document.h"

namespace cloudlet::iot {
namespace {

namespace ip = boost::asio::ip;
using Test = std::function<bool(const std::string& value, const std::string& wanted)>;

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

bool in_network(const std::string& value, const std::string& wanted) {
  boost::system::error_code failed;
  const ip::address address = ip::make_address(value, failed);
  if (failed) return false;
  const std::size_t slash = wanted.find('/');
  const ip::address network = ip::make_address(wanted.substr(0, slash), failed);
  if (failed || network.is_v4() != address.is_v4()) return false;
  if (slash == std::string::npos) return network == address;
  if (address.is_v4()) {
    const ip::network_v4 range = ip::make_network_v4(wanted, failed);
    return !failed &&
           ip::network_v4(address.to_v4(), range.prefix_length()).canonical() == range.canonical();
  }
  const ip::network_v6 range = ip::make_network_v6(wanted, failed);
  return !failed &&
         ip::network_v6(address.to_v6(), range.prefix_length()).canonical() == range.canonical();
}

bool is_network(const std::string& text) {
  boost::system::error_code failed;
  const bool prefix = text.find('/') != std::string::npos;
  const ip::address address = ip::make_address(text.substr(0, text.find('/')), failed);
  if (failed || !prefix) return !failed;
  if (address.is_v4()) ip::make_network_v4(text, failed);
  if (address.is_v6()) ip::make_network_v6(text, failed);
  return !failed;
}

struct Operator {
  Test test;
  bool negated = false;  // StringNotEquals: none of the wanted may fit
};

std::optional<Operator> operator_of(std::string_view name) {
  const PolicyContext nothing;
  const Test equals = [](const std::string& value, const std::string& wanted) {
    return value == wanted;
  };
  const Test ignoring_case = [](const std::string& value, const std::string& wanted) {
    return lower(value) == lower(wanted);
  };
  const Test like = [nothing](const std::string& value, const std::string& wanted) {
    return PolicyPattern(wanted).matches(value, nothing);
  };
  if (name == "StringEquals" || name == "ArnEquals") return Operator{equals};
  if (name == "StringNotEquals" || name == "ArnNotEquals") return Operator{equals, true};
  if (name == "StringEqualsIgnoreCase") return Operator{ignoring_case};
  if (name == "StringNotEqualsIgnoreCase") return Operator{ignoring_case, true};
  if (name == "StringLike" || name == "ArnLike") return Operator{like};
  if (name == "StringNotLike" || name == "ArnNotLike") return Operator{like, true};
  if (name == "Bool") return Operator{ignoring_case};
  if (name == "IpAddress") return Operator{in_network};
  if (name == "NotIpAddress") return Operator{in_network, true};
  return std::nullopt;
}

}  // namespace

Result<std::function<bool(const std::vector<std::string>*)>> compile_condition(
    std::string_view operation, std::vector<std::string> wanted) {
  std::string_view name = operation;
  const bool for_all = name.starts_with("ForAllValues:");
  const bool for_any = name.starts_with("ForAnyValue:");
  if (for_all || for_any) name.remove_prefix(name.find(':') + 1);
  const bool if_exists = name.ends_with("IfExists");
  if (if_exists) name.remove_suffix(8);
  if (name == "Null") {
    const bool must_be_absent = !wanted.empty() && lower(wanted[0]) == "true";
    return [must_be_absent](const std::vector<std::string>* values) {
      return (values == nullptr) == must_be_absent;
    };
  }
  const auto found = operator_of(name);
  if (!found) {
    return errors::malformed_policy(
        fmt::format("Policy document is malformed: the condition operator {} is not "
                    "supported",
                    operation));
  }
  if (name == "IpAddress" || name == "NotIpAddress") {
    for (const std::string& network : wanted) {
      if (!is_network(network)) {
        return errors::malformed_policy(
            fmt::format("Policy document is malformed: {} is not an IP range", network));
      }
    }
  }
  return [op = *found, for_all, for_any, if_exists,
          wanted = std::move(wanted)](const std::vector<std::string>* values) {
    // An absent key: nothing contradicts a ForAllValues, an IfExists or a negated operator.
    if (!values || values->empty()) return for_all || if_exists || (op.negated && !for_any);
    const auto fits = [&](const std::string& value) {
      const bool any = std::any_of(wanted.begin(), wanted.end(),
                                   [&](const std::string& w) { return op.test(value, w); });
      return any != op.negated;
    };
    if (for_all || (op.negated && !for_any))
      return std::all_of(values->begin(), values->end(), fits);
    return std::any_of(values->begin(), values->end(), fits);
  };
}

}  // namespace cloudlet::iot
