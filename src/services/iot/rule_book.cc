// The topic tree of rules, rebuilt when they change.
#include "services/iot/rule_book.h"

#include "base/log.h"
#include "services/iot/keys.h"

namespace cloudlet::iot {
namespace {

void append(const std::vector<const CompiledRule*>& rules, const Scope* scope,
            std::vector<const CompiledRule*>& out) {
  for (const CompiledRule* rule : rules) {
    if (!scope || rule->scope == *scope) out.push_back(rule);
  }
}

// The first level of `rest`, which loses it. `end` says that there was none after it.
std::string_view take_level(std::string_view& rest, bool& end) {
  const std::size_t slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  end = slash == std::string_view::npos;
  rest.remove_prefix(end ? rest.size() : slash + 1);
  return level;
}

}  // namespace

RuleSet::RuleSet(std::vector<RulePtr> rules) : rules_(std::move(rules)) {
  for (const RulePtr& rule : rules_) {
    insert(rule.get());
    by_name_.emplace(rule->name, rule.get());
  }
}

void RuleSet::insert(const CompiledRule* rule) {
  std::string_view rest = rule->statement.filter();
  if (rest.empty()) return;  // no FROM: Basic Ingest only
  Node* node = &root_;
  for (bool end = false; !end;) {
    const std::string_view level = take_level(rest, end);
    if (level == "#") {
      node->below.push_back(rule);
      return;
    }
    auto& child = level == "+" ? node->plus : node->children[std::string(level)];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
  }
  node->here.push_back(rule);
}

// `wild`: wildcards count; not in the first level of a topic that begins with '$'
// (MQTT 3.1.1, 4.7.2).
void RuleSet::collect(const Node& node, std::string_view rest, bool end, bool wild,
                      const Scope* scope, std::vector<const CompiledRule*>& out) {
  if (wild) append(node.below, scope, out);
  if (end) {
    append(node.here, scope, out);
    return;
  }
  bool last = false;
  const std::string_view level = take_level(rest, last);
  if (const auto found = node.children.find(level); found != node.children.end()) {
    collect(*found->second, rest, last, true, scope, out);
  }
  if (wild && node.plus) collect(*node.plus, rest, last, true, scope, out);
}

void RuleSet::match(std::string_view topic, const Scope* scope,
                    std::vector<const CompiledRule*>& out) const {
  collect(root_, topic, false, !topic.starts_with('$'), scope, out);
}

void RuleSet::named(std::string_view name, const Scope* scope,
                    std::vector<const CompiledRule*>& out) const {
  const auto [from, to] = by_name_.equal_range(name);
  for (auto at = from; at != to; ++at) {
    if (!scope || at->second->scope == *scope) out.push_back(at->second);
  }
}

store::Range RuleBook::range() const { return store::prefix(keys::all_rules()); }

void RuleBook::apply(std::string_view key, std::optional<std::string_view> value) {
  RulePtr rule;
  if (value) {
    const StoredRule stored = decode_rule(*value);
    auto compiled = compile_rule(stored);
    // It compiled when it was stored: only a newer cloudlet can have written what this one refuses.
    if (compiled.has_error())
      log::error("iot", "rule {} does not run: {}", stored.name, compiled.error().message());
    else
      rule = *std::move(compiled);
  }
  const std::scoped_lock lock(mutex_);
  if (rule)
    compiled_[std::string(key)] = std::move(rule);
  else
    compiled_.erase(std::string(key));
  dirty_.store(true, std::memory_order_release);
}

std::shared_ptr<const RuleSet> RuleBook::rules() const {
  if (dirty_.load(std::memory_order_acquire)) {
    const std::scoped_lock lock(mutex_);
    if (dirty_.exchange(false)) {
      std::vector<RulePtr> all;
      for (const auto& [key, rule] : compiled_) all.push_back(rule);
      std::atomic_store(&current_,
                        std::shared_ptr<const RuleSet>(std::make_shared<RuleSet>(std::move(all))));
    }
  }
  return std::atomic_load(&current_);
}

}  // namespace cloudlet::iot
