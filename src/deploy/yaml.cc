// Events of yaml-cpp's parser become JSON values. The event interface, not its node tree: it shows
// duplicate keys, keeps no second copy, and lets aliases be refused or bounded.
#include "deploy/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <cmath>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>
#include <vector>

#include "deploy/errors.h"

namespace cloudlet::deploy {
namespace {

// "!GetAtt" -> "Fn::GetAtt". Only "!Ref" and "!Condition" have no prefix.
std::optional<std::string> function_of_tag(std::string_view tag) {
  static constexpr std::string_view known[] = {"And",          "Base64",    "Cidr",
                                               "Contains",     "Equals",    "FindInMap",
                                               "ForEach",      "GetAtt",    "GetAZs",
                                               "If",           "Join",      "ImportValue",
                                               "Length",       "Not",       "Or",
                                               "Select",       "Split",     "Sub",
                                               "ToJsonString", "Transform", "EachMemberEquals",
                                               "EachMemberIn", "RefAll",    "ValueOf",
                                               "ValueOfAll"};
  if (tag.size() < 2 || tag[0] != '!') return std::nullopt;
  tag.remove_prefix(1);
  if (tag == "Ref" || tag == "Condition") return std::string(tag);
  for (const auto name : known)
    if (name == tag) return "Fn::" + std::string(name);
  return std::nullopt;
}

// Ends the parse: the sentence the caller reads. Thrown and caught in this file only; yaml-cpp's
// events cannot return.
struct Refused {
  std::string message;
};

struct Collection {
  bool is_map = false;
  json::object map;
  json::array list;
  std::optional<std::string> key;  // waiting for its value
  std::string tag;                 // function, empty if none
  YAML::anchor_t anchor = 0;
  bool merging = false;  // the value of "<<" comes next
  json::object merged;   // what "<<" brought: weaker than the map's own keys
};

std::size_t count_nodes(const json::value& value) {
  std::size_t count = 1;
  if (const auto* object = value.if_object())
    for (const auto& member : *object) count += count_nodes(member.value());
  if (const auto* array = value.if_array())
    for (const auto& element : *array) count += count_nodes(element);
  return count;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Aliases aliases) : aliases_(aliases) {}

