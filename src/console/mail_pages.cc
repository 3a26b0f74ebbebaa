#include "console/mail_pages.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <optional>

#include "console/mail_html.h"
#include "wire/form.h"

namespace cloudlet::console {
namespace {

namespace json = boost::json;
using delivery::Mail;
using delivery::Mailbox;
using delivery::MailLink;

constexpr std::size_t limit_default = 50, limit_max = 1000;
constexpr std::size_t answer_bytes_max = 256 * 1024;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

wire::Response respond(int status, std::string_view type, std::string body) {
  wire::Response response{.status = status};
  response.headers.add("Content-Type", type);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.body = wire::Body(std::move(body));
  return response;
}

wire::Response as_json(int status, const json::value& value) {
  return respond(status, "application/json", json::serialize(value) + "\n");
}

wire::Response refuse(int status, std::string_view why) {
  return as_json(status, json::object{{"message", why}});
}

wire::Response as_page(const MailView& view) {
  wire::Response response = respond(200, "text/html; charset=utf-8", mail_html(view));
  response.headers.add("Content-Security-Policy", mail_security_policy());
  // Not "no-referrer": a browser would then not say either that its forms are ours.
  response.headers.add("Referrer-Policy", "same-origin");
  return response;
}

wire::Response go_to(std::string_view place) {
  wire::Response response = respond(303, "text/plain", "");
  response.headers.add("Location", place);
  return response;
}

json::object summary(const Mail& mail) {
  return {{"id", std::to_string(mail.id)},
          {"to", mail.to},
          {"from", mail.from},
          {"subject", mail.subject},
          {"preview", mail.preview},
          {"received", iso8601(mail.at)},
          {"read", mail.read},
          {"size", mail.size_bytes},
          {"account", mail.account},
          {"owner", mail.owner},
          {"trace", mail.trace}};
}

json::object whole(const Mail& mail) {
  json::object object = summary(mail);
  object["body"] = mail.body;
  json::array links;
  for (const MailLink& link : delivery::links_in(mail.body))
    links.push_back(json::object{{"action", to_string(link.action)}, {"url", link.url}});
  object["links"] = std::move(links);
  return object;
}

// "http://host:port/path?query" -> "/path?query".
std::string target_of(const std::string& url) {
  const std::size_t slash = url.find('/', url.find("://") + 3);
  return slash == url.npos ? "/" : url.substr(slash);
}

std::string host_of(const std::string& url) {
  const std::size_t from = url.find("://") + 3;
  return url.substr(from, url.find('/', from) - from);
}

}  // namespace

// What is asked for: the address taken apart.
struct MailPages::Wish {
  enum class Action { list, show, click, remove, unknown } action = Action::unknown;
  bool page = false;                // a browser asks
  std::optional<std::uint64_t> id;  // of one message; none: all of them
  Mailbox::Page range{.count = limit_default};
  std::string link;  // "confirm", "unsubscribe"; empty: the first of the two

  static Wish of(const wire::Request& request) {
    Wish wish;
    wish.page = request.headers.get("Accept").find("text/html") != std::string_view::npos;
    std::string_view rest = request.path().substr(std::min(path.size(), request.path().size()));
    if (rest.starts_with('/')) rest.remove_prefix(1);
    const std::size_t slash = rest.find('/');
    const std::string_view first = rest.substr(0, slash);
    const std::string_view second =
        slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
    wish.id = number(first);
    const bool all_deleted = first == "delete" && second.empty();
    if (first.empty() || wish.id || all_deleted)
      wish.action = action_of(request.method, wish.id.has_value(), all_deleted ? first : second);
    wish.read_query(request.query());
    return wish;
  }

