// What a browser may ask for. Stands before everything else, because a browser sends what any page
// on the web tells it to, and brings its user's cookies along:
//
// - `open` trusts whoever reaches the port, so there a request must be for a name of this machine
//   (or a page could point a name of its own at it: DNS rebinding), and not be sent by a page of
//   another site.
// - `enforce` trusts signatures, which no page can forge. The server's own pages are also for
//   browsers with a cookie (visitors.h), and these are held to the same as in `open`.
// - A document that is not a page of ours (an object in a bucket) is shown without its scripts:
// they
//   would run as if they were ours.
//
// Clients that are no browsers (SDKs, CLIs, curl) send nothing that this looks at but Host.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "console/visitors.h"
#include "wire/http.h"
#include "wire/router.h"

namespace cloudlet::console {

struct DoorRules {
  wire::AuthMode mode = wire::AuthMode::open;
  std::vector<std::string> hosts;    // names of this machine, besides localhost and addresses
  std::vector<std::string> origins;  // other sites whose pages may use the API; "*": any
};

class Door : public wire::HttpHandler {
 public:
  static constexpr std::string_view invite_path = "/_cloudlet/invite";
  static constexpr std::string_view sign_in_path = "/_cloudlet/sign-in";

  // All outlive the door.
  struct Parts {
    wire::HttpHandler& next;
    const wire::Router& router;  // for the words of a refusal
    Visitors& visitors;
    // The server's own pages: whether a path is one, whether it is for everybody, and its answer.
    std::function<bool(std::string_view)> is_page;
    std::function<bool(std::string_view)> is_public;
    std::function<Task<wire::Response>(wire::Request)> page;
  };
  Door(DoorRules rules, Parts parts) : rules_(std::move(rules)), parts_(std::move(parts)) {}

  Task<wire::Response> handle(wire::Request request) override;

  // POST /_cloudlet/invite: {"url": ...}, where a browser begins. GET /_cloudlet/sign-in?token=...:
  // there it gets its cookie. The gateway has asked for a signature where one is due.
  wire::Response invite(const wire::Request& request) const;
  wire::Response sign_in(const wire::Request& request) const;

 private:
  bool known_host(std::string_view host) const;
  bool known_origin(std::string_view origin) const;
  bool own_origin(const wire::Request& request, std::string_view origin) const;
  // Why not; empty: it may pass.
  std::string objection(const wire::Request& request) const;
  bool has_visit(const wire::Request& request) const;
  Task<wire::Response> pass(wire::Request request);
  Task<wire::Response> refuse(wire::Request request, std::string why) const;

  const DoorRules rules_;
  const Parts parts_;
};

}  // namespace cloudlet::console
