#include "wire/router_tree.h"

namespace cloudlet::wire {
namespace {

std::string_view without_slash(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// Takes the next segment of "/a/b"; false at the end.
bool take_segment(std::string_view& path, std::string_view& segment) {
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  segment = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
  return true;
}

}  // namespace

void RouteTree::add(const Operation& operation) {
  Leaf leaf{.operation = &operation};
  const std::size_t question = operation.uri.find('?');
  std::string_view path = without_slash(operation.uri.substr(0, question));
  if (question != std::string_view::npos) {
    any_query(operation.uri.substr(question + 1),
              [&](std::string_view name, std::string_view value) {
                leaf.queries.push_back({.name = std::string(name), .value = std::string(value)});
                return false;
              });
  }
  for (const Member& member : operation.input->members) {
    if (!member.required) continue;
    if (member.place == Place::query)
      leaf.queries.push_back({.name = std::string(member.wire_name)});
    else if (member.place == Place::header)
      leaf.headers.push_back(member.wire_name);
  }
  Node* node = &root_;
  std::string_view segment;
  while (path != "/" && take_segment(path, segment)) {
    if (segment.ends_with("+}")) {
      node->greedy.push_back(std::move(leaf));
      return;
    }
    std::unique_ptr<Node>& next =
        segment.starts_with('{') ? node->label : node->literals[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  node->here.push_back(std::move(leaf));
}

bool RouteTree::Leaf::fits(const Request& request) const {
  for (const Query& query : queries) {
    const bool there =
        any_query(request.query(), [&](std::string_view name, std::string_view value) {
          return name == query.name && (query.value.empty() || value == query.value);
        });
    if (!there) return false;
  }
  for (const std::string_view header : headers)
    if (!request.headers.has(header)) return false;
  return true;
}

void RouteTree::choose(const std::vector<Leaf>& leaves, const Request& request, const Leaf*& best,
                       bool& path_known) {
  for (const Leaf& leaf : leaves) {
    path_known = true;
    if (leaf.operation->method != request.method || !leaf.fits(request)) continue;
    if (!best || leaf.weight() > best->weight()) best = &leaf;
  }
}

// Literals before labels before the greedy rest; what fits first wins, whatever the order of the
// operations.
void RouteTree::walk(const Node& node, std::string_view rest, const Request& request,
                     const Leaf*& best, bool& path_known) {
  if (rest.empty() || rest == "/") {
    choose(node.here, request, best, path_known);
    if (best || rest.empty()) return;
  }
  std::string_view after = rest, segment;
  if (!take_segment(after, segment)) return;
  if (const auto literal = node.literals.find(segment); literal != node.literals.end())
    walk(*literal->second, after, request, best, path_known);
  if (!best && node.label && !segment.empty()) walk(*node.label, after, request, best, path_known);
  if (!best && rest.size() > 1) choose(node.greedy, request, best, path_known);
}

const Operation* RouteTree::find(std::string_view path, const Request& request,
                                 bool& path_known) const {
  const Leaf* best = nullptr;
  path_known = false;
  walk(root_, path, request, best, path_known);
  return best ? best->operation : nullptr;
}

bool RouteTree::takes_query(const Operation& operation, std::string_view name) {
  const std::size_t question = operation.uri.find('?');
  if (question != std::string_view::npos &&
      any_query(operation.uri.substr(question + 1),
                [&](std::string_view literal, std::string_view) { return literal == name; }))
    return true;
  for (const Member& member : operation.input->members)
    if (member.place == Place::query && member.wire_name == name) return true;
  return false;
}

bool RouteTree::takes_header(const Operation& operation, std::string_view name) {
  for (const Member& member : operation.input->members)
    if (member.place == Place::header && equal_ignoring_case(member.wire_name, name)) return true;
  return false;
}

}  // namespace cloudlet::wire
