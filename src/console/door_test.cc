// The door: what a page of another site, a name pointed here by somebody else and an object in a
// bucket cannot do with a visitor's browser; and that clients which are no browsers are not asked.
#include "console/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>

#include "gen/s3/client.h"
#include "gen/sns/client.h"

namespace cloudlet::console {
namespace {

using testing::HasSubstr;
using testing::Not;
using Fields = std::vector<std::pair<std::string, std::string>>;

// Everything behind the door.
struct House : wire::HttpHandler {
  Task<wire::Response> handle(wire::Request request) override {
    seen.push_back(request.method + " " + request.target);
    wire::Response response;
    response.headers.add("Content-Type", type);
    response.body = wire::Body("<b>here</b>");
    co_return response;
  }
  std::vector<std::string> seen;
  std::string type = "text/html";
};

struct Answer {
  int status = 0;
  wire::Headers headers;
  std::string body;
};

struct DoorTest : testing::Test {
  void build(DoorRules rules) {
    door = std::make_unique<Door>(
        std::move(rules),
        Door::Parts{
            .next = house,
            .router = router,
            .visitors = visitors,
            .is_page = [](std::string_view path) { return path.starts_with("/_cloudlet/"); },
            .is_public = [](std::string_view path) { return path == "/_cloudlet/ready"; },
            .page = [this](wire::Request request) { return page.handle(std::move(request)); }});
  }
  void SetUp() override { build({}); }

  Answer ask(std::string method, std::string target, Fields fields = {},
             std::string host = "localhost:4566") {
    wire::Request request{.method = std::move(method), .target = std::move(target)};
    request.headers.add("Host", host);
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    asio::io_context context;
    auto future = asio::co_spawn(context, door->handle(std::move(request)), asio::use_future);
    context.run();
    wire::Response response = future.get();
    const std::string* text = response.body.whole();
    return {.status = response.status, .headers = response.headers, .body = text ? *text : ""};
  }
  std::string cookie() {
    wire::Request request{.method = "GET",
                          .target = "/_cloudlet/sign-in?token=" + visitors.invite()};
    request.headers.add("Host", "localhost:4566");
    const wire::Response response = door->sign_in(request);
    EXPECT_EQ(response.status, 200);
    const std::string set(response.headers.get("Set-Cookie"));
    EXPECT_THAT(set, HasSubstr("HttpOnly; SameSite=Strict"));
    return set.substr(0, set.find(';'));
  }

