// The text of a template, JSON or YAML, as a tree of JSON values: short tags are spelled out (`!Ref
// x` is {"Ref": "x"}), and the line of every key is remembered for error messages.
//
// Hostile input: nothing here throws; sizes, depths and the expansion of aliases are bounded.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloudlet::deploy {

namespace json = boost::json;

inline constexpr std::size_t inline_bytes_max = 51'200;       // TemplateBody
inline constexpr std::size_t template_bytes_max = 1'048'576;  // TemplateURL
inline constexpr int depth_max = 64;
inline constexpr std::size_t nodes_max = 250'000;

// "/Resources/Function/Properties/Events": where something stands. A key's slashes stay as they
// are.
using Lines = std::map<std::string, int, std::less<>>;

struct Document {
  json::object root;
  Lines lines;  // first line is 1

  // Of the nearest enclosing key that is known; 0 if none is.
  int line(std::string_view path) const;
};

// CloudFormation refuses YAML aliases; its command line tools expand them (and merge keys)
// beforehand.
enum class Aliases { refuse, expand };

// Errors: ValidationError, "Template format error: ...".
Result<Document> parse_document(std::string_view text, Aliases aliases = Aliases::refuse);

}  // namespace cloudlet::deploy
