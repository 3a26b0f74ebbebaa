#include "vectors.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <pugixml.hpp>
#include <sstream>

namespace cloudlet::conformance {
namespace {

constexpr std::string_view protocols[] = {"json",  "json_1_0",  "json_1_0-query-compatible",
                                          "query", "rest-json", "rest-xml"};

std::optional<json::value> read(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::stringstream content;
  content << file.rdbuf();
  return json::parse(content.str());
}

bool is_of(Kind kind, const Case& c) {
  const bool error = c.whole.contains("error") || c.whole.contains("errorCode");
  return kind == Kind::input || error == (kind == Kind::error);
}

std::string canonical(pugi::xml_node node, bool root) {
  std::vector<std::string> children;
  std::string text;
  for (pugi::xml_node child : node) {
    if (child.type() == pugi::node_element) children.push_back(canonical(child, false));
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  // Members of a structure may come in any order; equally named ones (the elements of a list) may
  // not.
  std::ranges::stable_sort(children, {}, [](const std::string& child) {
    return child.substr(0, child.find_first_of(" >", 1));
  });
  std::string out = "<" + std::string(root ? "root" : node.name());
  std::map<std::string, std::string> attributes;
  for (pugi::xml_attribute attribute : node.attributes()) {
    if (!root || !std::string_view(attribute.name()).starts_with("xmlns"))
      attributes[attribute.name()] = attribute.value();
  }
  for (const auto& [name, value] : attributes) out += " " + name + "=" + value;
  out += ">";
  for (const std::string& child : children) out += child;
  const bool layout =
      text.find('\n') != std::string::npos && text.find_first_not_of(" \n") == std::string::npos;
  if (children.empty() && !layout) out += text;
  return out + "</>";
}

}  // namespace

std::string folder() {
  const char* given = std::getenv("CONFORMANCE_DIR");
  return given ? given : CLOUDLET_SOURCE_DIR "/../shared/conformance";
}

std::vector<Case> load(Kind kind) {
  const std::string_view direction = kind == Kind::input ? "input" : "output";
  std::vector<Case> cases;
  for (const std::string_view protocol : protocols) {
    const auto suites = read(folder() + "/protocols/" + std::string(direction) + "/" +
                             std::string(protocol) + ".json");
    if (!suites) continue;
    for (const json::value& suite : suites->as_array()) {
      for (const json::value& one : suite.at("cases").as_array()) {
        Case c{std::string(protocol), one.at("id").as_string().c_str(), suite.as_object(),
               one.at("given").as_object(), one.as_object()};
        if (is_of(kind, c) && !skipped(c, direction)) cases.push_back(std::move(c));
      }
    }
  }
  return cases;
}

std::string test_name(const Case& c) {
  std::string name = c.protocol + "_" + c.id;
  std::ranges::replace_if(
      name, [](char ch) { return !std::isalnum(static_cast<unsigned char>(ch)); }, '_');
  return name;
}

std::string text(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(json::string_view(key.data(), key.size()));
  return found && found->is_string()
             ? std::string(found->get_string().c_str(), found->get_string().size())
             : std::string();
}

bool same_json(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    return std::ranges::equal(a.get_array(), b.get_array(), same_json);
  }
  if (!a.is_object()) return a == b;
  if (a.get_object().size() != b.get_object().size()) return false;
  return std::ranges::all_of(a.get_object(), [&](const auto& member) {
    const json::value* other = b.get_object().if_contains(member.key());
    return other && same_json(member.value(), *other);
  });
}

std::string canonical_xml(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(),
                            pugi::parse_default | pugi::parse_ws_pcdata_single))
    return {};
  pugi::xml_node root = document.document_element();
  root.remove_child("ResponseMetadata");
  return canonical(root, true);
}

}  // namespace cloudlet::conformance
