// The operations of one REST service by path: a tree over segments, and at its leaves the
// requirements of each operation.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http.h"
#include "wire/table.h"

namespace cloudlet::wire {

class RouteTree {
 public:
  void add(const Operation& operation);

  // The operation whose method and path fit and whose required query and header literals are all
  // there, most of them first. `path` is raw. Null: none; `path_known` then says whether another
  // method or query would have fitted.
  const Operation* find(std::string_view path, const Request& request, bool& path_known) const;

  // Whether the operation speaks of this query parameter or header at all.
  static bool takes_query(const Operation& operation, std::string_view name);
  static bool takes_header(const Operation& operation, std::string_view name);

 private:
  struct Query {
    std::string name;
    std::string value;  // empty: any
  };
  struct Leaf {
    const Operation* operation;
    std::vector<Query> queries;
    std::vector<std::string_view> headers;
    std::size_t weight() const { return queries.size() + headers.size(); }
    bool fits(const Request& request) const;
  };
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> label;
    std::vector<Leaf> here;
    std::vector<Leaf> greedy;  // this node's rest is one label: "/{Key+}"
  };
  static void choose(const std::vector<Leaf>& leaves, const Request& request, const Leaf*& best,
                     bool& path_known);
  static void walk(const Node& node, std::string_view rest, const Request& request,
                   const Leaf*& best, bool& path_known);

  Node root_;
};

// Calls `visit(name, value)` for each raw pair of a query string until it returns true; tells
// whether it did.
template <class Visit>
bool any_query(std::string_view query, Visit visit) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!pair.empty() && visit(pair.substr(0, equals), value)) return true;
  }
  return false;
}

}  // namespace cloudlet::wire
