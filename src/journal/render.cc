#include "journal/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <map>
#include <set>

namespace cloudlet::journal {
namespace {

constexpr std::array<std::string_view, 5> outcomes = {"ok", "skipped", "denied", "throttled",
                                                      "failed"};

// Ids are 64 bits: as text, since a JavaScript number would round them.
std::string id_text(std::uint64_t id) {
  return id == 0 ? std::string() : fmt::format("{:016x}", id);
}

std::uint64_t id_number(std::string_view text) {
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id, 16);
  return id;
}

std::string_view text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

std::int64_t number_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string describe(const Span& span) {
  std::string line = fmt::format("{} {}", span.action, span.resource);
  if (span.outcome != Outcome::ok || !span.reason.empty())
    line += fmt::format(": {}", to_string(span.outcome));
  if (!span.reason.empty()) line += ", " + span.reason;
  return line;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  return outcomes.at(static_cast<std::size_t>(outcome));
}

boost::json::value to_json(const Span& span) {
  return boost::json::object{
      {"trace", span.cause.trace},
      {"span", id_text(span.id)},
      {"parent", id_text(span.cause.span)},
      {"hops", span.cause.hops},
      {"account", span.scope.account},
      {"region", span.scope.region},
      {"action", span.action},
      {"resource", span.resource},
      {"outcome", to_string(span.outcome)},
      {"reason", span.reason},
      {"at", iso8601(span.at)},
      {"at_ms", to_millis(span.at)},
      {"took_ms", span.took.count()},
  };
}

std::optional<Span> span_from_json(const boost::json::value& json) {
  const auto* object = json.if_object();
  if (object == nullptr) return std::nullopt;
  const auto outcome = std::find(outcomes.begin(), outcomes.end(), text_of(*object, "outcome"));
  if (outcome == outcomes.end()) return std::nullopt;
  Span span;
  span.cause.trace = text_of(*object, "trace");
  span.cause.span = id_number(text_of(*object, "parent"));
  span.cause.hops = static_cast<int>(number_of(*object, "hops"));
  span.id = id_number(text_of(*object, "span"));
  span.scope = {.account = std::string(text_of(*object, "account")),
                .region = std::string(text_of(*object, "region"))};
  span.action = text_of(*object, "action");
  span.resource = text_of(*object, "resource");
  span.outcome = static_cast<Outcome>(outcome - outcomes.begin());
  span.reason = text_of(*object, "reason");
  span.at = from_millis(number_of(*object, "at_ms"));
  span.took = Duration(number_of(*object, "took_ms"));
  return span;
}

boost::json::value to_json(const std::vector<Span>& spans) {
  boost::json::array list;
  for (const Span& span : spans) list.push_back(to_json(span));
  return boost::json::object{{"spans", std::move(list)}};
}

std::string as_list(const std::vector<Span>& spans) {
  std::string text;
  for (const Span& span : spans)
    text += fmt::format("{}  {}  {}\n", iso8601(span.at),
                        span.cause.trace.empty() ? "-" : span.cause.trace, describe(span));
  return text;
}

namespace {

// Who stands under whom. Spans come from outside too: parents may be missing, or go in a circle.
class Tree {
 public:
  explicit Tree(const std::vector<Span>& spans) {
    std::set<std::uint64_t> present;
    for (const Span& span : spans) present.insert(span.id);
    for (const Span& span : spans) {
      const bool under = present.contains(span.cause.span) && span.cause.span != span.id;
      (under ? children_[span.cause.span] : roots_).push_back(&span);
    }
    for (const Span* root : roots_) walk(*root);
    for (const Span& span : spans)
      if (!shown_.contains(&span)) walk(span);
  }
  // Parents before children, with their depth.
  const std::vector<std::pair<const Span*, int>>& order() const { return order_; }

 private:
  void walk(const Span& root) {
    std::vector<std::pair<const Span*, int>> stack{{&root, 0}};
    while (!stack.empty()) {
      const auto [span, depth] = stack.back();
      stack.pop_back();
      if (!shown_.insert(span).second) continue;
      order_.emplace_back(span, depth);
      const auto below = children_.find(span->id);
      if (below == children_.end()) continue;
      for (auto child = below->second.rbegin(); child != below->second.rend(); ++child)
        stack.emplace_back(*child, depth + 1);
    }
  }

  std::vector<const Span*> roots_;
  std::map<std::uint64_t, std::vector<const Span*>> children_;
  std::set<const Span*> shown_;
  std::vector<std::pair<const Span*, int>> order_;
};

}  // namespace

std::string as_waterfall(const std::vector<Span>& oldest_first) {
  if (oldest_first.empty()) return {};
  const Time start = oldest_first.front().at;
  std::string text =
      fmt::format("trace {}  {}\n", oldest_first.front().cause.trace, iso8601(start));
  const Tree tree(oldest_first);
  for (const auto& [span, depth] : tree.order()) {
    const std::string offset = fmt::format("+{} ms", (span->at - start).count());
    const std::string took =
        span->took.count() > 0 ? fmt::format(" ({} ms)", span->took.count()) : std::string();
    text += fmt::format("{:>10}  {:{}}{}{}\n", offset, "", depth * 2, describe(*span), took);
  }
  return text;
}

std::vector<std::vector<Span>> why(const Journal& journal, const std::string& name,
                                   std::size_t chains_max) {
  std::vector<std::vector<Span>> chains;
  std::set<std::string> seen;
  for (const Span& span : journal.about(name, 1000)) {
    if (chains.size() == chains_max) break;
    if (!span.cause.trace.empty() && seen.insert(span.cause.trace).second)
      chains.push_back(journal.trace(span.cause.trace));
    else if (span.cause.trace.empty())
      chains.push_back({span});
  }
  if (!chains.empty()) return chains;
  if (auto chain = journal.trace(name); !chain.empty()) chains.push_back(std::move(chain));
  return chains;
}

}  // namespace cloudlet::journal
