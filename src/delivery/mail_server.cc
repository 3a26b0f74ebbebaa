#include "delivery/mail_server.h"

#include <fmt/format.h>

#include <boost/url/parse.hpp>

#include "delivery/mime.h"

namespace cloudlet::delivery {
namespace {

Result<MailServer::Tls> parse_tls(std::string_view text) {
  if (text == "none") return MailServer::Tls::none;
  if (text == "optional") return MailServer::Tls::optional;
  if (text == "required") return MailServer::Tls::required;
  return invalid(
      fmt::format("the mail server's tls is none, optional or required, not '{}'", text));
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace

Result<MailServer> MailServer::parse(std::string_view text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "smtp" && url->scheme() != "smtps") || url->encoded_host().empty())
    return invalid(
        "the mail server is given as smtp://[user:password@]host[:port]/ or smtps://...");
  MailServer server;
  const std::string host(url->encoded_host());
  server.url = std::string(url->scheme()) + "://" + std::string(url->encoded_host_and_port()) +
               std::string(url->encoded_path());
  server.user = url->user();
  server.password = url->password();
  if (!server.password.empty() && !is_this_machine(host)) server.tls = Tls::required;
  for (const auto& parameter : url->params()) {
    const std::string_view name(parameter.key), value(parameter.value);
    if (name == "from") {
      server.from = value;
    } else if (name == "tls") {
      TRY(server.tls, parse_tls(value));
    } else if (name == "ca") {
      server.ca_file = value;
    } else {
      return invalid(fmt::format("the mail server's URL knows from, tls and ca, not '{}'", name));
    }
  }
  if (!valid_mail_address(server.from))
    return invalid(fmt::format("'{}' is no mail address to send from", server.from));
  return server;
}

}  // namespace cloudlet::delivery
