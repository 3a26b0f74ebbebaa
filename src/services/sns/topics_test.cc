// Topics: names, attributes, tags, who may touch them.
#include "services/sns/sns_fixture.h"

namespace cloudlet::sns {
namespace {

using testing::HasSubstr;

TEST_F(SnsTest, ANewTopicHasTheServicesDefaults) {
  const std::string topic = make_topic();
  EXPECT_EQ(topic, "arn:aws:sns:eu-west-1:000000000000:alerts");
  auto attributes = topic_attributes(topic);
  EXPECT_EQ(attributes["Owner"], "000000000000");
  EXPECT_EQ(attributes["DisplayName"], "");
  EXPECT_EQ(attributes["SubscriptionsConfirmed"], "0");
  EXPECT_THAT(attributes["Policy"], HasSubstr("__default_statement_ID"));
  EXPECT_EQ(
      attributes["EffectiveDeliveryPolicy"],
      R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,)"
      R"("numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},)"
      R"("disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}})");
  EXPECT_FALSE(attributes.contains("DeliveryPolicy"));
}

TEST_F(SnsTest, CreatingATopicAgainIsFineUnlessItDiffers) {
  const std::string topic = make_topic("alerts", {{"DisplayName", "Soil"}});
  EXPECT_EQ(make_topic("alerts"), topic);
  EXPECT_EQ(make_topic("alerts", {{"DisplayName", "Soil"}}), topic);
  EXPECT_EQ(outcome(run(&Service::create_topic,
                        {.attributes = {{"DisplayName", "Sun"}}, .name = "alerts"})),
            "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with "
            "different attributes");
  EXPECT_EQ(
      outcome(
          run(&Service::create_topic, {.name = "alerts", .tags = {{.key = "a", .value = "b"}}})),
      "InvalidParameter: Invalid parameter: Tags Reason: Topic already exists with different tags");
}

TEST_F(SnsTest, NamesAreChecked) {
  for (const auto& name :
       {std::string(), std::string("a b"), std::string("a.b"), std::string(257, 'a')})
    EXPECT_EQ(outcome(run(&Service::create_topic, {.name = name})),
              "InvalidParameter: Invalid parameter: Topic Name");
  EXPECT_THAT(outcome(run(&Service::create_topic, {.name = "queue.fifo"})),
              HasSubstr("FIFO topics are not served"));
  EXPECT_EQ(outcome(run(&Service::create_topic, {.name = std::string(256, 'a')})), "ok");
}

TEST_F(SnsTest, WhatIsNotServedIsRefused) {
  const std::string topic = make_topic();
  const auto set = [&](std::string name, std::string value) {
    return outcome(run(&Service::set_topic_attributes,
                       {.attribute_name = name, .attribute_value = value, .topic_arn = topic}));
  };
  EXPECT_THAT(set("KmsMasterKeyId", "alias/aws/sns"), HasSubstr("KmsMasterKeyId"));
  EXPECT_THAT(set("TracingConfig", "Active"), HasSubstr("TracingConfig"));
  EXPECT_THAT(set("HTTPSuccessFeedbackRoleArn", "arn:aws:iam::1:role/r"),
              HasSubstr("HTTPSuccessFeedbackRoleArn"));
  EXPECT_EQ(set("Colour", "red"), "InvalidParameter: Invalid parameter: AttributeName");
  EXPECT_EQ(set("Policy", "{"), "InvalidParameter: Invalid parameter: Policy Error: null");
  EXPECT_EQ(
      set("Policy",
          R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:Get","Resource":"*"}]})"),
      "InvalidParameter: Invalid parameter: Policy statement action out of service scope!");
  EXPECT_EQ(
      set("Policy",
          R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*"}]})"),
      "ok");
  EXPECT_EQ(set("DisplayName", "Soil"), "ok");
  EXPECT_EQ(topic_attributes(topic)["DisplayName"], "Soil");
  EXPECT_EQ(set("DisplayName", ""), "ok");
  EXPECT_THAT(outcome(run(&Service::create_topic, {.data_protection_policy = "{}", .name = "b"})),
              HasSubstr("DataProtectionPolicy"));
}

TEST_F(SnsTest, ForeignAndMalformedArnsAreRefused) {
  const auto get = [&](std::string arn) {
    return outcome(run(&Service::get_topic_attributes, {.topic_arn = arn}));
  };
  EXPECT_EQ(get("alerts"),
            "InvalidParameter: Invalid parameter: TopicArn Reason: An ARN must have at least 6 "
            "elements, not 1");
  EXPECT_EQ(get("arn:aws:sqs:eu-west-1:000000000000:alerts"),
            "InvalidParameter: Invalid parameter: TopicArn");
  EXPECT_EQ(get("arn:aws:sns:us-east-1:000000000000:alerts"),
            "InvalidParameter: Invalid parameter: TopicArn");
  EXPECT_EQ(get("arn:aws:sns:eu-west-1:000000000000:none"), "NotFound: Topic does not exist");
  EXPECT_THAT(get("arn:aws:sns:eu-west-1:111111111111:alerts"),
              HasSubstr("AuthorizationError: User: arn:aws:iam::"));
}

TEST_F(SnsTest, TagsAreKept) {
  const std::string topic = make_topic();
  EXPECT_EQ(
      outcome(run(&Service::tag_resource,
                  {.resource_arn = topic, .tags = {{.key = "a", .value = "1"}, {.key = "b"}}})),
      "ok");
  EXPECT_EQ(outcome(run(&Service::untag_resource, {.resource_arn = topic, .tag_keys = {"b", "c"}})),
            "ok");
  const auto tags = run(&Service::list_tags_for_resource, {.resource_arn = topic})->tags;
  ASSERT_EQ(tags.size(), 1u);
  EXPECT_EQ(tags[0].value, "1");
  EXPECT_EQ(outcome(run(&Service::tag_resource,
                        {.resource_arn = topic, .tags = {{.key = "a"}, {.key = "a"}}})),
            "InvalidParameter: Invalid parameter: Duplicated keys are not allowed.");
  EXPECT_EQ(outcome(run(&Service::list_tags_for_resource, {.resource_arn = topic + "x"})),
            "ResourceNotFound: Resource does not exist");
  std::vector<Tag> many;
  for (int i = 0; i < 50; ++i) many.push_back({.key = "k" + std::to_string(i)});
  EXPECT_THAT(outcome(run(&Service::tag_resource, {.resource_arn = topic, .tags = many})),
              HasSubstr("TagLimitExceeded"));
}

TEST_F(SnsTest, TopicsAreListedInPages) {
  for (int i = 0; i < 120; ++i) make_topic("t" + std::to_string(i));
  const auto first = run(&Service::list_topics, {});
  EXPECT_EQ(first->topics.size(), 100u);
  const auto second = run(&Service::list_topics, {.next_token = first->next_token});
  EXPECT_EQ(second->topics.size(), 20u);
  EXPECT_FALSE(second->next_token);
}

}  // namespace
}  // namespace cloudlet::sns
