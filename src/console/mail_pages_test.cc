// The mailbox pages: what programs get, and what people see.
#include "console/mail_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>

namespace cloudlet::console {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The server's own handler: notes what it is asked.
struct Inner : wire::HttpHandler {
  Task<wire::Response> handle(wire::Request request) override {
    targets.push_back(request.target);
    host = request.headers.get("Host");
    wire::Response response{.status = status};
    response.body = wire::Body("<SubscriptionArn>arn</SubscriptionArn>");
    co_return response;
  }
  std::vector<std::string> targets;
  std::string host;
  int status = 200;
};

struct Answer {
  int status = 0;
  wire::Headers headers;
  std::string body;
  boost::json::value json() const { return boost::json::parse(body); }
};

struct MailPagesTest : testing::Test {
  MailPagesTest() { store->start(); }
  ~MailPagesTest() override { store->stop(); }

  std::uint64_t put(std::string to, std::string subject, std::string body) {
    return store
        ->transact_blocking([&](store::Txn& tx) -> Result<std::uint64_t> {
          return delivery::Mailbox().put(tx,
                                         {.from = "AWS Notifications <no-reply@sns.amazonaws.com>",
                                          .to = to,
                                          .subject = subject,
                                          .body = body,
                                          .at = clock.now()});
        })
        .value();
  }
  Answer ask(std::string method, std::string target,
             std::vector<std::pair<std::string, std::string>> headers = {}) {
    wire::Request request{.method = std::move(method), .target = std::move(target)};
    request.headers.add("Host", "localhost:4566");
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    asio::io_context context;
    auto future = asio::co_spawn(context, pages.handle(std::move(request)), asio::use_future);
    context.run();
    wire::Response response = future.get();
    return {.status = response.status, .headers = response.headers, .body = *response.body.whole()};
  }
  Answer browse(std::string target) {
    return ask("GET", std::move(target), {{"Accept", "text/html"}});
  }