  Clock clock{from_millis(1'700'000'000'000)};
  std::unique_ptr<Random> random = seeded_random(1);
  Visitors visitors{*random, clock};
  wire::Router router{{&s3::service, &sns::service}};
  House house, page;
  std::unique_ptr<Door> door;
};

TEST_F(DoorTest, ClientsThatAreNoBrowsersPass) {
  EXPECT_EQ(ask("POST", "/").status, 200);
  EXPECT_EQ(ask("PUT", "/bucket/key", {}, "127.0.0.1:4566").status, 200);
  EXPECT_EQ(ask("GET", "/key", {}, "bucket.localhost:4566").status, 200);
  EXPECT_EQ(ask("GET", "/key", {}, "bucket.s3.eu-west-1.amazonaws.com").status, 200);
  EXPECT_EQ(ask("GET", "/key", {}, "[::1]:4566").status, 200);
  EXPECT_EQ(ask("GET", "/?Action=ListTopics&Version=2010-03-31").status, 200);
}

TEST_F(DoorTest, ANameThatSomebodyPointedHereIsRefused) {
  for (const char* host : {"evil.example:4566", "localhost.evil.example", "127.0.0.1.evil.example",
                           "evillocalhost", "amazonaws.com.evil.example"}) {
    EXPECT_EQ(ask("GET", "/bucket/key", {}, host).status, 403) << host;
    EXPECT_EQ(ask("GET", "/_cloudlet/mail", {}, host).status, 403) << host;
  }
  EXPECT_TRUE(house.seen.empty());
  EXPECT_THAT(ask("GET", "/bucket/key", {}, "Box.Example:4566").body,
              HasSubstr("--allow-host box.example"));
  build({.hosts = {"box.example"}});
  EXPECT_EQ(ask("GET", "/bucket/key", {}, "Box.Example:4566").status, 200);
}

TEST_F(DoorTest, PagesOfOtherSitesChangeNothing) {
  for (const Fields& fields :
       std::vector<Fields>{{{"Origin", "http://evil.example"}},
                           {{"Origin", "null"}},
                           {{"Origin", "http://localhost:3000"}},
                           {{"Origin", "http://bucket.localhost:4566"}},
                           {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}},
                           {{"Sec-Fetch-Site", "cross-site"},
                            {"Sec-Fetch-Mode", "navigate"},
                            {"Sec-Fetch-Dest", "document"}},
                           {{"Sec-Fetch-Site", "same-site"}}})
    for (const char* target : {"/", "/bucket/key", "/_cloudlet/mail/delete",
                               "/_cloudlet/mail/1/click", "/_cloudlet/clock"}) {
      EXPECT_EQ(ask("POST", target, fields).status, 403) << target << fields[0].second;
      EXPECT_EQ(ask("DELETE", target, fields).status, 403) << target << fields[0].second;
    }
  EXPECT_TRUE(house.seen.empty());
}

TEST_F(DoorTest, AnOperationInAnAddressIsNoLinkToFollow) {
  const Fields link{{"Sec-Fetch-Site", "cross-site"},
                    {"Sec-Fetch-Mode", "navigate"},
                    {"Sec-Fetch-Dest", "document"}};
  EXPECT_EQ(ask("GET", "/?Action=DeleteTopic&TopicArn=a", link).status, 403);
  EXPECT_EQ(
      ask("GET", "/?TopicArn=a&Action=DeleteTopic", {{"Sec-Fetch-Site", "same-origin"}}).status,
      403);
  EXPECT_EQ(ask("GET", "/bucket/key", link).status, 200);
  EXPECT_EQ(ask("GET", "/_cloudlet/mail", link).status, 200);
  EXPECT_EQ(ask("GET", "/?Action=ConfirmSubscription&TopicArn=a&Token=t", link).status, 200);
  EXPECT_EQ(ask("GET", "/bucket/key",
                {{"Sec-Fetch-Site", "cross-site"},
                 {"Sec-Fetch-Mode", "no-cors"},
                 {"Sec-Fetch-Dest", "script"}})
                .status,
            403);
  EXPECT_EQ(ask("GET", "/bucket/photo.png", {{"Sec-Fetch-Site", "same-site"}}).status, 200);
}

TEST_F(DoorTest, OwnPagesWork) {
  const Fields own{{"Origin", "http://localhost:4566"}, {"Sec-Fetch-Site", "same-origin"}};
  EXPECT_EQ(ask("POST", "/_cloudlet/mail/delete", own).status, 200);
  EXPECT_EQ(ask("GET", "/_cloudlet/mail", {{"Sec-Fetch-Site", "none"}}).status, 200);
}

TEST_F(DoorTest, ASiteThatIsAllowedUsesTheApi) {
  build({.origins = {"http://localhost:3000"}});
  const Fields origin{{"Origin", "http://localhost:3000"}, {"Sec-Fetch-Site", "same-site"}};
  EXPECT_EQ(ask("POST", "/", origin).headers.get("Access-Control-Allow-Origin"),
            "http://localhost:3000");
  Fields asking = origin;
  asking.emplace_back("Access-Control-Request-Headers", "authorization,x-amz-date");
  const Answer may = ask("OPTIONS", "/bucket/key", asking);
  EXPECT_EQ(may.status, 204);
  EXPECT_EQ(may.headers.get("Access-Control-Allow-Headers"), "authorization,x-amz-date");
  EXPECT_EQ(ask("POST", "/", {{"Origin", "http://localhost:3001"}}).status, 403);
  EXPECT_EQ(ask("POST", "/", origin, "evil.example").status, 403);
}

TEST_F(DoorTest, ADocumentFromABucketRunsNothing) {
  const Fields browser{{"Accept", "text/html,*/*"}};
  EXPECT_EQ(ask("GET", "/bucket/page.html", browser).headers.get("Content-Security-Policy"),
            "sandbox");
  EXPECT_FALSE(ask("GET", "/page.html", browser, "bucket.localhost:4566")
                   .headers.has("Content-Security-Policy"));
  EXPECT_FALSE(ask("GET", "/bucket/page.html").headers.has("Content-Security-Policy"));
  EXPECT_FALSE(ask("GET", "/_cloudlet/mail", browser).headers.has("Content-Security-Policy"));
  house.type = "image/png";
  EXPECT_FALSE(ask("GET", "/bucket/photo", browser).headers.has("Content-Security-Policy"));
}

TEST_F(DoorTest, RefusalsAreInTheWordsOfTheService) {
  EXPECT_THAT(ask("GET", "/bucket/key", {{"Origin", "http://evil.example"}}).body,
              HasSubstr("<Code>AccessDenied</Code>"));
  EXPECT_THAT(ask("POST", "/_cloudlet/clock", {{"Origin", "http://evil.example"}}).body,
              HasSubstr("{\"message\":\"Refused: a page of http://evil.example"));
}

struct ClosedDoorTest : DoorTest {
  void SetUp() override { build({.mode = wire::AuthMode::enforce}); }
};

TEST_F(ClosedDoorTest, ABrowserSignsInWithALinkThatIsGoodOnce) {
  const Answer first = ask("GET", "/_cloudlet/mail", {{"Accept", "text/html"}});
  EXPECT_EQ(first.status, 403);
  EXPECT_THAT(first.body, HasSubstr("cloudlet mail open"));
  const std::string mine = cookie();
  EXPECT_EQ(ask("GET", "/_cloudlet/mail", {{"Cookie", "a=b; " + mine}}).status, 200);
  EXPECT_EQ(page.seen.size(), 1u);
  const std::string token = visitors.invite();
  EXPECT_TRUE(visitors.admit(token));
  EXPECT_FALSE(visitors.admit(token));
  EXPECT_FALSE(visitors.admit(""));
}

TEST_F(ClosedDoorTest, LinksAndCookiesEnd) {
  const std::string token = visitors.invite(), mine = cookie();
  clock.advance(Visitors::invitation_lasts);
  EXPECT_FALSE(visitors.admit(token));
  EXPECT_EQ(ask("GET", "/_cloudlet/mail", {{"Cookie", mine}}).status, 200);
  clock.advance(Visitors::visit_lasts);
  EXPECT_EQ(ask("GET", "/_cloudlet/mail", {{"Cookie", mine}, {"Accept", "text/html"}}).status, 403);
}

TEST_F(ClosedDoorTest, ACookieDoesNothingForAnotherSite) {
  const Fields foreign{
      {"Cookie", cookie()}, {"Origin", "http://localhost:3000"}, {"Sec-Fetch-Site", "same-site"}};
  EXPECT_EQ(ask("POST", "/_cloudlet/mail/delete", foreign).status, 403);
  EXPECT_TRUE(page.seen.empty());
}

TEST_F(ClosedDoorTest, ACookieIsForPagesAlone) {
  const std::string mine = cookie();
  EXPECT_EQ(ask("GET", "/bucket/key", {{"Cookie", mine}}).status, 200);
  EXPECT_EQ(house.seen, std::vector<std::string>{"GET /bucket/key"});  // the gateway will ask
  EXPECT_EQ(ask("GET", "/_cloudlet/mail", {{"Cookie", "cloudlet-4566=guess"}}).status, 200);
  EXPECT_EQ(house.seen.back(), "GET /_cloudlet/mail");  // again, the gateway
}

}  // namespace
}  // namespace cloudlet::console
