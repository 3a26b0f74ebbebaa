// The SMTP server that mail goes to: `--smtp
// smtp://user:password@host:587/?from=alerts@example.com&tls=required`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloudlet::delivery {

struct MailServer {
  enum class Tls { none, optional, required };  // STARTTLS; smtps:// is TLS from the first byte

  std::string url;  // scheme, host, port and HELO name (its path); no user, no password
  std::string user;
  std::string password;
  std::string from = default_from;  // sender of the envelope and in From
  Tls tls = Tls::optional;
  std::string ca_file;  // certificates to trust beside the system's; empty: the system's only

  static constexpr const char* default_from = "no-reply@sns.amazonaws.com";

  // Query parameters: `from`, `tls` (none, optional, required), `ca` (a file). With a password and
  // a host that is not this machine `tls` is `required` unless said otherwise. Anything else is
  // refused with a sentence that never quotes a password.
  static Result<MailServer> parse(std::string_view url);
};

}  // namespace cloudlet::delivery
