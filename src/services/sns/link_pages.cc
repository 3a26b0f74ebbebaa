#include "services/sns/link_pages.h"

#include <fmt/format.h>

#include <optional>

#include "wire/form.h"

namespace cloudlet::sns {
namespace {

constexpr std::size_t answer_bytes_max = 64 * 1024;

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  return out;
}

// What the XML says between <name> and </name>: text as the server wrote it, which is escaped
// already.
std::string element(std::string_view xml, const std::string& name) {
  const std::size_t from = xml.find("<" + name + ">");
  const std::size_t to = xml.find("</" + name + ">");
  if (from == xml.npos || to == xml.npos || to < from) return {};
  return std::string(xml.substr(from + name.size() + 2, to - from - name.size() - 2));
}

struct Words {
  std::string title;
  std::string text;    // HTML
  std::string detail;  // HTML
  bool good = true;
};

std::string page(const Words& words) {
  constexpr std::string_view style =
      "*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;"
      "padding:1.5rem;"
      "font:16px/1.55 system-ui,sans-serif;background:#f4f6f8;color:#17202a}"
      "main{max-width:34rem;width:100%;background:#fff;border:1px solid "
      "#dde3ea;border-radius:14px;padding:2.2rem;"
      "box-shadow:0 8px 30px rgba(20,40,70,.07)}"
      ".mark{width:44px;height:44px;border-radius:50%;display:grid;place-items:center;font-size:"
      "22px;color:#fff;"
      "background:#1a8a5a;margin-bottom:1.1rem}.bad .mark{background:#c0392b}"
      "h1{font-size:1.35rem;margin:0 0 .6rem}p{margin:.4rem "
      "0}code{display:block;margin-top:1rem;padding:.75rem .9rem;"
      "background:#f4f6f8;border-radius:8px;font:13px/1.5 "
      "ui-monospace,monospace;overflow-wrap:anywhere;color:#43505e}"
      "a{color:#1f5fbf}footer{margin-top:1.4rem;font-size:.85rem;color:#5d6b7a}"
      "@media(prefers-color-scheme:dark){body{background:#10151b;color:#e6ebf0}main{background:#"
      "182029;"
      "border-color:#2a3541;box-shadow:none}code{background:#10151b;color:#a9b7c6}a{color:#7fb2ff}"
      "footer{color:#8b9aab}}";
  return fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>{0}</title><style>{1}</style></head>"
      "<body><main class=\"{2}\"><div class=\"mark\" "
      "aria-hidden=\"true\">{3}</div><h1>{0}</h1><p>{4}</p>"
      "<code>{5}</code><footer><a href=\"/_cloudlet/mail\">Back to the "
      "mailbox</a></footer></main></body></html>",
      words.title, style, words.good ? "good" : "bad", words.good ? "&#10003;" : "!", words.text,
      words.detail);
}

bool wants_page(const wire::Request& request) {
  return request.method == "GET" && request.path() == "/" &&
         request.headers.get("Accept").find("text/html") != std::string_view::npos;
}

// ConfirmSubscription, Unsubscribe, or nothing of ours.
std::optional<std::string> action_of(const wire::Request& request) {
  if (!wants_page(request)) return std::nullopt;
  const auto form = wire::FormData::parse(request.query());
  const std::string* action = form ? form->find("Action") : nullptr;
  if (action == nullptr || (*action != "ConfirmSubscription" && *action != "Unsubscribe"))
    return std::nullopt;
  return *action;
}

Words words_for(const std::string& action, int status, const std::string& xml,
                const std::string& subscription) {
  if (status != 200)
    return {.title = action == "Unsubscribe" ? "You could not be unsubscribed"
                                             : "The subscription could not be confirmed",
            .text =
                "The link may be older than three days, or its topic may be gone. Ask for a new "
                "one by subscribing again.",
            .detail = element(xml, "Code") + ": " + element(xml, "Message"),
            .good = false};
  if (action == "Unsubscribe")
    return {.title = "You are unsubscribed",
            .text =
                "No more notifications are sent to you. If that was a mistake, the mail that has "
                "just been sent brings the "
                "subscription back.",
            .detail = escape(subscription)};
  return {.title = "Subscription confirmed",
          .text =
              "From now on the notifications of this topic are sent to you. Each of them has a "
              "link that ends it again.",
          .detail = element(xml, "SubscriptionArn")};
}

}  // namespace

Task<wire::Response> LinkPages::handle(wire::Request request) {
  const auto action = action_of(request);
  if (!action) co_return co_await next_.handle(std::move(request));
  const auto form = wire::FormData::parse(request.query());
  const std::string* named = form->find("SubscriptionArn");
  const std::string subscription = named == nullptr ? "" : *named;
  wire::Response response = co_await next_.handle(std::move(request));
  const auto xml = co_await response.body.read_all(answer_bytes_max);
  const Words words =
      words_for(*action, response.status, xml.has_error() ? std::string() : *xml, subscription);
  response.body = wire::Body(page(words));
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

wire::Response certificate_page(const Signer& signer) {
  wire::Response response;
  response.headers.add("Content-Type", "application/x-pem-file");
  response.body = wire::Body(signer.certificate());
  return response;
}

}  // namespace cloudlet::sns
