// The life of a subscription: asked, confirmed, opted out, forgotten; its attributes and lists.
#include "services/sns/sns_fixture.h"

namespace cloudlet::sns {
namespace {

using delivery::MailLink;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* topic_arn = "arn:aws:sns:eu-west-1:000000000000:alerts";
constexpr Duration day = std::chrono::hours(24);

TEST_F(SnsTest, AnEmailSubscriptionIsConfirmedByItsLinkAndEndedByItsOptOut) {
  const std::string topic = make_topic();
  const auto pending =
      run(&Service::subscribe,
          {.endpoint = "ann@example.com", .protocol = "email", .topic_arn = topic});
  EXPECT_EQ(pending->subscription_arn, "pending confirmation");
  ASSERT_THAT(mails(), SizeIs(1));
  EXPECT_EQ(mails()[0].subject, "AWS Notification - Subscription Confirmation");
  EXPECT_EQ(mails()[0].from, "AWS Notifications <no-reply@sns.amazonaws.com>");
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsPending"], "1");

  publish(topic, "nobody hears this");
  EXPECT_THAT(mails(), SizeIs(1));

  const auto confirmed = confirm_by_link();
  ASSERT_EQ(outcome(confirmed), "ok");
  const std::string arn = *confirmed->subscription_arn;
  EXPECT_THAT(arn, HasSubstr(std::string(topic_arn) + ":"));
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsConfirmed"], "1");
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsPending"], "0");
  EXPECT_EQ(*confirm_by_link()->subscription_arn, arn) << "opening the link twice is fine";

  publish(topic, "Humidity 32");
  ASSERT_THAT(mails(), SizeIs(2));
  EXPECT_THAT(mails()[0].body, HasSubstr("Humidity 32\n\n--\n"));
  const std::string opt_out = link(MailLink::Action::unsubscribe);
  EXPECT_EQ(parameter(opt_out, "SubscriptionArn"), arn);

  EXPECT_EQ(outcome(end_by_link(opt_out)), "ok");
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsDeleted"], "1");
  publish(topic, "gone");
  ASSERT_THAT(mails(), SizeIs(3));
  EXPECT_EQ(mails()[0].subject, "AWS Notification - Unsubscribe Confirmation");
  EXPECT_EQ(outcome(end_by_link(opt_out)), "ok") << "twice is fine";

  ASSERT_EQ(outcome(confirm_by_link()), "ok") << "the opt-out can be taken back";
  EXPECT_EQ(outcome(confirm_by_link()), "ok") << "twice is fine";
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsConfirmed"], "1");
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsDeleted"], "0");
  publish(topic, "back");
  EXPECT_THAT(mails(), SizeIs(4));
}

TEST_F(SnsTest, WhoWasBroughtBackAndLeavesAgainIsNotBroughtBackByTheOldLink) {
  const std::string topic = make_topic();
  const std::string arn = subscribe(topic, "email", "ann@example.com");
  ASSERT_EQ(outcome(confirm_by_link()), "ok");
  publish(topic, "m");
  ASSERT_EQ(outcome(end_by_link(link(MailLink::Action::unsubscribe))), "ok");
  ASSERT_EQ(outcome(confirm_by_link()), "ok");
  ASSERT_EQ(outcome(run(&Service::unsubscribe, {.subscription_arn = arn})), "ok");
  EXPECT_EQ(outcome(confirm_by_link()), "InvalidParameter: Invalid parameter: Token");
}

TEST_F(SnsTest, WhoSeesASubscriptionInAListCannotEndItWithoutASignature) {
  const std::string topic = make_topic();
  const std::string arn = subscribe(topic, "email", "ann@example.com");
  ASSERT_EQ(outcome(confirm_by_link()), "ok");
  for (const auto& token : {std::optional<std::string>(), std::optional<std::string>("guess")})
    for (const wire::Call& who : {unsigned_call(), anonymous_call()})
      EXPECT_THAT(
          outcome(run(&Service::unsubscribe, {.subscription_arn = arn, .token = token}, who)),
          HasSubstr("AuthorizationError"));
  EXPECT_THAT(outcome(run(&Service::unsubscribe, {.subscription_arn = arn, .token = "guess"})),
              HasSubstr("AuthorizationError"));
  EXPECT_EQ(attributes_of(arn)["PendingConfirmation"], "false");
}

TEST_F(SnsTest, LinksMadeBeforeTheyHadASecretStillWork) {
  const std::string topic = make_topic();
  const std::string arn = subscribe(topic, "email", "ann@example.com");
  ASSERT_EQ(outcome(confirm_by_link()), "ok");
  const TopicId id{.scope = call().scope, .name = "alerts"};
  store
      ->transact_blocking([&](store::Txn& tx) -> Result<void> {
        auto old = read_subscription(tx, id, arn.substr(arn.rfind(':') + 1)).value();
        old.opt_out.clear();
        write_subscription(tx, id, old);
        return {};
      })
      .value();
  publish(topic, "m");
  const std::string opt_out = link(MailLink::Action::unsubscribe);
  EXPECT_EQ(parameter(opt_out, "Token"), "");
  EXPECT_EQ(outcome(run(&Service::unsubscribe, {.subscription_arn = arn}, unsigned_call())), "ok");
}

TEST_F(SnsTest, NobodyAnswersForThreeDays) {
  const std::string topic = make_topic();
  const std::string arn = subscribe(topic, "email", "ann@example.com");
  const std::string token = parameter(link(MailLink::Action::confirm), "Token");
  clock.advance(3 * day - Duration(1));
  settle();
  EXPECT_EQ(attributes_of(arn)["PendingConfirmation"], "true");
  clock.advance(Duration(1));
  settle();
  EXPECT_EQ(outcome(run(&Service::get_subscription_attributes, {.subscription_arn = arn})),
            "NotFound: Subscription does not exist");
  EXPECT_EQ(outcome(run(&Service::confirm_subscription, {.token = token, .topic_arn = topic})),
            "InvalidParameter: Invalid parameter: Token");
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsPending"], "0");
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsDeleted"], "1");
  clock.advance(3 * day);
  settle();
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsDeleted"], "0");
}

TEST_F(SnsTest, ASecondRequestSendsANewLinkAndGivesMoreTime) {
  const std::string topic = make_topic();
  const std::string first = subscribe(topic, "email", "ann@example.com");
  clock.advance(2 * day);
  EXPECT_EQ(subscribe(topic, "email", "ann@example.com"), first);
  EXPECT_THAT(mails(), SizeIs(2));
  clock.advance(2 * day);
  settle();
  EXPECT_EQ(attributes_of(first)["PendingConfirmation"], "true");
  EXPECT_EQ(outcome(confirm_by_link()), "ok");
  EXPECT_EQ(subscribe(topic, "email", "ann@example.com"), first)
      << "confirmed: nothing is asked again";
  EXPECT_THAT(mails(), SizeIs(2));
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsConfirmed"], "1");
}

TEST_F(SnsTest, AConfirmedSubscriptionOutlivesItsToken) {
  const std::string topic = make_topic();
  const std::string arn = subscribe(topic, "email", "ann@example.com");
  ASSERT_EQ(outcome(confirm_by_link()), "ok");
  clock.advance(10 * day);
  settle();
  EXPECT_EQ(attributes_of(arn)["PendingConfirmation"], "false");
  EXPECT_EQ(attributes_of(arn)["ConfirmationWasAuthenticated"], "false");
}

TEST_F(SnsTest, AuthenticateOnUnsubscribeStopsTheLink) {
  const std::string topic = make_topic();
  const std::string arn = subscribe(topic, "email", "ann@example.com");
  const ConfirmSubscriptionInput confirm{
      .authenticate_on_unsubscribe = "true",
      .token = parameter(link(MailLink::Action::confirm), "Token"),
      .topic_arn = topic};
  EXPECT_THAT(outcome(run(&Service::confirm_subscription, confirm, unsigned_call())),
              HasSubstr("AuthorizationError"));
  EXPECT_EQ(outcome(run(&Service::confirm_subscription, confirm)), "ok");
  EXPECT_EQ(attributes_of(arn)["ConfirmationWasAuthenticated"], "true");
  EXPECT_THAT(outcome(run(&Service::unsubscribe, {.subscription_arn = arn}, unsigned_call())),
              HasSubstr("AuthorizationError"));
  EXPECT_THAT(outcome(run(&Service::unsubscribe, {.subscription_arn = arn}, anonymous_call())),
              HasSubstr("AuthorizationError"));
  EXPECT_EQ(outcome(run(&Service::unsubscribe, {.subscription_arn = arn})), "ok");
  EXPECT_THAT(mails(), SizeIs(1)) << "a signed request needs no second mail";
}

TEST_F(SnsTest, WhatCannotBeSubscribedSaysWhy) {
  const std::string topic = make_topic();
  const struct {
    const char *protocol, *endpoint, *message;
  } cases[] = {
      {"email", "nobody", "Invalid parameter: Email address"},
      {"email", "a@b.c\r\nBcc: eve@d.e", "Invalid parameter: Email address"},
      {"http", "https://example.com",
       "Invalid parameter: Endpoint must match the specified protocol"},
      {"https", "ftp://example.com",
       "Invalid parameter: Endpoint must match the specified protocol"},
      {"http", "http://", "Invalid parameter: Endpoint must match the specified protocol"},
      {"lambda", "function", "Invalid parameter: Lambda endpoint ARN"},
      {"lambda", "arn:aws:lambda:eu-west-1:111111111111:function:f",
       "Invalid parameter: Lambda endpoint ARN"},
      {"sqs", "arn:aws:sqs:eu-west-1:000000000000:q",
       "Invalid parameter: Protocol Reason: cloudlet does not serve 'sqs' subscriptions yet"},
      {"pigeon", "roof",
       "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(outcome(run(&Service::subscribe,
                          {.endpoint = c.endpoint, .protocol = c.protocol, .topic_arn = topic})),
              std::string("InvalidParameter: ") + c.message);
  EXPECT_EQ(
      outcome(run(&Service::subscribe,
                  {.endpoint = "ann@example.com", .protocol = "email", .topic_arn = topic + "s"})),
      "NotFound: Topic does not exist");
  EXPECT_THAT(mails(), SizeIs(0));
}

TEST_F(SnsTest, AttributesAreSetCheckedAndShown) {
  const std::string topic = make_topic();
  const std::string arn = subscribe(topic, "http", "http://example.com/",
                                    {{"FilterPolicy", R"({"a":{"b":["c"]}})"},
                                     {"FilterPolicyScope", "MessageBody"},
                                     {"RawMessageDelivery", "true"}});
  auto attributes = attributes_of(arn);
  EXPECT_EQ(attributes["RawMessageDelivery"], "true");
  EXPECT_EQ(attributes["FilterPolicyScope"], "MessageBody");
  EXPECT_EQ(attributes["Owner"], "000000000000");
  EXPECT_EQ(attributes["Protocol"], "http");
  EXPECT_EQ(attributes["Endpoint"], "http://example.com/");
  EXPECT_EQ(attributes["TopicArn"], topic);
  EXPECT_THAT(attributes["EffectiveDeliveryPolicy"], HasSubstr(R"("numRetries":3)"));
  const auto set = [&](std::string name, std::string value) {
    return outcome(
        run(&Service::set_subscription_attributes,
            {.attribute_name = name, .attribute_value = value, .subscription_arn = arn}));
  };
  EXPECT_EQ(set("FilterPolicyScope", "MessageAttributes"),
            "InvalidParameter: Invalid parameter: Filter policy scope MessageAttributes does not "
            "support nested filter policy");
  EXPECT_EQ(set("FilterPolicy", "{}"), "ok");
  EXPECT_FALSE(attributes_of(arn).contains("FilterPolicy"));
  EXPECT_EQ(set("FilterPolicyScope", "Message"),
            "InvalidParameter: Invalid parameter: FilterPolicyScope: Invalid value [Message]. "
            "Please use either MessageBody or "
            "MessageAttributes");
  EXPECT_EQ(set("RawMessageDelivery", "maybe"),
            "InvalidParameter: Invalid parameter: RawMessageDelivery: Invalid value [maybe]. Must "
            "be true or false.");
  EXPECT_EQ(
      set("DeliveryPolicy",
          R"({"healthyRetryPolicy":{"numRetries":5,"minDelayTarget":1,"maxDelayTarget":60}})"),
      "ok");
  EXPECT_THAT(attributes_of(arn)["EffectiveDeliveryPolicy"], HasSubstr(R"("numRetries":5)"));
  EXPECT_THAT(set("DeliveryPolicy", R"({"healthyRetryPolicy":{"numRetries":101}})"),
              HasSubstr("DeliveryPolicy:"));
  EXPECT_THAT(
      set("DeliveryPolicy",
          R"({"healthyRetryPolicy":{"numRetries":100,"minDelayTarget":100,"maxDelayTarget":100}})"),
      HasSubstr("3600"));
  EXPECT_THAT(
      set("DeliveryPolicy", R"({"requestPolicy":{"headerContentType":"a/b\r\nX-Evil: 1"}})"),
      HasSubstr("media type"));
  EXPECT_THAT(
      set("RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:q"})"),
      HasSubstr("RedrivePolicy"));
  EXPECT_EQ(set("Colour", "red"), "InvalidParameter: Invalid parameter: AttributeName");
  EXPECT_EQ(outcome(run(&Service::subscribe, {.attributes = {{"RawMessageDelivery", "true"}},
                                              .endpoint = "ann@example.com",
                                              .protocol = "email",
                                              .topic_arn = topic})),
            "InvalidParameter: Invalid parameter: Attributes Reason: Delivery protocol [email] "
            "does not support raw message "
            "delivery.");
  EXPECT_EQ(outcome(run(&Service::subscribe, {.attributes = {{"RawMessageDelivery", "false"}},
                                              .endpoint = "http://example.com/",
                                              .protocol = "http",
                                              .topic_arn = topic})),
            "InvalidParameter: Invalid parameter: Attributes Reason: Subscription already exists "
            "with different attributes");
}

