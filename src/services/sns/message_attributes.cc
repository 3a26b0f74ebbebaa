// Message attributes: types, names and values as the service accepts them.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <cmath>

#include "services/sns/rules.h"

namespace cloudlet::sns::rules {
namespace {

// "String", "String.Array", "String.<anything>", "Number...", "Binary...".
std::string_view type_prefix(std::string_view type) { return type.substr(0, type.find('.')); }

bool is_number(std::string_view text) {
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() &&
         std::isfinite(number);
}

Result<void> check_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (name.empty() || name.size() > 256)
    return errors::invalid_parameter_value_exception(
        "Length of message attribute name must be less than or equal to 256 bytes.");
  if (!std::all_of(name.begin(), name.end(), allowed))
    return errors::invalid_parameter_value_exception(
        "Invalid non-alphanumeric character was found in the message attribute name. Can only "
        "include alphanumeric "
        "characters, hyphens, underscores, or dots.");
  if (name.front() == '.' || name.back() == '.' || name.find("..") != name.npos)
    return errors::invalid_parameter_value_exception(
        "Invalid message attribute name starting or ending with a period, or with successive "
        "periods.");
  return {};
}

Result<void> check_value(const std::string& name, const MessageAttributeValue& attribute) {
  const std::string_view type = type_prefix(attribute.data_type);
  if (type != "String" && type != "Number" && type != "Binary")
    return errors::invalid_parameter_value_exception(
        fmt::format("The message attribute '{}' has an invalid message attribute type, the set of "
                    "supported type prefixes is "
                    "Binary, Number, and String.",
                    name));
  const auto& value = type == "Binary" ? attribute.binary_value : attribute.string_value;
  if (!value || value->empty())
    return errors::invalid_parameter_value_exception(
        fmt::format("The message attribute '{}' must contain non-empty message attribute value for "
                    "message attribute type "
                    "'{}'.",
                    name, attribute.data_type));
  if (type == "Number" && !is_number(*value))
    return errors::invalid_parameter_value_exception(
        fmt::format("Could not cast message attribute '{}' value to number.", name));
  if (attribute.data_type == "String.Array") {
    boost::system::error_code failure;
    const auto list = boost::json::parse(*value, failure);
    if (failure || !list.is_array())
      return errors::invalid_parameter_value_exception(fmt::format(
          "The message attribute '{}' of type String.Array must be a JSON array.", name));
  }
  return {};
}

}  // namespace

Result<void> check_attributes(const MessageAttributes& attributes) {
  for (const auto& [name, attribute] : attributes) {
    CHECK(check_name(name));
    CHECK(check_value(name, attribute));
  }
  return {};
}

}  // namespace cloudlet::sns::rules