  Clock clock{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random = seeded_random(1);
  std::unique_ptr<store::Store> store =
      store::Store::open({.durability = store::Durability::memory}, clock, *random).value();
  Inner inner;
  MailPages pages{*store, inner};
  const std::string confirmation =
      "Open http://localhost:4566/?Action=ConfirmSubscription&TopicArn=t&Token=x to confirm, or "
      "see http://example.com/";
};

TEST_F(MailPagesTest, ProgramsGetJson) {
  const auto one = put("ann@example.com", "one", confirmation);
  put("bob@example.com", "two", "text");
  const auto list = ask("GET", "/_cloudlet/mail").json();
  EXPECT_EQ(list.at("total"), 2);
  EXPECT_EQ(list.at("messages").at(0).at("subject"), "two");
  EXPECT_EQ(list.at("messages").at(0).at("received"), "2023-11-14T22:13:20.000Z");
  EXPECT_FALSE(list.at("messages").at(0).as_object().contains("body"));
  EXPECT_TRUE(list.at("next").is_null());
  EXPECT_EQ(
      ask("GET", "/_cloudlet/mail?to=ann%40example.com").json().at("messages").as_array().size(),
      1u);
  EXPECT_EQ(ask("GET", "/_cloudlet/mail?subject=tw").json().at("messages").as_array().size(), 1u);
  const auto page = ask("GET", "/_cloudlet/mail?limit=1").json();
  ASSERT_TRUE(page.at("next").is_string());
  const std::string next(page.at("next").as_string());
  EXPECT_EQ(ask("GET", "/_cloudlet/mail?limit=1&before=" + next)
                .json()
                .at("messages")
                .at(0)
                .at("subject"),
            "one");

  const auto mail = ask("GET", "/_cloudlet/mail/" + std::to_string(one)).json();
  EXPECT_EQ(std::string_view(mail.at("body").as_string()), confirmation);
  EXPECT_EQ(mail.at("links").at(0).at("action"), "confirm");
  EXPECT_EQ(mail.at("links").at(1).at("action"), "other");
  EXPECT_TRUE(ask("GET", "/_cloudlet/mail").json().at("messages").at(1).at("read").as_bool())
      << "shown is read";
}

TEST_F(MailPagesTest, AClickGoesThroughTheServersOwnHandler) {
  const std::string at =
      "/_cloudlet/mail/" + std::to_string(put("ann@example.com", "one", confirmation));
  const auto clicked = ask("POST", at + "/click");
  EXPECT_EQ(clicked.status, 200);
  EXPECT_THAT(inner.targets, ElementsAre("/?Action=ConfirmSubscription&TopicArn=t&Token=x"));
  EXPECT_EQ(inner.host, "localhost:4566");
  EXPECT_EQ(clicked.json().at("action"), "confirm");
  EXPECT_THAT(clicked.body, HasSubstr("SubscriptionArn"));
  EXPECT_EQ(ask("POST", at + "/click?action=unsubscribe").status, 404);
  inner.status = 400;
  EXPECT_EQ(ask("POST", at + "/click").status, 409);
}

TEST_F(MailPagesTest, OnlyLinksThatConfirmOrEndAreFollowed) {
  const auto id = put("ann@example.com", "one", "http://example.com/ http://127.0.0.1:22/");
  EXPECT_EQ(ask("POST", "/_cloudlet/mail/" + std::to_string(id) + "/click").status, 404);
  EXPECT_EQ(ask("POST", "/_cloudlet/mail/" + std::to_string(id) + "/click?action=other").status,
            404);
  EXPECT_TRUE(inner.targets.empty());
}

TEST_F(MailPagesTest, MessagesAreDeleted) {
  const std::string at = "/_cloudlet/mail/" + std::to_string(put("ann@example.com", "one", "text"));
  put("ann@example.com", "two", "text");
  EXPECT_EQ(ask("DELETE", at).status, 200);
  EXPECT_EQ(ask("DELETE", at).status, 404);
  EXPECT_EQ(ask("GET", at).status, 404);
  const auto form = ask("POST", "/_cloudlet/mail/delete",
                        {{"Accept", "text/html"}, {"Origin", "http://localhost:4566"}});
  EXPECT_EQ(form.status, 303);
  EXPECT_EQ(form.headers.get("Location"), "/_cloudlet/mail");
  EXPECT_EQ(ask("GET", "/_cloudlet/mail").json().at("total"), 0);
}

TEST_F(MailPagesTest, UnknownPlacesAreNotFound) {
  for (const char* target : {"/_cloudlet/mail/x", "/_cloudlet/mail/1/2",
                             "/_cloudlet/mail/99999999999999999999", "/_cloudlet/mail/7"})
    EXPECT_EQ(ask("GET", target).status, 404) << target;
  EXPECT_EQ(ask("PUT", "/_cloudlet/mail").status, 404);
  EXPECT_EQ(ask("POST", "/_cloudlet/mail/click").status, 404);
}

TEST_F(MailPagesTest, PeopleSeeAPageThatLoadsNothingFromElsewhere) {
  const auto empty = browse("/_cloudlet/mail");
  EXPECT_THAT(empty.body, HasSubstr("No mail yet."));
  const auto id = put("ann@example.com", "Confirm", confirmation);
  const auto page = browse("/_cloudlet/mail/" + std::to_string(id));
  EXPECT_EQ(page.headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(page.headers.get("Content-Security-Policy")),
              HasSubstr("default-src 'none'"));
  EXPECT_THAT(
      page.body,
      HasSubstr(
          "href=\"http://localhost:4566/?Action=ConfirmSubscription&amp;TopicArn=t&amp;Token=x\">"
          "Confirm subscription</a>"));
  EXPECT_THAT(page.body, Not(HasSubstr("src=")));
  EXPECT_THAT(page.body, HasSubstr("1 message</span>")) << "read now";
}

TEST_F(MailPagesTest, NoTextOfAMessageIsMarkup) {
  const std::string evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
  const auto id =
      put("<i>@example.com", evil,
          "{\n" + evil + " http://x.example/\"onmouseover=alert(1) javascript:alert(1)");
  for (const std::string& target :
       {std::string("/_cloudlet/mail"), "/_cloudlet/mail/" + std::to_string(id),
        std::string("/_cloudlet/mail?to=%22%3E%3Cscript%3E")}) {
    const auto page = browse(target);
    EXPECT_THAT(page.body, Not(HasSubstr("<script>alert"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("<img"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("\"onmouseover"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("href=\"javascript"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("<i>"))) << target;
  }
}

}  // namespace
}  // namespace cloudlet::console
