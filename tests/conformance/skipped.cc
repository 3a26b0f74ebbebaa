// The cases that are no business of ours, each with its reason.
#include <boost/json/parse.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "vectors.h"

namespace cloudlet::conformance {
namespace {

// What only a client can do or undo.
const std::map<std::string, std::string, std::less<>> reasons = {
    {"input HostWithPath", "the endpoint's own path is the client's configuration"},
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
    if (node) node = node->as_object().if_contains(json::string_view(direction.data(), direction.size()));
    if (node) node = node->as_object().if_contains(json::string_view(what.data(), what.size()));
    if (!node) return false;
    for (const json::value& name : node->as_array()) {
      if (name.as_string() == json::string_view(wanted.data(), wanted.size())) return true;
    }
    return false;
  };
  const json::object& whole = list->as_object();
  const json::value* own = whole.at("protocols").as_object().if_contains(c.protocol);
  if (names(&whole.at("general"), "suites", text(c.suite, "description")) || names(own, "cases", c.id)) {
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
