// The mailbox as HTML: no request to anywhere else, no text of a message as markup.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delivery/mailbox.h"

namespace cloudlet::console {

struct MailView {
  std::vector<delivery::Mail> listed;  // newest first
  std::optional<delivery::Mail> open;  // with its body
  std::string to;                      // only this address was asked for
  std::vector<std::pair<std::string, std::uint64_t>> addresses;
  std::uint64_t total = 0;
  bool more = false;  // there are older ones
};

std::string mail_html(const MailView& view);
std::string escape_html(std::string_view text);
// What a browser is told about the page: nothing from elsewhere, only this script.
const std::string& mail_security_policy();

}  // namespace cloudlet::console
