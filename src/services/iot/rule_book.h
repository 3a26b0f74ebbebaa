// All rules, compiled, found by the topic of a message: a view over ("iot", "rule").
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/iot/compiled_rule.h"
#include "store/view.h"

namespace cloudlet::iot {

using RulePtr = std::shared_ptr<const CompiledRule>;

// The rules at one moment. Immutable.
class RuleSet {
 public:
  RuleSet() = default;
  explicit RuleSet(std::vector<RulePtr> rules);

  // Appends the rules whose filter takes `topic`, disabled ones too. `scope` null: of every account
  // and region.
  void match(std::string_view topic, const Scope* scope,
             std::vector<const CompiledRule*>& out) const;
  void named(std::string_view name, const Scope* scope,
             std::vector<const CompiledRule*>& out) const;
  const std::vector<RulePtr>& all() const { return rules_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Node {
    std::unordered_map<std::string, std::unique_ptr<Node>, Hash, std::equal_to<>> children;
    std::unique_ptr<Node> plus;
    std::vector<const CompiledRule*> here;   // filters that end with this level
    std::vector<const CompiledRule*> below;  // ... with '#' after it
  };
  void insert(const CompiledRule* rule);
  static void collect(const Node& node, std::string_view rest, bool end, bool wild,
                      const Scope* scope, std::vector<const CompiledRule*>& out);

  std::vector<RulePtr> rules_;
  std::multimap<std::string_view, const CompiledRule*> by_name_;
  Node root_;
};

class RuleBook final : public store::View {
 public:
  store::Range range() const override;
  void apply(std::string_view key, std::optional<std::string_view> value) override;

  // The current rules. Cheap when nothing changed since the last call.
  std::shared_ptr<const RuleSet> rules() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, RulePtr, std::less<>> compiled_;  // by key
  mutable std::atomic<bool> dirty_{false};
  mutable std::shared_ptr<const RuleSet> current_ =
      std::make_shared<RuleSet>();  // atomic access only
};

}  // namespace cloudlet::iot
