// Mail as servers take it: encodings, line ends, and nothing that a subject or an address could
// smuggle in.
#include "delivery/mime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "delivery/mail_server.h"

namespace cloudlet::delivery {
namespace {

using testing::HasSubstr;
using testing::Not;

MailMessage message_of(std::string subject, std::string body) {
  return {.from_name = "AWS Notifications",
          .from_address = "no-reply@sns.amazonaws.com",
          .to = "ann@example.com",
          .subject = std::move(subject),
          .body = std::move(body),
          .message_id = "id-1",
          .date = from_millis(1'700'000'000'000)};
}

TEST(Mime, APlainMessageStaysReadable) {
  EXPECT_EQ(render(message_of("Attention:Humidity Under Threshold", "Humidity 32\nbye")),
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
            "From: \"AWS Notifications\" <no-reply@sns.amazonaws.com>\r\n"
            "To: <ann@example.com>\r\n"
            "Message-ID: <id-1@cloudlet>\r\n"
            "Subject: Attention:Humidity Under Threshold\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=UTF-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "Humidity 32\r\nbye\r\n");
}

TEST(Mime, ASubjectCannotBecomeAnotherHeader) {
  const std::string text = render(message_of("hello\r\nBcc: eve@example.com", "b"));
  EXPECT_THAT(text, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(text, HasSubstr("Subject: hello  Bcc: eve@example.com\r\n"));
}

TEST(Mime, ForeignSubjectsAreEncodedWordsOfAtMost75Characters) {
  EXPECT_EQ(encode_header_text("Grüße"), "=?UTF-8?B?R3LDvMOfZQ==?=");
  std::string long_one;
  for (int i = 0; i < 60; ++i) long_one += "ü€😀";
  std::istringstream lines(encode_header_text(long_one));
  int words = 0;
  for (std::string line; std::getline(lines, line); ++words) {
    EXPECT_LE(line.size(), 77u);  // a blank before, CR after
    EXPECT_THAT(line, HasSubstr("=?UTF-8?B?"));
  }
  EXPECT_GT(words, 10);
  EXPECT_EQ(encode_header_text("=?looks encoded?="), "=?UTF-8?B?PT9sb29rcyBlbmNvZGVkPz0=?=");
}

TEST(Mime, BodiesTakeTheEncodingThatFits) {
  EXPECT_THAT(render(message_of("s", "Temperature 30 °C = hot ")),
              HasSubstr("quoted-printable\r\n\r\nTemperature 30 =C2=B0C =3D hot=20\r\n"));
  EXPECT_THAT(render(message_of("s", "日本語の本文")),
              HasSubstr("base64\r\n\r\n5pel5pys6Kqe44Gu5pys5paHDQo=\r\n"));
  EXPECT_THAT(render(message_of("s", std::string(5000, 'x'))), HasSubstr("quoted-printable"));
}

TEST(Mime, QuotedPrintableLinesAreShort) {
  std::istringstream lines(
      quoted_printable(std::string(1000, 'x') + "é" + std::string(300, '=') + "\r\n"));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 77u);
}

TEST(Mime, AddressesAreOnlyAddresses) {
  for (const char* good :
       {"ann@example.com", "a.b+c_d@sub.example-1.org", "x@localhost", "o'hara@example.com"})
    EXPECT_TRUE(valid_mail_address(good)) << good;
  for (const char* bad :
       {"", "ann", "@example.com", "ann@", "ann@example.com\r\nDATA", "a b@example.com", "a@b@c.d",
        "<ann@example.com>", "ann@exa mple.com", "ann@.com", "ann@a..b", "änn@example.com",
        "a,b@c.d", "ann@example.com>", "ann@[127.0.0.1]", "\"a\"@example.com"})
    EXPECT_FALSE(valid_mail_address(bad)) << bad;
  EXPECT_FALSE(valid_mail_address(std::string(65, 'a') + "@example.com"));
}

TEST(MailServer, TakesItsUrlApart) {
  const auto server =
      MailServer::parse("smtp://ann:s%40cret@mail.example.com:587/helo?from=alerts@example.com");
  ASSERT_TRUE(server.has_value());
  EXPECT_EQ(server->url, "smtp://mail.example.com:587/helo");
  EXPECT_EQ(server->user, "ann");
  EXPECT_EQ(server->password, "s@cret");
  EXPECT_EQ(server->from, "alerts@example.com");
  EXPECT_EQ(server->tls, MailServer::Tls::required);
  EXPECT_EQ(MailServer::parse("smtp://a:b@127.0.0.1")->tls, MailServer::Tls::optional);
  EXPECT_EQ(MailServer::parse("smtp://localhost:25?tls=none")->tls, MailServer::Tls::none);
}

TEST(MailServer, RefusesWithoutQuotingAPassword) {
  for (const char* bad :
       {"http://ann:secret@host", "smtp://", "mail", "smtp://ann:secret@host?from=nobody",
        "smtp://ann:secret@host?tls=maybe", "smtp://ann:secret@host?retries=3"}) {
    const auto server = MailServer::parse(bad);
    ASSERT_TRUE(server.has_error()) << bad;
    EXPECT_THAT(server.error().message(), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace cloudlet::delivery
