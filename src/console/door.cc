#include "console/door.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "console/door_html.h"
#include "wire/form.h"

namespace cloudlet::console {
namespace {

const ErrorKind refused{.name = "AccessDeniedException", .code = "AccessDenied", .status = 403};
constexpr std::size_t form_bytes_max = 1u << 20;

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "Bucket.LocalHost:4566" -> "bucket.localhost"; "[::1]:4566" -> "[::1]".
std::string name_of(std::string_view host) {
  const std::size_t from = host.starts_with('[') ? host.find(']') : 0;
  std::string name(host.substr(0, host.find(':', from == std::string_view::npos ? 0 : from)));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (name.ends_with('.')) name.pop_back();
  return name;
}

// No page can have an address of this machine as its own name without being served by it.
bool is_address(std::string_view name) {
  return name.starts_with('[') ||
         (!name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos);
}

// The names under which the router finds services and buckets: nobody else answers for them.
bool is_service_name(std::string_view name) {
  for (const std::string_view domain : {"localhost", "localhost.localstack.cloud", "amazonaws.com"})
    if (name == domain || (name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.'))
      return true;
  return false;
}

// The names that the server's own pages come from. A bucket's (bucket.localhost) are an origin of
// their own, and whoever's wrote the object.
bool is_plain(std::string_view name) {
  return name == "localhost" || is_address(name) || !is_service_name(name);
}

bool reads_only(const wire::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

// GET /?Action=...: an operation, whatever the method says.
bool names_action(const wire::Request& request) {
  const std::string query = "&" + std::string(request.query());
  return holds(query, "&Action=") || holds(query, "&X-Amz-Target=");
}

// A link in a mail, whose token is its own proof.
bool is_mail_link(const wire::Request& request) {
  if (request.path() != "/") return false;
  const auto form = wire::FormData::parse(request.query());
  const std::string* action = form ? form->find("Action") : nullptr;
  return action && (*action == "ConfirmSubscription" || *action == "Unsubscribe");
}

bool is_signed(const wire::Request& request) {
  return request.headers.has("Authorization") || holds(request.query(), "X-Amz-Signature=");
}

bool wants_document(const wire::Request& request) {
  return request.method == "GET" && holds(request.headers.get("Accept"), "text/html");
}

// Cookies know no ports: two servers of one user keep apart by name.
std::string cookie_name(const wire::Request& request) {
  const std::string_view host = request.headers.get("Host");
  const std::size_t colon = host.rfind(':');
  const bool port = colon != std::string_view::npos && !host.ends_with(']');
  return "cloudlet-" + std::string(port ? host.substr(colon + 1) : "80");
}

std::string_view cookie_of(const wire::Request& request, std::string_view name) {
  for (const auto [field, value] : request.headers) {
    if (!wire::equal_ignoring_case(field, "Cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      const std::string_view bare = pair.substr(std::min(pair.find_first_not_of(' '), pair.size()));
      if (bare.starts_with(name) && bare.substr(name.size()).starts_with('='))
        return bare.substr(name.size() + 1);
    }
  }
  return {};
}

wire::Response page(int status, std::string html) {
  wire::Response response{.status = status};
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Referrer-Policy", "no-referrer");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                       "frame-ancestors 'none'");
  response.body = wire::Body(std::move(html));
  return response;
}

// What a browser may show of a document that anybody may have put into a bucket.
void disarm(wire::Response& response) {
  const std::string_view type = response.headers.get("Content-Type");
  const bool runs = type.empty() || holds(type, "html") || holds(type, "xml") || holds(type, "svg");
  if (runs && !response.headers.has("Content-Security-Policy"))
    response.headers.add("Content-Security-Policy", "sandbox");
  if (!response.headers.has("X-Content-Type-Options"))
    response.headers.add("X-Content-Type-Options", "nosniff");
}

void allow(wire::Response& response, std::string_view origin) {
  response.headers.set("Access-Control-Allow-Origin", origin);
  response.headers.add("Vary", "Origin");
  response.headers.add("Access-Control-Expose-Headers",
                       "ETag, Content-Range, Last-Modified, x-amzn-RequestId, x-amz-request-id, "
                       "x-amzn-ErrorType, x-amz-function-error, x-amz-log-result");
}

wire::Response preflight(const wire::Request& request, std::string_view origin) {
  wire::Response response{.status = 204};
  allow(response, origin);
  response.headers.add("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, DELETE, PATCH");
  response.headers.add("Access-Control-Allow-Headers",
                       request.headers.get("Access-Control-Request-Headers", "*"));
  response.headers.add("Access-Control-Max-Age", "600");
  return response;
}

}  // namespace

bool Door::known_host(std::string_view host) const {
  const std::string name = name_of(host);
  if (name.empty() || is_address(name) || is_service_name(name)) return true;
  return std::any_of(rules_.hosts.begin(), rules_.hosts.end(),
                     [&](const std::string& own) { return name_of(own) == name; });
}

bool Door::known_origin(std::string_view origin) const {
  return std::any_of(rules_.origins.begin(), rules_.origins.end(),
                     [&](const std::string& one) { return one == "*" || one == origin; });
}

bool Door::own_origin(const wire::Request& request, std::string_view origin) const {
  const std::size_t slashes = origin.find("://");
  const std::string_view host = request.headers.get("Host");
  if (slashes == std::string_view::npos || origin.substr(slashes + 3) != host) return false;
  return is_plain(name_of(host));
}

std::string Door::objection(const wire::Request& request) const {
  const std::string_view host = request.headers.get("Host");
  if (!known_host(host))
    return fmt::format(
        "'{}' is no name of this server: somebody may have pointed it here (DNS rebinding). If it "
        "is yours, start cloudlet with --allow-host {}",
        host, name_of(host));
  const std::string_view origin = request.headers.get("Origin");
  if (!origin.empty() && !own_origin(request, origin))
    return fmt::format("a page of {} sent this. If it may, start cloudlet with --allow-origin {}",
                       origin, origin);
  const std::string_view site = request.headers.get("Sec-Fetch-Site");
  if (!origin.empty() || site.empty() || site == "none" || is_mail_link(request)) return {};
  const bool follows_link = request.headers.get("Sec-Fetch-Mode") == "navigate" &&
                            request.headers.get("Sec-Fetch-Dest") == "document";
  const bool may_read = site != "cross-site" || follows_link;
  if (may_read && reads_only(request) && !names_action(request)) return {};
  if (site == "same-origin" && !names_action(request)) return {};
  return "a page of another site sent this";
}

bool Door::has_visit(const wire::Request& request) const {
  const std::string_view cookie = cookie_of(request, cookie_name(request));
  return !cookie.empty() && parts_.visitors.knows(cookie);
}

Task<wire::Response> Door::handle(wire::Request request) {
  const std::string origin(request.headers.get("Origin"));
  const bool invited =
      !origin.empty() && known_origin(origin) && known_host(request.headers.get("Host"));
  if (invited) {
    if (request.method == "OPTIONS") co_return preflight(request, origin);
    wire::Response response = co_await pass(std::move(request));
    allow(response, origin);
    co_return response;
  }
  const bool open = rules_.mode == wire::AuthMode::open;
  if (open) {
    std::string why = objection(request);
    if (!why.empty()) co_return co_await refuse(std::move(request), std::move(why));
  }
  co_return co_await pass(std::move(request));
}

// Past the question which site asks. Where signatures are verified, pages are also for browsers
// that signed in.
Task<wire::Response> Door::pass(wire::Request request) {
  const std::string path(request.path());
  if (!parts_.is_page(path)) {
    const bool document = wants_document(request) && is_plain(name_of(request.headers.get("Host")));
    wire::Response response = co_await parts_.next.handle(std::move(request));
    if (document) disarm(response);
    co_return response;
  }
  const bool asks =
      rules_.mode == wire::AuthMode::enforce && !parts_.is_public(path) && !is_signed(request);
  if (!asks) co_return co_await parts_.next.handle(std::move(request));
  if (has_visit(request)) {
    std::string why = objection(request);
    if (!why.empty()) co_return co_await refuse(std::move(request), std::move(why));
    co_return co_await parts_.page(std::move(request));
  }
  if (wants_document(request)) co_return page(403, keys_needed_html());
  co_return co_await parts_.next.handle(std::move(request));
}

Task<wire::Response> Door::refuse(wire::Request request, std::string why) const {
  const std::string sentence = "Refused: " + why + ".";
  if (parts_.is_page(request.path())) {
    wire::Response response{.status = 403};
    response.headers.add("Content-Type", "application/json");
    response.body = wire::Body(boost::json::serialize(boost::json::object{{"message", sentence}}));
    co_return response;
  }
  // In the words of the service that was meant, so that its client can read them.
  wire::Exchange exchange;
  const std::string resource(request.path());
  if (wire::Router::needs_whole_body(request)) {
    auto bytes = co_await request.body.read_all(form_bytes_max);
    request.body = wire::Body(bytes.has_value() ? std::move(*bytes) : std::string());
  }
  (void)parts_.router.route(request, exchange);
  co_return wire::encode_error(exchange, Error(refused, sentence), {}, resource);
}

wire::Response Door::invite(const wire::Request& request) const {
  const std::string host(request.headers.get("Host"));
  const std::string url =
      rules_.mode == wire::AuthMode::open
          ? fmt::format("http://{}/_cloudlet/mail", host)
          : fmt::format("http://{}{}?token={}", host, sign_in_path, parts_.visitors.invite());
  wire::Response response;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = wire::Body(boost::json::serialize(boost::json::object{{"url", url}}));
  return response;
}

// Not a redirect: a browser would then leave out the new cookie if a page of another site had the
// link (SameSite=Strict).
wire::Response Door::sign_in(const wire::Request& request) const {
  const auto form = wire::FormData::parse(request.query());
  const std::string* token = form ? form->find("token") : nullptr;
  const auto cookie =
      token && request.method == "GET" ? parts_.visitors.admit(*token) : std::nullopt;
  if (!cookie) return page(403, link_spent_html());
  wire::Response response = page(200, signed_in_html("/_cloudlet/mail"));
  response.headers.add(
      "Set-Cookie",
      fmt::format("{}={}; Path=/_cloudlet; Max-Age={}; HttpOnly; SameSite=Strict",
                  cookie_name(request), *cookie,
                  std::chrono::duration_cast<std::chrono::seconds>(Visitors::visit_lasts).count()));
  return response;
}

}  // namespace cloudlet::console
