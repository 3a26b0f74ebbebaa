#include "deploy/parameters.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "deploy/errors.h"

namespace cloudlet::deploy {
namespace {

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (std::size_t start = 0;;) {
    const auto comma = text.find(',', start);
    std::string_view part =
        text.substr(start, comma == std::string_view::npos ? comma : comma - start);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.emplace_back(part);
    if (comma == std::string_view::npos) return parts;
    start = comma + 1;
  }
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

// Of UTF-8: bytes that continue none count.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string shown(double value) { return *scalar_text(json::value(value)); }

// The constraint's own sentence, if the template gives one, replaces ours.
Error refused(const Parameter& parameter, const std::string& why) {
  if (!parameter.constraint_description.empty())
    return invalid_template("Parameter " + parameter.name +
                            " failed to satisfy constraint: " + parameter.constraint_description);
  return invalid_template("Parameter '" + parameter.name + "' " + why);
}

Result<void> check_element(const Parameter& parameter, const std::string& text) {
  if (!parameter.allowed_values.empty() &&
      std::find(parameter.allowed_values.begin(), parameter.allowed_values.end(), text) ==
          parameter.allowed_values.end())
    return refused(parameter, "must be one of AllowedValues");
  if (!parameter.allowed_pattern.empty() &&
      !re2::RE2::FullMatch(text, re2::RE2(parameter.allowed_pattern, re2::RE2::Quiet)))
    return refused(parameter, "must match pattern " + parameter.allowed_pattern);
  const std::size_t length = characters(text);
  if (parameter.min_length && length < *parameter.min_length)
    return refused(parameter, "must contain at least " + std::to_string(*parameter.min_length) +
                                  " characters");
  if (parameter.max_length && length > *parameter.max_length)
    return refused(parameter,
                   "must contain at most " + std::to_string(*parameter.max_length) + " characters");
  if (parameter.type != "Number" && parameter.type != "List<Number>") return {};
  const auto value = number(text);
  if (!value) return invalid_template("Parameter '" + parameter.name + "' must be a number");
  if (parameter.min_value && *value < *parameter.min_value)
    return refused(parameter, "must be a number not less than " + shown(*parameter.min_value));
  if (parameter.max_value && *value > *parameter.max_value)
    return refused(parameter, "must be a number not greater than " + shown(*parameter.max_value));
  return {};
}

bool is_list(const Parameter& parameter) {
  return parameter.type == "CommaDelimitedList" || parameter.type.starts_with("List<");
}

Result<void> check_value(const Parameter& parameter, const std::string& text) {
  if (text.size() > 4096)
    return invalid_template("Parameter '" + parameter.name + "' is longer than 4096 bytes");
  if (!is_list(parameter)) return check_element(parameter, text);
  for (const auto& element : split_list(text)) CHECK(check_element(parameter, element));
  return {};
}

}  // namespace

json::value parameter_value(const Parameter& parameter, std::string_view text) {
  if (!is_list(parameter)) return json::value(json::string(text));
  json::array list;
  for (const auto& element : split_list(text)) list.push_back(json::value(element));
  return list;
}

Result<ParameterTexts> resolve_parameters(const Template& of,
                                          const std::vector<GivenParameter>& given,
                                          const ParameterTexts& previous) {
  std::vector<std::string> unknown;
  ParameterTexts texts;
  for (const auto& one : given) {
    if (of.parameter(one.name) == nullptr) {
      unknown.push_back(one.name);
      continue;
    }
    if (texts.contains(one.name))
      return invalid_template("Parameters: [" + one.name + "] are specified more than once");
    if (!one.use_previous) {
      texts[one.name] = one.value;
      continue;
    }
    const auto before = previous.find(one.name);
    if (before == previous.end())
      return invalid_template("Invalid input for parameter key " + one.name +
                              ". Cannot specify usePreviousValue as true for a parameter key not "
                              "in the previous template");
    texts[one.name] = before->second;
  }
  if (!unknown.empty())
    return invalid_template("Parameters: [" + join(unknown) + "] do not exist in the template");
  std::vector<std::string> missing;
  for (const auto& parameter : of.parameters) {
    if (texts.contains(parameter.name)) continue;
    if (parameter.default_value)
      texts[parameter.name] = *parameter.default_value;
    else
      missing.push_back(parameter.name);
  }
  if (!missing.empty())
    return invalid_template("Parameters: [" + join(missing) + "] must have values");
  for (const auto& parameter : of.parameters) CHECK(check_value(parameter, texts[parameter.name]));
  return texts;
}

}  // namespace cloudlet::deploy
