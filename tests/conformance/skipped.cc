// The cases that are no business of ours, each with its reason.
#include <boost/json/parse.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "vectors.h"

namespace cloudlet::conformance {
namespace {

constexpr const char* offset = "servers write UTC";
constexpr const char* unknown = "a member that the model does not have";
constexpr const char* null = "servers leave absent members out";
constexpr const char* empty = "AWS answers the request id even when there is no output";

// "input" and "output": not ours at all. "server": a server never writes it like this, but a client
// reads it; such a result is held against our own client instead.
const std::map<std::string, std::string, std::less<>> reasons = {
    {"input AwsJson11HostWithPath", "the endpoint's own path is the client's configuration"},
    {"server AwsJson11DateTimeWithNegativeOffset", offset},
    {"server AwsJson11DateTimeWithPositiveOffset", offset},
    {"server AwsQueryDateTimeWithNegativeOffset", offset},
    {"server AwsQueryDateTimeWithPositiveOffset", offset},
    {"server RestJsonDateTimeWithNegativeOffset", offset},
    {"server RestJsonDateTimeWithPositiveOffset", offset},
    {"server RestXmlDateTimeWithNegativeOffset", offset},
    {"server RestXmlDateTimeWithPositiveOffset", offset},
    {"server handles_unexpected_json_output", unknown},
    {"server AwsJson10HandlesUnexpectedJsonOutput", unknown},
    {"server AwsJson11DeserializeIgnoreType", unknown},
    {"server AwsJson10DeserializeIgnoreType", unknown},
    {"server RestJsonDeserializeIgnoreType", unknown},
    {"server AwsJson11StructuresDontDeserializeNullValues", null},
    {"server AwsJson10DeserializeAllowNulls", null},
    {"server RestJsonDeserializeAllowNulls", null},
    {"server RestJsonDoesntDeserializeNullStructureValues", null},
    {"server AwsJson11IntEnums", "the vector's response holds a request's header, X-Amz-Target"},
    {"server parses_the_request_id_from_the_response", "the request id is the server's own"},
    {"server QueryEmptyInputAndEmptyOutput", empty},
    {"server QueryNoInputAndNoOutput", empty},
    {"server QueryNoInputAndOutput", empty},
    {"server QueryXmlNamespaces",
     "a nested structure's own namespace is left out here and written in REST-XML's vector"},
};

// What the vectors' own runner skips (protocol-tests-ignore-list.json).
std::optional<std::string> listed(const Case& c, std::string_view direction) {
  static const std::optional<json::value> list = []() -> std::optional<json::value> {
    std::ifstream file(folder() + "/protocols/protocol-tests-ignore-list.json");
    if (!file) return std::nullopt;
    std::stringstream content;
    content << file.rdbuf();
    return json::parse(content.str());
  }();
  if (!list) return std::nullopt;
  const auto names = [&](const json::value* node, std::string_view what, std::string_view wanted) {
    if (node)
      node = node->as_object().if_contains(json::string_view(direction.data(), direction.size()));
    if (node) node = node->as_object().if_contains(json::string_view(what.data(), what.size()));
    if (!node) return false;
    for (const json::value& name : node->as_array()) {
      if (name.as_string() == json::string_view(wanted.data(), wanted.size())) return true;
    }
    return false;
  };
  const json::object& whole = list->as_object();
  const json::value* own = whole.at("protocols").as_object().if_contains(c.protocol);
  if (names(&whole.at("general"), "suites", text(c.suite, "description")) ||
      names(own, "cases", c.id)) {
    return "the vectors' own runner skips it";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> skipped(const Case& c, std::string_view direction) {
  const auto found = reasons.find(std::string(direction) + " " + c.id);
  if (found != reasons.end()) return found->second;
  return listed(c, direction);
}

}  // namespace cloudlet::conformance