  json::value root;
  Lines lines;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, nullptr, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (aliases_ == Aliases::refuse)
      throw Refused{"Template error: YAML aliases are not allowed in CloudFormation templates."};
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end())
      throw Refused{position("Template format error: YAML not well-formed.", mark)};
    spend(count_nodes(found->second), mark);
    put(mark, found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (!open_.empty() && open_.back().is_map && !open_.back().key && !open_.back().merging)
      return start_key(mark, tag, text);
    if (tag == "?") return add(mark, plain_scalar(text), anchor);
    if (tag == "!" || tag.empty() || tag == "tag:yaml.org,2002:str")
      return add(mark, json::value(text), anchor);
    if (tag.starts_with("tag:yaml.org,2002:")) {
      const std::string_view kind = std::string_view(tag).substr(18);
      if (kind == "int" || kind == "float" || kind == "bool" || kind == "null")
        return add(mark, plain_scalar(text), anchor);
    }
    const auto function = function_of_tag(tag);
    if (!function)
      throw Refused{
          position("Template format error: YAML not well-formed. Unknown tag " + tag, mark)};
    json::value argument(text);
    // "!GetAtt a.b" is the pair; the attribute keeps its own dots.
    if (*function == "Fn::GetAtt")
      if (const auto dot = text.find('.'); dot != std::string::npos)
        argument = json::array{text.substr(0, dot), text.substr(dot + 1)};
    add(mark, json::object{{*function, std::move(argument)}}, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, false);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, true);
  }
  void OnMapEnd() override { close(); }

 private:
  static std::string position(const std::string& what, const YAML::Mark& mark) {
    return what + " (line " + std::to_string(mark.line + 1) + ", column " +
           std::to_string(mark.column + 1) + ")";
  }

  void spend(std::size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > nodes_max)
      throw Refused{position("Template format error: the template has too many elements.", mark)};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool is_map) {
    if (open_.size() >= depth_max)
      throw Refused{position("Template format error: the template is nested too deeply.", mark)};
    if (!open_.empty() && open_.back().is_map && !open_.back().key && !open_.back().merging)
      throw Refused{position(
          "Template format error: map keys must be strings; received a collection instead", mark)};
    Collection next{.is_map = is_map, .anchor = anchor};
    if (!tag.empty() && tag != "?" && tag != "!" && !tag.starts_with("tag:yaml.org,2002:")) {
      const auto function = function_of_tag(tag);
      if (!function)
        throw Refused{
            position("Template format error: YAML not well-formed. Unknown tag " + tag, mark)};
      next.tag = *function;
    }
    spend(1, mark);
    open_.push_back(std::move(next));
    if (!is_map) path_.push_back("[]");
    mark_ = mark;
  }

  void close() {
    Collection done = std::move(open_.back());
    open_.pop_back();
    if (!done.is_map) path_.pop_back();
    for (const auto& member : done.merged) done.map.emplace(member.key(), member.value());
    json::value value =
        done.is_map ? json::value(std::move(done.map)) : json::value(std::move(done.list));
    if (!done.tag.empty()) value = json::object{{done.tag, std::move(value)}};
    if (done.anchor != 0) anchored_[done.anchor] = value;
    put(mark_, std::move(value));
  }

  void start_key(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
    Collection& map = open_.back();
    if (text == "<<" && tag == "?" && aliases_ == Aliases::expand) {
      map.merging = true;
      return;
    }
    map.key = text;
    path_.push_back(text);
    std::string where;
    for (const auto& step : path_) where.append("/").append(step);
    lines.emplace(where, mark.line + 1);
    if (map.map.contains(text))
      throw Refused{position(
          "Template format error: YAML not well-formed. Duplicate key '" + text + "'", mark)};
  }

  void add(const YAML::Mark& mark, json::value value, YAML::anchor_t anchor) {
    spend(1, mark);
    if (anchor != 0) anchored_[anchor] = value;
    put(mark, std::move(value));
  }

  void put(const YAML::Mark& mark, json::value value) {
    if (open_.empty()) {
      root = std::move(value);
      return;
    }
    Collection& parent = open_.back();
    if (!parent.is_map) {
      parent.list.push_back(std::move(value));
      return;
    }
    if (parent.merging) {
      parent.merging = false;
      merge(mark, parent, value);
      return;
    }
    if (!parent.key)
      throw Refused{position("Template format error: map keys must be strings", mark)};
    parent.map.emplace(*parent.key, std::move(value));
    parent.key.reset();
    path_.pop_back();
  }

  // "<<: *base": what is not there already comes in (yaml.org/type/merge).
  void merge(const YAML::Mark& mark, Collection& into, const json::value& from) {
    if (const auto* list = from.if_array()) {
      for (const auto& one : *list) merge(mark, into, one);
      return;
    }
    const auto* object = from.if_object();
    if (object == nullptr)
      throw Refused{position("Template format error: YAML not well-formed.", mark)};
    for (const auto& member : *object) into.merged.emplace(member.key(), member.value());
  }

  Aliases aliases_;
  std::vector<Collection> open_;
  std::vector<std::string> path_;
  std::map<YAML::anchor_t, json::value> anchored_;
  std::size_t nodes_ = 0;
  YAML::Mark mark_ = YAML::Mark::null_mark();
};

// A stream over bytes that somebody else holds.
struct ViewBuffer : std::streambuf {
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

std::optional<json::value> number(std::string_view text) {
  const std::size_t digits = text.starts_with('-') ? 1 : 0;
  if (text.size() == digits || text.size() > 24) return std::nullopt;
  if (text[digits] < '0' || text[digits] > '9') return std::nullopt;
  if (text[digits] == '0' && text.size() > digits + 1 && text[digits + 1] != '.')
    return std::nullopt;
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole);
      read.ec == std::errc() && read.ptr == end)
    return whole;
  if (text.find_first_not_of("-0123456789.") != std::string_view::npos) return std::nullopt;
  double real = 0;
  if (const auto read = std::from_chars(text.data(), end, real);
      read.ec != std::errc() || read.ptr != end || !std::isfinite(real))
    return std::nullopt;
  char printed[32];
  const auto written = std::to_chars(printed, printed + sizeof printed, real);
  if (std::string_view(printed, written.ptr - printed) != text)
    return std::nullopt;  // "1.10" stays as written
  return real;
}

}  // namespace

json::value plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  for (const std::string_view yes : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
    if (text == yes) return true;
  for (const std::string_view no :
       {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
    if (text == no) return false;
  if (auto value = number(text)) return std::move(*value);
  return json::value(json::string(text));
}

Result<Document> parse_yaml(std::string_view text, Aliases aliases) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  TreeBuilder builder(aliases);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder))
      return invalid_template("Template format error: unsupported structure.");
  } catch (const Refused& refused) {
    return invalid_template(refused.message);
  } catch (const YAML::ParserException& broken) {
    return invalid_template("Template format error: YAML not well-formed. (line " +
                            std::to_string(broken.mark.line + 1) + ", column " +
                            std::to_string(broken.mark.column + 1) + ")");
  } catch (const YAML::Exception&) {
    return invalid_template("Template format error: YAML not well-formed.");
  }
  if (!builder.root.is_object())
    return invalid_template("Template format error: unsupported structure.");
  return Document{.root = std::move(builder.root.get_object()), .lines = std::move(builder.lines)};
}

}  // namespace cloudlet::deploy
