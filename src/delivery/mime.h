// One text message as a mail server takes it (RFC 5322, 2045, 2047). What a user gave never becomes
// a header field: control characters are replaced, and whatever is not plain ASCII is encoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace cloudlet::delivery {

struct MailMessage {
  std::string from_name;  // "AWS Notifications"; may be empty
  std::string from_address;
  std::string to;
  std::string subject;
  std::string body;                                          // UTF-8 text; line ends of any kind
  std::string message_id;                                    // left of the '@'
  std::vector<std::pair<std::string, std::string>> headers;  // further fields, names from code
  Time date;
};

// Lines end in CR LF; dots at line starts are not doubled (curl does).
std::string render(const MailMessage& message);

// local@domain of plain ASCII, at most 254 characters (RFC 5321, 4.5.3.1.3): nothing that could end
// an envelope line.
bool valid_mail_address(std::string_view address);

// A header value: itself if it is plain, else encoded words of at most 75 characters, folded (RFC
// 2047).
std::string encode_header_text(std::string_view text);
std::string quoted_printable(std::string_view text);  // `text` has CR LF line ends

}  // namespace cloudlet::delivery
