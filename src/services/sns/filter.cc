#include "services/sns/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <vector>

#include "services/sns/filter_rule.h"

namespace cloudlet::sns {

namespace json = boost::json;

struct Filter::Node {
  struct Key {
    std::string name;
    std::vector<Rule> rules;            // any of them; empty: `below`
    std::shared_ptr<const Node> below;  // an object that must hold in turn
  };
  std::vector<Key> keys;                  // all of them
  std::vector<std::vector<Node>> either;  // of each list, any
};

namespace {

using Node = Filter::Node;

// Limits of the service: five keys, 150 combinations.
// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
constexpr std::size_t keys_max = 5;
constexpr std::uint64_t combinations_max = 150;

class Compiler {
 public:
  explicit Compiler(FilterScope scope) : scope_(scope) {}

  Result<Node> object(const json::object& policy, int depth) {
    Node node;
    for (const auto& member : policy) {
      const std::string_view name(member.key());
      const json::value& value = member.value();
      if (name == "$or" && value.is_array()) {
        TRY(auto choices, either(value.get_array(), depth));
        node.either.push_back(std::move(choices));
      } else if (value.is_object()) {
        if (scope_ == FilterScope::attributes)
          return invalid(
              "Filter policy scope MessageAttributes does not support nested filter policy");
        TRY(Node below, object(value.get_object(), depth + 1));
        node.keys.push_back(
            {.name = std::string(name), .below = std::make_shared<Node>(std::move(below))});
      } else if (value.is_array()) {
        TRY(auto rules, list(value.get_array(), depth));
        node.keys.push_back({.name = std::string(name), .rules = std::move(rules)});
      } else {
        return invalid(fmt::format("FilterPolicy: \"{}\" must be an object or an array", name));
      }
    }
    return node;
  }

  bool too_complex() const { return combinations_ > combinations_max; }

 private:
  Result<std::vector<Rule>> list(const json::array& values, int depth) {
    if (values.empty()) return invalid("FilterPolicy: Empty arrays are not allowed");
    count(values.size(), depth);
    std::vector<Rule> rules;
    for (const json::value& value : values) {
      auto rule = Rule::compile(value);
      if (rule.has_error()) return invalid("FilterPolicy: " + rule.error().message());
      rules.push_back(*std::move(rule));
    }
    return rules;
  }

  Result<std::vector<Node>> either(const json::array& choices, int depth) {
    if (choices.size() < 2)
      return invalid("FilterPolicy: There must be at least 2 objects in $or relationship");
    std::vector<Node> nodes;
    for (const json::value& choice : choices) {
      if (!choice.is_object()) return invalid("FilterPolicy: $or must be an array of objects");
      TRY(Node node, object(choice.get_object(), depth));
      nodes.push_back(std::move(node));
    }
    return nodes;
  }

  void count(std::size_t values, int depth) {
    combinations_ = std::min<std::uint64_t>(
        combinations_ * values * static_cast<std::uint64_t>(depth), 1'000'000);
  }

  const FilterScope scope_;
  std::uint64_t combinations_ = 1;
};

Candidate candidate_of(const json::value& value) {
  if (value.is_string()) return {std::string_view(value.get_string())};
  if (value.is_number()) return {value.to_number<double>()};
  if (value.is_bool()) return {value.get_bool()};
  return {nullptr};
}

bool any_rule(const std::vector<Rule>& rules, const Candidate& candidate) {
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Rule& rule) { return rule.holds(candidate); });
}

bool absence_accepted(const std::vector<Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const Rule& rule) { return rule.kind == Rule::Kind::not_exists; });
}

bool presence_accepted(const std::vector<Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const Rule& rule) { return rule.kind == Rule::Kind::exists; });
}

