#include "server_pages.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <memory>

#include "base/encoding.h"
#include "journal/render.h"

namespace cloudlet {
namespace {

namespace json = boost::json;
using wire::Request;
using wire::Response;

Response answer(int status, std::string_view type, std::string body) {
  Response response{.status = status};
  response.headers.add("Content-Type", type);
  response.headers.add("Cache-Control", "no-store");
  response.body = wire::Body(std::move(body));
  return response;
}

Response answer_json(const json::value& value, int status = 200) {
  return answer(status, "application/json", json::serialize(value));
}

Response refuse(int status, const std::string& message) {
  return answer_json(json::object{{"message", message}}, status);
}

std::string query_value(const Request& request, std::string_view name) {
  std::string_view rest = request.query();
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name)
      return equals == std::string_view::npos
                 ? std::string()
                 : percent_decode(pair.substr(equals + 1), Plus::space).value_or("");
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return {};
}

std::size_t count_of(const Request& request, std::string_view name, std::size_t otherwise) {
  const std::string text = query_value(request, name);
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() && value > 0 ? std::min<std::size_t>(value, 10'000) : otherwise;
}

// "90s", "15m", "2h", "3d".
std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || number <= 0 || number > 1'000'000) return std::nullopt;
  const std::string_view unit(parsed.ptr, text.data() + text.size() - parsed.ptr);
  if (unit == "ms") return Duration(number);
  if (unit == "s" || unit.empty()) return std::chrono::seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  if (unit == "h") return std::chrono::hours(number);
  if (unit == "d") return std::chrono::hours(24 * number);
  return std::nullopt;
}

// The newest chains, each whole.
std::vector<std::vector<journal::Span>> newest(const journal::Journal& journal, std::size_t count) {
  std::vector<std::vector<journal::Span>> chains;
  std::vector<std::string> seen;
  for (const auto& span : journal.last(5000)) {
    if (std::find(seen.begin(), seen.end(), span.cause.trace) != seen.end()) continue;
    seen.push_back(span.cause.trace);
    chains.push_back(journal.trace(span.cause.trace));
    if (chains.size() == count) break;
  }
  return chains;
}

Response trace(const PageSources& sources, const Request& request) {
  const std::string name = query_value(request, "why");
  const auto chains = name.empty()
                          ? newest(sources.journal, count_of(request, "last", 5))
                          : journal::why(sources.journal, name, count_of(request, "count", 5));
  if (query_value(request, "format") != "text") {
    json::array all;
    for (const auto& chain : chains) all.push_back(journal::to_json(chain));
    return answer_json(json::object{{"chains", std::move(all)}});
  }
  std::string text;
  for (const auto& chain : chains) {
    if (!text.empty()) text += "\n";
    text += journal::as_waterfall(chain);
  }
  return answer(200, "text/plain; charset=utf-8", std::move(text));
}

Task<Response> clock(const PageSources& sources, Request request) {
  if (request.method == "POST") {
    auto body = co_await request.body.read_all(4096);
    if (body.has_error()) co_return refuse(400, body.error().message());
    boost::system::error_code failed;
    const json::value asked = json::parse(*body, failed);
    const auto* object = failed ? nullptr : asked.if_object();
    const auto text = [&](const char* name) -> std::string {
      const auto* value = object ? object->if_contains(name) : nullptr;
      return value && value->is_string() ? std::string(value->as_string()) : std::string();
    };
    const std::string action = text("action");
    if (action == "freeze") {
      sources.clock.freeze();
    } else if (action == "resume") {
      sources.clock.resume();
    } else if (action == "advance") {
      const auto by = parse_duration(text("by"));
      if (!by) co_return refuse(400, "'by' is a duration: 90s, 15m, 2h or 3d");
      sources.clock.advance(*by);
    } else if (action != "show") {
      co_return refuse(400, "'action' is show, freeze, advance or resume");
    }
  }
  co_return answer_json(
      json::object{{"now", iso8601(sources.clock.now())}, {"frozen", sources.clock.frozen()}});
}

Response doctor(const PageSources& sources) {
  json::array checks;
  for (const HealthCheck& check : sources.doctor())
    checks.push_back({{"name", check.name}, {"state", check.state}, {"detail", check.detail}});
  return answer_json(json::object{{"checks", std::move(checks)}});
}

Response health(const PageSources& sources) {
  json::object services;
  for (const std::string& name : sources.services) services.emplace(name, "running");
  return answer_json(json::object{
      {"services", std::move(services)}, {"edition", "cloudlet"}, {"version", CLOUDLET_VERSION}});
}

// A page that needs nothing of the request's body.
services::Pages::Handler plain(std::function<Response(const Request&)> make) {
  return [make = std::move(make)](Request request) -> Task<Response> {
    const auto run = [](std::function<Response(const Request&)> f, Request r) -> Task<Response> {
      co_return f(r);
    };
    return run(make, std::move(request));
  };
}

}  // namespace

void add_server_pages(services::Pages& pages, PageSources given) {
  const auto sources = std::make_shared<const PageSources>(std::move(given));
  pages.add_public("/_cloudlet/ready",
                   plain([sources](const Request&) { return answer_json(sources->ready()); }));
  pages.add("/_cloudlet/status",
            plain([sources](const Request&) { return answer_json(sources->status()); }));
  pages.add("/_cloudlet/invite", plain([sources](const Request& request) {
              return request.method == "POST" ? sources->invite(request)
                                              : refuse(405, "POST asks for a sign-in link");
            }));
  pages.add_public("/_cloudlet/sign-in",
                   plain([sources](const Request& request) { return sources->sign_in(request); }));
  pages.add("/_cloudlet/doctor", plain([sources](const Request&) { return doctor(*sources); }));
  pages.add("/_cloudlet/trace",
            plain([sources](const Request& request) { return trace(*sources, request); }));
  pages.add_public("/_cloudlet/ca.pem", plain([sources](const Request&) {
                     return answer(200, "application/x-pem-file", sources->authority_pem());
                   }));
  pages.add_public("/_localstack/health",
                   plain([sources](const Request&) { return health(*sources); }));
  pages.add("/_cloudlet/clock",
            [sources](Request request) { return clock(*sources, std::move(request)); });
}

}  // namespace cloudlet
