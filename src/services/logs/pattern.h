// Filter patterns: which events a reader wants.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
//
// Served: terms (all of them, any of ?these, none of -those, "quoted ones") and JSON selectors
// { ($.level = "error" || $.code >= 500) && $.user.name != "x*" }. Refused: regular expressions
// (%...%) and [space, delimited] patterns.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloudlet::logs {

// A condition on a JSON event.
class Selector {
 public:
  virtual ~Selector() = default;
  virtual bool matches(const boost::json::value& event) const = 0;
};

// `{ ... }`, whole. InvalidParameterException with what is wrong.
Result<std::unique_ptr<const Selector>> compile_selector(std::string_view text);

class Pattern {
 public:
  static Result<Pattern> compile(std::string_view text);
  bool matches(std::string_view message) const;

 private:
  std::vector<std::string> all_, any_, none_;
  std::unique_ptr<const Selector> selector_;
};

}  // namespace cloudlet::logs
