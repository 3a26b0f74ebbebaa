// Substitution templates: the `${...}` in an action's fields, compiled once with the rule.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-substitution-templates.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/iot/sql/expr.h"

namespace cloudlet::iot::sql {

class Template {
 public:
  static constexpr std::size_t bytes_max = 16 << 10;

  Template() = default;
  static Result<Template> compile(std::string_view text, Version version,
                                  const Variables& variables = {});

  // Expressions see the message and the statement's variables, never its aliases. Undefined and
  // null are written as nothing.
  std::string expand(Input& input) const;
  bool constant() const { return parts_.empty(); }  // no `${...}` in it
  const std::string& text() const { return text_; }

 private:
  struct Part {
    std::string before;
    ExprPtr value;
  };
  Version version_ = Version::v2016_03_23;
  std::string text_;
  std::vector<Part> parts_;
  std::string tail_;
};

}  // namespace cloudlet::iot::sql
