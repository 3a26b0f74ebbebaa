// The server's own addresses: /_cloudlet/..., /_localstack/health. Each is a plain handler under a
// path.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/task.h"
#include "wire/http.h"

namespace cloudlet::services {

class Pages {
 public:
  using Handler = std::function<Task<wire::Response>(wire::Request)>;

  // `path` answers for itself and for all below it ("/_cloudlet/mail" for
  // "/_cloudlet/mail/7/click").
  void add(std::string path, Handler handler) {
    handlers_.emplace(std::move(path), std::move(handler));
  }

  // Also for who has no keys: certificates to trust, links that carry their own proof, health.
  void add_public(std::string path, Handler handler) {
    public_.insert(path);
    add(std::move(path), std::move(handler));
  }
  bool is_public(std::string_view path) const {
    for (const std::string& prefix : public_)
      if (path == prefix || path.starts_with(prefix + "/")) return true;
    return false;
  }

  // The longest match; null: none.
  const Handler* find(std::string_view path) const {
    for (auto at = handlers_.rbegin(); at != handlers_.rend(); ++at) {
      const std::string& prefix = at->first;
      const bool below = path.size() == prefix.size() ||
                         path[prefix.size() < path.size() ? prefix.size() : 0] == '/';
      if (path.starts_with(prefix) && below) return &at->second;
    }
    return nullptr;
  }

 private:
  std::set<std::string, std::less<>> public_;
  std::map<std::string, Handler, std::less<>> handlers_;  // a longer path sorts behind its prefix
};

}  // namespace cloudlet::services