 private:
  static Action action_of(std::string_view method, bool one, std::string_view verb) {
    if (method == "GET" && verb.empty()) return one ? Action::show : Action::list;
    if (method == "DELETE" && verb.empty()) return Action::remove;
    if (method == "POST" && verb == "delete") return Action::remove;
    if (method == "POST" && verb == "click" && one) return Action::click;
    return Action::unknown;
  }
  void read_query(std::string_view query) {
    const auto form = wire::FormData::parse(query);
    if (!form) return;
    const auto value = [&](std::string_view name) -> std::string {
      const std::string* found = form->find(name);
      return found == nullptr ? std::string() : *found;
    };
    range.to = value("to");
    range.subject = value("subject");
    range.before = number(value("before")).value_or(0);
    range.count =
        std::clamp<std::size_t>(number(value("limit")).value_or(limit_default), 1, limit_max);
    link = value("action");
  }
};

Task<wire::Response> MailPages::handle(wire::Request request) {
  Wish wish = Wish::of(request);
  switch (wish.action) {
    case Wish::Action::list: co_return list(wish);
    case Wish::Action::show: co_return co_await show(std::move(wish));
    case Wish::Action::click: co_return co_await click(std::move(wish));
    case Wish::Action::remove: co_return co_await remove(std::move(wish));
    case Wish::Action::unknown: break;
  }
  co_return refuse(404, "There is no such page. See GET /_cloudlet/mail.");
}

namespace {

MailView view_of(const store::ReadTxn& state, Mailbox::Page range) {
  const std::size_t asked = range.count++;
  MailView view{.listed = Mailbox::list(state, range),
                .to = range.to,
                .addresses = Mailbox::addresses(state, 12),
                .total = Mailbox::size(state)};
  view.more = view.listed.size() > asked;
  if (view.more) view.listed.resize(asked);
  return view;
}

}  // namespace

wire::Response MailPages::list(const Wish& wish) const {
  const MailView view = view_of(*store_.snapshot(), wish.range);
  if (wish.page) return as_page(view);
  json::array messages;
  for (const Mail& mail : view.listed) messages.push_back(summary(mail));
  const json::value next =
      view.more ? json::value(std::to_string(view.listed.back().id)) : json::value(nullptr);
  return as_json(
      200, json::object{{"messages", std::move(messages)}, {"total", view.total}, {"next", next}});
}

Task<wire::Response> MailPages::show(Wish wish) const {
  std::optional<Mail> mail = Mailbox::get(*store_.snapshot(), *wish.id);
  if (!mail) co_return refuse(404, "There is no such message.");
  if (!mail->read) {
    const std::uint64_t id = *wish.id;
    const auto mark = [id](store::Txn& tx) -> Result<void> {
      Mailbox::mark_read(tx, id);
      return {};
    };
    // A disk that is full keeps nobody from reading: the message then stays new.
    mail->read = (co_await store_.transact(mark)).has_value();
  }
  if (!wish.page) co_return as_json(200, whole(*mail));
  MailView view = view_of(*store_.snapshot(), wish.range);
  view.open = std::move(mail);
  co_return as_page(view);
}

// The link's own request, as a browser would send it, to the server's own handler: never to
// anywhere else.
Task<wire::Response> MailPages::click(Wish wish) const {
  const std::optional<Mail> mail = Mailbox::get(*store_.snapshot(), *wish.id);
  if (!mail) co_return refuse(404, "There is no such message.");
  std::optional<MailLink> chosen;
  for (const MailLink& link : delivery::links_in(mail->body)) {
    const bool wanted = wish.link.empty() ? link.action != MailLink::Action::other
                                          : wish.link == to_string(link.action);
    if (wanted && link.action != MailLink::Action::other && !chosen) chosen = link;
  }
  if (!chosen) co_return refuse(404, "The message has no such link.");
  wire::Request request{.method = "GET", .target = target_of(chosen->url), .peer = "127.0.0.1"};
  request.headers.add("Host", host_of(chosen->url));
  request.headers.add("Accept", wish.page ? "text/html" : "*/*");
  wire::Response answer = co_await handler_.handle(std::move(request));
  if (wish.page) co_return answer;
  const auto text = co_await answer.body.read_all(answer_bytes_max);
  json::object result{
      {"action", to_string(chosen->action)}, {"link", chosen->url}, {"status", answer.status}};
  result["answer"] = text.has_error() ? "" : *text;
  if (answer.status < 400) co_return as_json(200, result);
  result["message"] = "The link was refused: " + std::string(result["answer"].as_string());
  co_return as_json(409, result);
}

Task<wire::Response> MailPages::remove(Wish wish) const {
  const std::optional<std::uint64_t> id = wish.id;
  const auto erase = [id](store::Txn& tx) -> Result<bool> {
    if (id) return Mailbox::erase(tx, *id);
    Mailbox::erase_all(tx);
    return true;
  };
  const Result<bool> erased = co_await store_.transact(erase);
  if (erased.has_error()) co_return refuse(503, erased.error().message());
  if (wish.page) co_return go_to(path);
  if (!*erased) co_return refuse(404, "There is no such message.");
  co_return as_json(
      200, json::object{{"deleted", id ? json::value(std::to_string(*id)) : json::value("all")}});
}

}  // namespace cloudlet::console
