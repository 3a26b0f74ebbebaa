// Any subject, name, address and body: the message has the header fields it should have and no
// other, lines end in CR LF and are short enough for SMTP, and links are places in the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "delivery/mailbox.h"
#include "delivery/mime.h"

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

void check(const std::string& message) {
  const std::size_t head = message.find("\r\n\r\n");
  must(head != std::string::npos);
  int fields = 0;
  for (std::size_t at = 0; at <= head;) {
    const std::size_t end = message.find("\r\n", at);
    if (message[at] != ' ') ++fields;
    at = end + 2;
  }
  must(fields == 8 || fields == 9);  // without or with a subject
  std::size_t line = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '\n') must(i > 0 && message[i - 1] == '\r');
    if (message[i] == '\r') must(i + 1 < message.size() && message[i + 1] == '\n');
    line = message[i] == '\n' ? 0 : line + 1;
    must(line <= 999);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cloudlet;
  using namespace cloudlet::delivery;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string front = text.substr(0, size / 2), back = text.substr(size / 2);
  valid_mail_address(text);
  check(render({.from_name = front.substr(0, 200),
                .from_address = "no-reply@sns.amazonaws.com",
                .to = "ann@example.com",
                .subject = front,
                .body = back,
                .message_id = "id",
                .date = from_millis(1'700'000'000'000)}));
  for (const auto& [at, length] : link_places(text)) must(at + length <= text.size() && length > 0);
  return 0;
}
