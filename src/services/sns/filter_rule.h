// One rule of a filter policy: what a single value must be.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace cloudlet::sns {

// What a rule is asked about. Texts and numbers are told apart: "5" is not 5.
struct Candidate {
  std::variant<std::nullptr_t, bool, double, std::string_view> value;
};

struct Rule {
  enum class Kind {
    equals,  // the literal
    equals_ignore_case,
    prefix,
    suffix,
    anything_but,  // none of the literals
    anything_but_prefix,
    anything_but_suffix,
    numeric,  // all of the bounds
    exists,
    not_exists,
    cidr,
  };
  struct Bound {
    enum class Operator {
      equal,
      less,
      less_or_equal,
      greater,
      greater_or_equal
    } op = Operator::equal;
    double number = 0;
  };

  Kind kind = Kind::equals;
  std::vector<boost::json::value> literals;  // equals: one; anything_but: any
  std::vector<std::string> texts;            // prefixes, suffixes, the text without case
  std::vector<Bound> bounds;
  std::string network;  // cidr: the address's bytes
  int network_bits = 0;

  // `json` is an element of a rule list. The error's message is the part after "FilterPolicy: ".
  static Result<Rule> compile(const boost::json::value& json);
  // Does a value that is there satisfy the rule?
  bool holds(const Candidate& candidate) const;
  // Does the rule ask about a value at all, or only whether there is one?
  bool about_presence() const { return kind == Kind::exists || kind == Kind::not_exists; }
};

}  // namespace cloudlet::sns