// Of a list, any element; of a list of lists, any element at any depth.
bool any_element(const json::value& value, const std::vector<Rule>& rules) {
  if (!value.is_array()) return !value.is_object() && any_rule(rules, candidate_of(value));
  const json::array& elements = value.get_array();
  return std::any_of(elements.begin(), elements.end(),
                     [&](const auto& element) { return any_element(element, rules); });
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool attribute_holds(const MessageAttributeValue& attribute, const std::vector<Rule>& rules) {
  if (presence_accepted(rules)) return true;
  const std::string text = attribute.string_value.value_or("");
  if (attribute.data_type == "String.Array") {
    boost::system::error_code failure;
    const json::value list = json::parse(text, failure);
    return !failure && list.is_array() && any_element(list, rules);
  }
  if (attribute.data_type.starts_with("Number")) {
    const auto number = number_of(text);
    return number && any_rule(rules, {*number});
  }
  return attribute.data_type.starts_with("String") && any_rule(rules, {std::string_view(text)});
}

// Why not; nothing if it holds.
using WhyNot = std::optional<std::string>;

std::string short_text(const json::value& value) {
  std::string text = json::serialize(value);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

// What keys look for their values in.
struct Attributes {
  const MessageAttributes& map;

  WhyNot key(const Node::Key& key) const {
    const auto found = map.find(key.name);
    if (found == map.end())
      return absence_accepted(key.rules) ? WhyNot()
                                         : fmt::format("there is no attribute '{}'", key.name);
    if (attribute_holds(found->second, key.rules)) return {};
    const std::string shown = found->second.string_value.value_or("(binary)").substr(0, 60);
    return fmt::format("attribute '{}' is {}", key.name, shown);
  }
};

struct Body;
template <class Source>
WhyNot all_keys(const Node& node, const Source& source);

struct Body {
  const json::object& object;

  WhyNot key(const Node::Key& key) const {
    const json::value* value = object.if_contains(key.name);
    if (key.below) return value == nullptr ? absent_below(key) : below(key, *value);
    if (value == nullptr)
      return absence_accepted(key.rules) ? WhyNot() : fmt::format("there is no '{}'", key.name);
    const bool leaf = !value->is_object();
    if ((leaf && presence_accepted(key.rules)) || any_element(*value, key.rules)) return {};
    return fmt::format("'{}' is {}", key.name, short_text(*value));
  }

  // An object that is not there is one without members: all that is asked of it may be absence.
  static WhyNot absent_below(const Node::Key& key) {
    const json::object nothing;
    return all_keys(*key.below, Body{nothing}) ? fmt::format("there is no '{}'", key.name)
                                               : WhyNot();
  }

  static WhyNot below(const Node::Key& key, const json::value& value) {
    if (const auto* object = value.if_object()) return all_keys(*key.below, Body{*object});
    if (const auto* list = value.if_array())
      for (const json::value& element : *list)
        if (!below(key, element)) return {};
    return fmt::format("'{}' is {}", key.name, short_text(value));
  }
};

template <class Source>
WhyNot all_keys(const Node& node, const Source& source) {
  for (const Node::Key& key : node.keys)
    if (auto why_not = source.key(key)) return why_not;
  for (const auto& choices : node.either) {
    const auto holds = [&](const Node& choice) { return !all_keys(choice, source).has_value(); };
    if (std::none_of(choices.begin(), choices.end(), holds))
      return "none of the alternatives of $or holds";
  }
  return {};
}

std::size_t top_keys(const json::object& policy) {
  std::size_t count = 0;
  for (const auto& member : policy) count += member.key() == "$or" ? 0 : 1;
  return count;
}

}  // namespace

const json::object* FilterInput::body() const {
  if (!parsed_) {
    boost::system::error_code failure;
    body_ = json::parse(message_, failure);
    if (failure) body_ = nullptr;
    parsed_ = true;
  }
  return body_.if_object();
}

Result<Filter> Filter::compile(std::string_view policy, FilterScope scope) {
  boost::system::error_code failure;
  const json::value value = json::parse(policy, failure);
  if (failure || !value.is_object()) return invalid("FilterPolicy: failed to parse JSON.");
  if (top_keys(value.get_object()) > keys_max)
    return invalid("FilterPolicy: Filter policy can not have more than 5 keys");
  Compiler compiler(scope);
  TRY(Node root, compiler.object(value.get_object(), 1));
  if (compiler.too_complex()) return invalid("FilterPolicy: Filter policy is too complex");
  return Filter(scope, std::make_shared<Node>(std::move(root)));
}

Filter::Answer Filter::match(const FilterInput& input) const {
  WhyNot why_not;
  if (scope_ == FilterScope::attributes)
    why_not = all_keys(*root_, Attributes{input.attributes()});
  else if (const json::object* body = input.body())
    why_not = all_keys(*root_, Body{*body});
  else
    why_not = "the message is no JSON object";
  if (!why_not) return {};
  return {.matches = false, .reason = *std::move(why_not)};
}

}  // namespace cloudlet::sns
