#include "console/mail_html.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/encoding.h"
#include "console/mail_style.h"

namespace cloudlet::console {
namespace {

using delivery::Mail;
using delivery::MailLink;

constexpr std::string_view envelope =
    "<svg viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.6\" "
    "stroke-linecap=\"round\" "
    "stroke-linejoin=\"round\" aria-hidden=\"true\"><rect x=\"3\" y=\"5\" width=\"18\" "
    "height=\"14\" rx=\"2.5\"/>"
    "<path d=\"m4 7 8 6 8-6\"/></svg>";

std::string avatar(const std::string& address) {
  unsigned hue = 0;
  for (const char c : address) hue = hue * 31 + static_cast<unsigned char>(c);
  const char letter = address.empty() ? '?' : address[0];
  const char upper =
      letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  return fmt::format("<span class=\"avatar h{}\" aria-hidden=\"true\">{}</span>", hue % 6,
                     escape_html(std::string_view(&upper, 1)));
}

std::string time_html(Time at) {
  const std::string iso = iso8601(at);
  return fmt::format("<time datetime=\"{}\">{} {}</time>", iso, iso.substr(5, 5),
                     iso.substr(11, 5));
}

std::string query(const std::string& to) { return to.empty() ? "" : "?to=" + percent_encode(to); }

// A text that changes exactly when what it stands for does: the script compares it.
std::string state_of(std::string_view html) { return to_hex(sha256(html)).substr(0, 16); }

std::string row(const Mail& mail, const MailView& view) {
  const bool on = view.open && view.open->id == mail.id;
  return fmt::format(
      "<a class=\"row{}{}\" href=\"/_cloudlet/mail/{}{}\"{}>{}<span class=\"who\">{}</span>{}"
      "<span class=\"subject\">{}</span><span class=\"preview\">{}</span></a>",
      mail.read ? "" : " new", on ? " on" : "", mail.id, query(view.to),
      on ? " aria-current=\"true\"" : "", avatar(mail.to), escape_html(mail.to), time_html(mail.at),
      mail.subject.empty() ? "(no subject)" : escape_html(mail.subject), escape_html(mail.preview));
}

std::string list_html(const MailView& view) {
  std::string rows;
  for (const Mail& mail : view.listed) rows += row(mail, view);
  if (view.more)
    rows +=
        fmt::format("<a class=\"older\" href=\"/_cloudlet/mail{}{}before={}\">Older messages</a>",
                    query(view.to), view.to.empty() ? "?" : "&amp;", view.listed.back().id);
  if (view.listed.empty()) rows = "<div class=\"empty\"><p>Nothing here.</p></div>";
  return fmt::format("<section aria-label=\"Messages\" data-state=\"{}\">{}</section>",
                     state_of(rows), rows);
}

std::string addresses_html(const MailView& view) {
  if (view.addresses.size() < 2 && view.to.empty()) return "<nav data-state=\"\"></nav>";
  std::string chips =
      fmt::format("<a href=\"/_cloudlet/mail\"{}>All</a>", view.to.empty() ? " class=\"on\"" : "");
  for (const auto& [address, count] : view.addresses)
    chips += fmt::format("<a href=\"/_cloudlet/mail{}\"{}>{}<b>{}</b></a>", query(address),
                         address == view.to ? " class=\"on\"" : "", escape_html(address), count);
  return fmt::format("<nav aria-label=\"Addresses\" data-state=\"{}\">{}</nav>", state_of(chips),
                     chips);
}

std::string actions_html(const std::vector<MailLink>& links, std::uint64_t id) {
  std::string buttons;
  for (const MailLink& link : links) {
    if (link.action == MailLink::Action::confirm)
      buttons += fmt::format("<a class=\"button main\" href=\"{}\">Confirm subscription</a>",
                             escape_html(link.url));
    if (link.action == MailLink::Action::unsubscribe)
      buttons +=
          fmt::format("<a class=\"button\" href=\"{}\">Unsubscribe</a>", escape_html(link.url));
  }
  return fmt::format(
      "<div class=\"actions\">{}<form method=\"post\" action=\"/_cloudlet/mail/{}/delete\">"
      "<button>Delete</button></form></div>",
      buttons, id);
}

std::string body_html(const std::string& body) {
  std::string out;
  std::size_t done = 0;
  for (const auto& [at, size] : delivery::link_places(body)) {
    const std::string url = escape_html(std::string_view(body).substr(at, size));
    out += escape_html(std::string_view(body).substr(done, at - done));
    out += fmt::format("<a href=\"{0}\" rel=\"noreferrer noopener\">{0}</a>", url);
    done = at + size;
  }
  return out + escape_html(std::string_view(body).substr(done));
}

std::string facts_html(const Mail& mail) {
  std::string facts =
      fmt::format("Message {} from <code>{}</code>", mail.id, escape_html(mail.owner));
  if (!mail.trace.empty())
    facts += fmt::format("<br>How it came about: <code>cloudlet trace why {}</code>",
                         escape_html(mail.trace));
  return "<div class=\"facts\">" + facts + "</div>";
}

std::string message_html(const Mail& mail) {
  const std::size_t bracket = mail.from.find(" <");
  const bool json = mail.body.starts_with("{\n");
  return fmt::format(
      "<article><h2>{}</h2><div class=\"from\">{}<strong>{}</strong>{}<small>to {}</small></div>{}"
      "<div class=\"text{}\">{}</div>{}</article>",
      mail.subject.empty() ? "(no subject)" : escape_html(mail.subject), avatar(mail.from),
      escape_html(mail.from.substr(0, bracket)), time_html(mail.at), escape_html(mail.to),
      actions_html(delivery::links_in(mail.body), mail.id), json ? " json" : "",
      body_html(mail.body), facts_html(mail));
}

std::string nothing_open_html(const MailView& view) {
  if (view.total > 0)
    return fmt::format(
        "<article class=\"empty\"><div>{}<p>Choose a message to read it.</p></div></article>",
        envelope);
  return fmt::format(
      "<article class=\"empty\"><div>{}<p><strong>No mail yet.</strong></p><p>Mail to any address "
      "arrives here as long as no "
      "SMTP server is given. Subscribe one to a topic, and its confirmation is the first:</p>"
      "<code>aws sns subscribe --topic-arn TOPIC --protocol email --notification-endpoint "
      "you@example.com</code>"
      "</div></article>",
      envelope);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
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

const std::string& mail_security_policy() {
  static const std::string policy =
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
      "form-action 'self'; base-uri 'none'; "
      "frame-ancestors 'none'; script-src 'sha256-" +
      to_base64(sha256(mail_script)) + "'";
  return policy;
}

std::string mail_html(const MailView& view) {
  const auto unread = std::count_if(view.listed.begin(), view.listed.end(),
                                    [](const Mail& mail) { return !mail.read; });
  const std::string count =
      fmt::format("{} message{}{}", view.total, view.total == 1 ? "" : "s",
                  unread > 0 ? fmt::format(", {} new", unread) : std::string());
  std::string page =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<link rel=\"icon\" href=\"data:,\"><noscript><meta http-equiv=\"refresh\" "
      "content=\"5\"></noscript>";
  page +=
      fmt::format("<title>{}Mailbox</title><style>{}</style></head>",
                  view.open ? escape_html(view.open->subject) + " - " : std::string(), mail_style);
  page += fmt::format(
      "<body{}><header>{}<h1><a href=\"/_cloudlet/mail\">Mailbox</a> <span>cloudlet</span></h1>"
      "<span class=\"count\" data-state=\"{}\">{}</span>",
      view.open         ? " class=\"reading\""
      : view.total == 0 ? " class=\"no-mail\""
                        : "",
      envelope, state_of(count), count);
  if (view.total > 0)
    page +=
        "<form method=\"post\" action=\"/_cloudlet/mail/delete\"><button>Delete "
        "all</button></form>";
  page += "</header>" + addresses_html(view) + "<main>" + list_html(view);
  page += view.open ? message_html(*view.open) : nothing_open_html(view);
  page += fmt::format("</main><script>{}</script></body></html>", mail_script);
  return page;
}

}  // namespace cloudlet::console
