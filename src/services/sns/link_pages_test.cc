// Links in a browser: the same request through the same handler, answered as a page; programs get
// what they always got.
#include "services/sns/link_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace cloudlet::sns {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Inner : wire::HttpHandler {
  Task<wire::Response> handle(wire::Request request) override {
    target = request.target;
    wire::Response response{.status = status};
    response.headers.add("Content-Type", "text/xml");
    response.body = wire::Body(xml);
    co_return response;
  }
  std::string target;
  int status = 200;
  std::string xml = "<R><SubscriptionArn>arn:aws:sns:a:b:c:d</SubscriptionArn></R>";
};

struct LinkPagesTest : testing::Test {
  std::pair<wire::Response, std::string> get(std::string target, std::string accept) {
    wire::Request request{.method = "GET", .target = std::move(target)};
    request.headers.add("Accept", accept);
    asio::io_context context;
    auto future = asio::co_spawn(context, pages.handle(std::move(request)), asio::use_future);
    context.run();
    wire::Response response = future.get();
    std::string body = *response.body.whole();
    return {std::move(response), std::move(body)};
  }
  Inner inner;
  LinkPages pages{inner};
  const std::string confirm = "/?Action=ConfirmSubscription&TopicArn=t&Token=x";
};

TEST_F(LinkPagesTest, ABrowserSeesAPage) {
  const auto [response, body] = get(confirm, "text/html,application/xhtml+xml");
  EXPECT_EQ(inner.target, confirm);
  EXPECT_EQ(response.headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(response.headers.get("Content-Security-Policy")),
              HasSubstr("default-src 'none'"));
  EXPECT_THAT(body, HasSubstr("<h1>Subscription confirmed</h1>"));
  EXPECT_THAT(body, HasSubstr("arn:aws:sns:a:b:c:d"));
}

TEST_F(LinkPagesTest, AProgramGetsXml) {
  EXPECT_EQ(get(confirm, "*/*").second, inner.xml);
  EXPECT_EQ(get("/?Action=Publish", "text/html").second, inner.xml);
  EXPECT_EQ(get("/bucket?Action=Unsubscribe", "text/html").second, inner.xml);
}

TEST_F(LinkPagesTest, ARefusalSaysWhy) {
  inner.status = 400;
  inner.xml = "<E><Code>InvalidParameter</Code><Message>Invalid parameter: Token</Message></E>";
  const auto [response, body] = get(confirm, "text/html");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(body, HasSubstr("InvalidParameter: Invalid parameter: Token"));
}

TEST_F(LinkPagesTest, NothingOfTheLinkBecomesMarkup) {
  const auto [response, body] =
      get("/?Action=Unsubscribe&SubscriptionArn=%3Cscript%3Ealert(1)%3C/script%3E", "text/html");
  EXPECT_THAT(body, HasSubstr("You are unsubscribed"));
  EXPECT_THAT(body, Not(HasSubstr("<script>")));
}

}  // namespace
}  // namespace cloudlet::sns
