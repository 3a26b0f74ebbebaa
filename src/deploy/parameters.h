// Values for a template's parameters: given, kept from before, or the default; checked with the
// service's sentences.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "deploy/template.h"

namespace cloudlet::deploy {

struct GivenParameter {
  std::string name;
  std::string value;
  bool use_previous = false;
};

using ParameterTexts = std::map<std::string, std::string, std::less<>>;

// Every declared parameter's text. `previous` is what the stack has now (empty for a new one).
Result<ParameterTexts> resolve_parameters(const Template& of,
                                          const std::vector<GivenParameter>& given,
                                          const ParameterTexts& previous);

// What Ref gives: the text, or the list of a list type.
json::value parameter_value(const Parameter& parameter, std::string_view text);

}  // namespace cloudlet::deploy