TEST_F(SnsTest, ListsComeInPagesOfAHundred) {
  const std::string topic = make_topic(), other = make_topic("other");
  for (int i = 0; i < 250; ++i) subscribe(topic, "email", "a" + std::to_string(i) + "@example.com");
  subscribe(other, "lambda", "arn:aws:lambda:eu-west-1:000000000000:function:f");
  std::optional<std::string> token;
  std::vector<std::size_t> sizes;
  std::set<std::string> endpoints;
  do {
    const auto page =
        run(&Service::list_subscriptions_by_topic, {.next_token = token, .topic_arn = topic});
    sizes.push_back(page->subscriptions.size());
    for (const auto& subscription : page->subscriptions) endpoints.insert(*subscription.endpoint);
    EXPECT_EQ(page->subscriptions[0].subscription_arn, "PendingConfirmation");
    token = page->next_token;
  } while (token);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{100, 100, 50}));
  EXPECT_EQ(endpoints.size(), 250u);
  EXPECT_EQ(run(&Service::list_subscriptions, {})->subscriptions.size(), 100u);
  EXPECT_EQ(outcome(run(&Service::list_subscriptions, {.next_token = "rubbish"})),
            "InvalidParameter: Invalid parameter: NextToken");
  EXPECT_EQ(outcome(run(&Service::list_subscriptions_by_topic, {.topic_arn = topic + "x"})),
            "NotFound: Topic does not exist");
}

TEST_F(SnsTest, DeletingATopicTakesAllOfIt) {
  const std::string topic = make_topic();
  subscribe(topic, "email", "ann@example.com");
  const std::string token = parameter(link(MailLink::Action::confirm), "Token");
  EXPECT_EQ(outcome(run(&Service::delete_topic, {.topic_arn = topic})), "ok");
  EXPECT_EQ(outcome(run(&Service::delete_topic, {.topic_arn = topic})), "ok");
  EXPECT_THAT(run(&Service::list_subscriptions, {})->subscriptions, SizeIs(0));
  EXPECT_EQ(outcome(run(&Service::confirm_subscription, {.token = token, .topic_arn = topic})),
            "NotFound: Topic does not exist");
  make_topic();
  EXPECT_EQ(outcome(run(&Service::confirm_subscription, {.token = token, .topic_arn = topic})),
            "InvalidParameter: Invalid parameter: Token");
  clock.advance(4 * day);  // its timers find nothing, and the new topic is as new
  settle();
  EXPECT_EQ(topic_attributes(topic)["SubscriptionsDeleted"], "0");
}

}  // namespace
}  // namespace cloudlet::sns
