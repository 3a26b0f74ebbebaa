// Which of the two notations a template is written in, and the JSON one.
#include "deploy/document.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <set>
#include <vector>

#include "base/encoding.h"
#include "deploy/errors.h"
#include "deploy/yaml.h"

namespace cloudlet::deploy {
namespace {

// Builds the tree while noting the line of each key and refusing a key that occurs twice in one
// object.
class JsonBuilder {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using error_code = boost::system::error_code;
  using view = json::string_view;

  int line = 1;
  Lines lines;
  std::string duplicate;
  json::value_stack stack;

  bool on_document_begin(error_code&) {
    stack.reset();
    return true;
  }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t count, error_code&) {
    keys_.pop_back();
    stack.push_object(count);
    leave();
    return true;
  }
  bool on_array_begin(error_code&) {
    path_.push_back("[]");
    return true;
  }
  bool on_array_end(std::size_t count, error_code&) {
    path_.pop_back();
    stack.push_array(count);
    leave();
    return true;
  }
  bool on_key_part(view part, std::size_t, error_code&) {
    key_.append(part.data(), part.size());
    stack.push_chars(part);
    return true;
  }
  bool on_key(view part, std::size_t, error_code& ec) {
    key_.append(part.data(), part.size());
    stack.push_key(part);
    if (!keys_.back().insert(key_).second) {
      duplicate = key_;
      ec = json::error::syntax;
      return false;
    }
    path_.push_back(std::move(key_));
    key_.clear();
    std::string where;
    for (const auto& step : path_) where.append("/").append(step);
    lines.emplace(std::move(where), line);
    return true;
  }
  bool on_string_part(view part, std::size_t, error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(view part, std::size_t, error_code&) {
    stack.push_string(part);
    leave();
    return true;
  }
  bool on_number_part(view, error_code&) { return true; }
  bool on_int64(std::int64_t number, view, error_code&) {
    stack.push_int64(number);
    leave();
    return true;
  }
  bool on_uint64(std::uint64_t number, view, error_code&) {
    stack.push_uint64(number);
    leave();
    return true;
  }
  bool on_double(double number, view, error_code&) {
    stack.push_double(number);
    leave();
    return true;
  }
  bool on_bool(bool flag, error_code&) {
    stack.push_bool(flag);
    leave();
    return true;
  }
  bool on_null(error_code&) {
    stack.push_null();
    leave();
    return true;
  }
  bool on_comment_part(view, error_code&) { return true; }
  bool on_comment(view, error_code&) { return true; }

 private:
  // A value ended: if it belonged to a key, that key is done.
  void leave() {
    if (!path_.empty() && path_.back() != "[]") path_.pop_back();
  }

  std::vector<std::string> path_;
  std::vector<std::set<std::string>> keys_;
  std::string key_;
};

Result<Document> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<JsonBuilder> parser(options);
  auto& builder = parser.handler();
  boost::system::error_code ec;
  // Line by line, so that the builder knows which one it is on.
  while (!text.empty() && !ec) {
    const auto end = text.find('\n');
    const std::string_view piece = text.substr(0, end == std::string_view::npos ? end : end + 1);
    text.remove_prefix(piece.size());
    parser.write_some(!text.empty(), piece.data(), piece.size(), ec);
    if (!ec && !text.empty()) ++builder.line;
  }
  if (!ec && !parser.done()) ec = json::error::incomplete;
  if (!builder.duplicate.empty())
    return invalid_template("Template format error: JSON not well-formed. Duplicate key '" +
                            builder.duplicate + "' (line " + std::to_string(builder.line) + ")");
  if (ec)
    return invalid_template("Template format error: JSON not well-formed. (line " +
                            std::to_string(builder.line) + ")");
  json::value root = builder.stack.release();
  if (!root.is_object()) return invalid_template("Template format error: unsupported structure.");
  return Document{.root = std::move(root.get_object()), .lines = std::move(builder.lines)};
}

}  // namespace

int Document::line(std::string_view path) const {
  while (!path.empty()) {
    if (const auto found = lines.find(path); found != lines.end()) return found->second;
    path = path.substr(0, path.rfind('/'));
  }
  return 0;
}

Result<Document> parse_document(std::string_view text, Aliases aliases) {
  if (text.size() > template_bytes_max)
    return invalid_template("Template may not exceed " + std::to_string(template_bytes_max) +
                            " bytes in size.");
  if (!valid_utf8(text))
    return invalid_template("Template format error: the template is not valid UTF-8");
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos)
    return invalid_template("Template format error: unsupported structure.");
  if (text[start] == '{') {
    auto parsed = parse_json(text);
    if (parsed.has_value()) return parsed;
    // A flow mapping of YAML may begin the same way.
    auto flow = parse_yaml(text, aliases);
    if (flow.has_value() && text.find('"') == std::string_view::npos) return flow;
    return parsed;
  }
  return parse_yaml(text, aliases);
}

}  // namespace cloudlet::deploy
