// Publishing: what is refused, who gets what, and what the journal says about it.
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <boost/json/parse.hpp>

#include "base/encoding.h"
#include "delivery/test_sinks.h"
#include "journal/render.h"
#include "services/sns/sns_fixture.h"

namespace cloudlet::sns {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
namespace json = boost::json;

constexpr const char* function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:alert";

struct PublishTest : SnsTest {
  std::string topic = make_topic();

  std::string refusal(PublishInput input) {
    if (!input.topic_arn && !input.target_arn && !input.phone_number) input.topic_arn = topic;
    return outcome(run(&Service::publish, input));
  }
  // Does `signature` fit `text` under the certificate that is served?
  bool verifies(std::string_view text, std::string_view signature, const EVP_MD* digest) {
    const std::string& pem = service.signer().certificate();
    BIO* memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* certificate = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const std::string raw = from_base64(signature).value();
    EVP_DigestVerifyInit(context, nullptr, digest, nullptr, X509_get0_pubkey(certificate));
    const int answer =
        EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(raw.data()), raw.size(),
                         reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    X509_free(certificate);
    BIO_free(memory);
    return answer == 1;
  }
  // Why something of this trace failed, if anything did.
  std::optional<std::string> failure(const std::string& trace) {
    settle();
    for (const auto& span : journal.trace(trace))
      if (span.outcome == journal::Outcome::failed) return span.reason;
    return std::nullopt;
  }
  // Reasons of the newest publish's spans, publish first.
  std::vector<std::string> reasons() {
    settle();
    const auto newest = journal.about(topic, 1);
    std::vector<std::string> all;
    for (const auto& span : journal.trace(newest.at(0).cause.trace)) all.push_back(span.reason);
    return all;
  }
};

TEST_F(PublishTest, WhatCannotBePublishedSaysWhy) {
  EXPECT_EQ(refusal({.message = ""}), "InvalidParameter: Invalid parameter: Empty message");
  EXPECT_EQ(refusal({.message = std::string(262'145, 'x')}),
            "InvalidParameter: Invalid parameter: Message too long");
  EXPECT_EQ(refusal({.message = std::string(262'144, 'x')}), "ok");
  EXPECT_EQ(refusal({.message = "m", .subject = ""}),
            "InvalidParameter: Invalid parameter: Subject");
  EXPECT_EQ(refusal({.message = "m", .subject = "a\nb"}),
            "InvalidParameter: Invalid parameter: Subject");
  EXPECT_EQ(refusal({.message = "m", .subject = std::string(101, 'a')}),
            "InvalidParameter: Invalid parameter: Subject");
  EXPECT_EQ(refusal({.message = "m", .message_structure = "xml"}),
            "InvalidParameter: Invalid parameter: MessageStructure");
  EXPECT_EQ(
      refusal({.message = "m", .message_structure = "json"}),
      "InvalidParameter: Invalid parameter: Message Structure - JSON message body failed to parse");
  EXPECT_EQ(refusal({.message = R"({"email":"x"})", .message_structure = "json"}),
            "InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON "
            "message body");
  EXPECT_THAT(refusal({.message = "m", .phone_number = "+491234"}), HasSubstr("PhoneNumber"));
  EXPECT_EQ(refusal({.message = "m", .target_arn = "t", .topic_arn = topic}),
            "InvalidParameter: Invalid parameter: TopicArn or TargetArn Reason: both parameters "
            "cannot be set");
  EXPECT_EQ(refusal({.message = "m", .target_arn = "t"}),
            "InvalidParameter: Invalid parameter: TargetArn Reason: An ARN must have at least 6 "
            "elements, not 1");
  EXPECT_EQ(outcome(run(&Service::publish, {.message = "m"})),
            "InvalidParameter: Invalid parameter: TopicArn or TargetArn Reason: no value for "
            "required parameter");
  EXPECT_EQ(refusal({.message = "m", .topic_arn = topic + "s"}), "NotFound: Topic does not exist");
  EXPECT_THAT(refusal({.message = "m", .message_deduplication_id = "d"}),
              HasSubstr("MessageDeduplicationId"));
  EXPECT_THAT(refusal({.message = "m", .message_group_id = "g"}), HasSubstr("MessageGroupId"));
  EXPECT_EQ(refusal({.message = "m", .target_arn = topic}), "ok");
}

TEST_F(PublishTest, AttributesAreChecked) {
  const auto with = [&](std::string name, MessageAttributeValue value) {
    return refusal({.message = "m", .message_attributes = {{std::move(name), std::move(value)}}});
  };
  EXPECT_THAT(with("a", {.data_type = "Sting", .string_value = "x"}),
              HasSubstr("ParameterValueInvalid: The message attribute 'a' has an invalid message "
                        "attribute type"));
  EXPECT_THAT(with("a", {.data_type = "String"}),
              HasSubstr("must contain non-empty message attribute value"));
  EXPECT_THAT(with("a", {.data_type = "Number", .string_value = "many"}),
              HasSubstr("Could not cast message attribute 'a'"));
  EXPECT_THAT(with("a", {.data_type = "Number", .string_value = "nan"}),
              HasSubstr("Could not cast message attribute 'a'"));
  EXPECT_THAT(with("a b", {.data_type = "String", .string_value = "x"}),
              HasSubstr("non-alphanumeric"));
  EXPECT_THAT(with(".a", {.data_type = "String", .string_value = "x"}), HasSubstr("period"));
  EXPECT_THAT(with("a", {.data_type = "String.Array", .string_value = "x"}),
              HasSubstr("JSON array"));
  EXPECT_EQ(with("a", {.binary_value = "\x01", .data_type = "Binary"}), "ok");
  EXPECT_EQ(with("a", {.data_type = "String", .string_value = std::string(262'144, 'x')}),
            "InvalidParameter: Invalid parameter: Message too long");
}

TEST_F(PublishTest, AFunctionGetsTheServicesEvent) {
  subscribe(topic, "lambda", function_arn);
  const auto id = run(&Service::publish,
                      {.message = "Humidity 32",
                       .message_attributes = {{"n", {.data_type = "Number", .string_value = "5"}}},
                       .subject = "Attention",
                       .topic_arn = topic})
                      ->message_id.value();
  ASSERT_THAT(calls(), SizeIs(1));
  const std::string call = calls()[0];
  EXPECT_THAT(call, HasSubstr(std::string(function_arn) + "\n"));
  const json::object record =
      json::parse(call.substr(call.find('\n') + 1)).at("Records").at(0).as_object();
  EXPECT_EQ(record.at("EventSource"), "aws:sns");
  EXPECT_EQ(record.at("EventVersion"), "1.0");
  const json::object& sns = record.at("Sns").as_object();
  EXPECT_EQ(sns.at("Message"), "Humidity 32");
  EXPECT_EQ(std::string_view(sns.at("MessageId").as_string()), id);
  EXPECT_EQ(sns.at("Subject"), "Attention");
  EXPECT_EQ(std::string_view(sns.at("TopicArn").as_string()), topic);
  EXPECT_EQ(sns.at("Timestamp"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(sns.at("SigningCertUrl"), "http://localhost:4566/_cloudlet/sns/cert.pem");
  EXPECT_EQ(sns.at("MessageAttributes").at("n").at("Value"), "5");
  const std::string text =
      "Message\nHumidity 32\nMessageId\n" + id + "\nSubject\nAttention\nTimestamp\n" +
      "2023-11-14T22:13:20.000Z\nTopicArn\n" + topic + "\nType\nNotification\n";
  EXPECT_TRUE(verifies(text, std::string_view(sns.at("Signature").as_string()), EVP_sha1()));
}

TEST_F(PublishTest, TheSecondSignatureVersionUsesSha256AndSubjectsMayBeMissing) {
  run(&Service::set_topic_attributes,
      {.attribute_name = "SignatureVersion", .attribute_value = "2", .topic_arn = topic})
      .value();
  subscribe(topic, "lambda", function_arn);
  const std::string id = publish(topic, "m");
  const json::object sns = json::parse(calls()[0].substr(calls()[0].find('\n') + 1))
                               .at("Records")
                               .at(0)
                               .at("Sns")
                               .as_object();
  EXPECT_TRUE(sns.at("Subject").is_null());
  EXPECT_EQ(sns.at("SignatureVersion"), "2");
  const std::string text = "Message\nm\nMessageId\n" + id +
                           "\nTimestamp\n2023-11-14T22:13:20.000Z\nTopicArn\n" + topic +
                           "\nType\nNotification\n";
  EXPECT_TRUE(verifies(text, std::string_view(sns.at("Signature").as_string()), EVP_sha256()));
  EXPECT_FALSE(
      verifies(text + "x", std::string_view(sns.at("Signature").as_string()), EVP_sha256()));
}

TEST_F(PublishTest, EachProtocolGetsItsOwnText) {
  subscribe(topic, "lambda", function_arn);
  subscribe(topic, "email", "ann@example.com");
  confirm_by_link().value();
  run(&Service::publish, {.message = R"({"default":"d","email":"for people"})",
                          .message_structure = "json",
                          .topic_arn = topic})
      .value();
  EXPECT_THAT(mails()[0].body, HasSubstr("for people\n"));
  EXPECT_EQ(mails()[0].subject, "AWS Notification Message");
  EXPECT_THAT(calls()[0], HasSubstr(R"("Message":"d")"));
}

TEST_F(PublishTest, TheDisplayNameSends) {
  const std::string named = make_topic("named", {{"DisplayName", "Soil"}});
  subscribe(named, "email", "ann@example.com");
  EXPECT_EQ(mails()[0].from, "Soil <no-reply@sns.amazonaws.com>");
}

TEST_F(PublishTest, TheJournalSaysWhoGotItAndWhyNot) {
  subscribe(topic, "lambda", function_arn);
  subscribe(topic, "lambda", std::string(function_arn) + "2",
            {{"FilterPolicy", R"({"kind":["dry"]})"}});
  publish(topic, "m");
  EXPECT_THAT(reasons(), SizeIs(3));
  EXPECT_THAT(reasons()[0], HasSubstr("to 1 of 2 subscriptions; request request-1"));
  std::string all;
  for (const auto& reason : reasons()) all += reason + "\n";
  EXPECT_THAT(all, HasSubstr("function:alert2: filtered, there is no attribute 'kind'"));

  functions.refuse = true;
  publish(topic, "m", {{"kind", {.data_type = "String", .string_value = "dry"}}});
  EXPECT_THAT(reasons()[0], HasSubstr("to 0 of 2"));
  EXPECT_THAT(reasons()[1], HasSubstr("no such function"));

  subscribe(make_topic("t2"), "email", "ann@example.com");
  publish("arn:aws:sns:eu-west-1:000000000000:t2", "m");
  settle();
  EXPECT_THAT(journal::as_list(journal.about("t2:", 1)),
              HasSubstr("skipped, email ann@example.com: its confirmation is pending"));
}

TEST_F(PublishTest, ABatchAnswersEachEntry) {
  subscribe(topic, "lambda", function_arn);
  const auto batch =
      run(&Service::publish_batch,
          {.publish_batch_request_entries = {{.id = "a", .message = "1"},
                                             {.id = "b", .message = ""},
                                             {.id = "c", .message = "3", .subject = "\n"}},
           .topic_arn = topic})
          .value();
  ASSERT_THAT(batch.successful, SizeIs(1));
  EXPECT_EQ(batch.successful[0].id, "a");
  ASSERT_THAT(batch.failed, SizeIs(2));
  EXPECT_EQ(batch.failed[0].code, "InvalidParameter");
  EXPECT_EQ(batch.failed[0].message, "Invalid parameter: Empty message");
  EXPECT_TRUE(batch.failed[0].sender_fault);
  EXPECT_THAT(calls(), SizeIs(1));
  const auto refused = [&](std::vector<PublishBatchRequestEntry> entries) {
    return outcome(run(&Service::publish_batch,
                       {.publish_batch_request_entries = std::move(entries), .topic_arn = topic}));
  };
  EXPECT_THAT(refused({}), HasSubstr("EmptyBatchRequest"));
  EXPECT_THAT(refused({{.id = "a", .message = "1"}, {.id = "a", .message = "2"}}),
              HasSubstr("BatchEntryIdsNotDistinct"));
  EXPECT_THAT(refused({{.id = "a b", .message = "1"}}), HasSubstr("InvalidBatchEntryId"));
  EXPECT_THAT(refused(std::vector<PublishBatchRequestEntry>(11)),
              HasSubstr("TooManyEntriesInBatchRequest"));
  EXPECT_THAT(refused({{.id = "a", .message = std::string(200'000, 'x')},
                       {.id = "b", .message = std::string(70'000, 'x')}}),
              HasSubstr("BatchRequestTooLong"));
}

TEST_F(PublishTest, BeingATarget) {
  subscribe(topic, "lambda", function_arn);
  delivery::Targets all;
  all.add("sns", service);
  const auto deliver = [&](json::object parameters, std::string payload, int hops) {
    return store->transact_blocking([&](store::Txn& tx) -> Result<void> {
      const delivery::Address to{.kind = "sns", .arn = topic, .parameters = parameters};
      const delivery::Event event{.source = "arn:aws:iot:eu-west-1:000000000000:rule/r",
                                  .payload = payload,
                                  .cause = {.trace = std::string(32, 'a'), .span = 1, .hops = hops},
                                  .now = clock.now()};
      return all.deliver(tx, to, event);
    });
  };
  EXPECT_TRUE(deliver({}, "raw", 1).has_value());
  EXPECT_TRUE(
      deliver({{"message_format", "JSON"}, {"subject", "s"}}, R"({"default":"from json"})", 1)
          .has_value());
  EXPECT_TRUE(deliver({{"message_format", "JSON"}}, "raw", 1).has_error());
  EXPECT_TRUE(deliver({}, "loop", 16).has_error());
  ASSERT_THAT(calls(), SizeIs(2));
  EXPECT_THAT(calls()[0], HasSubstr(R"("Message":"raw")"));
  EXPECT_THAT(calls()[1], HasSubstr(R"("Message":"from json")"));
  settle();
  EXPECT_THAT(journal::as_waterfall(journal.trace(std::string(32, 'a'))),
              HasSubstr("from arn:aws:iot:"));
}

TEST_F(PublishTest, AnHttpEndpointIsAskedAndThenPosted) {
  delivery::HttpSink sink;
  dispatcher.start();
  subscribe(topic, "http", sink.url());
  ASSERT_TRUE(sink.wait_for(1));
  const auto asked = sink.requests().at(0);
  EXPECT_THAT(asked.head, HasSubstr("x-amz-sns-message-type: SubscriptionConfirmation\n"));
  EXPECT_THAT(asked.head, HasSubstr("x-amz-sns-topic-arn: " + topic + "\n"));
  const json::object confirmation = json::parse(asked.body).as_object();
  EXPECT_EQ(confirmation.at("Type"), "SubscriptionConfirmation");
  const std::string url(confirmation.at("SubscribeURL").as_string());
  EXPECT_EQ(parameter(url, "Token"), std::string_view(confirmation.at("Token").as_string()));
  ASSERT_EQ(outcome(run(&Service::confirm_subscription,
                        {.token = parameter(url, "Token"), .topic_arn = parameter(url, "TopicArn")},
                        unsigned_call())),
            "ok");
  const std::string id =
      publish(topic, "Grüße \"quoted\"", {{"n", {.data_type = "Number", .string_value = "5"}}});
  ASSERT_TRUE(sink.wait_for(2));
  const auto posted = sink.requests().at(1);
  EXPECT_THAT(posted.head, HasSubstr("x-amz-sns-message-type: Notification\n"));
  EXPECT_THAT(posted.head, HasSubstr("x-amz-sns-message-id: " + id + "\n"));
  EXPECT_THAT(posted.head, HasSubstr("Content-Type: text/plain; charset=UTF-8\n"));
  EXPECT_THAT(posted.body,
              HasSubstr("{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"" + id + "\",\n"));
  const json::object notification = json::parse(posted.body).as_object();
  EXPECT_EQ(notification.at("Message"), "Grüße \"quoted\"");
  EXPECT_EQ(notification.at("MessageAttributes").at("n").at("Type"), "Number");
  EXPECT_FALSE(notification.contains("Subject"));
  const auto subscription =
      run(&Service::list_subscriptions, {})->subscriptions.at(0).subscription_arn.value();
  run(&Service::set_subscription_attributes, {.attribute_name = "RawMessageDelivery",
                                              .attribute_value = "true",
                                              .subscription_arn = subscription})
      .value();
  publish(topic, "raw text");
  ASSERT_TRUE(sink.wait_for(3));
  EXPECT_EQ(sink.requests().at(2).body, "raw text");
  EXPECT_THAT(sink.requests().at(2).head, HasSubstr("x-amz-sns-rawdelivery: true\n"));
}

TEST_F(PublishTest, AnEndpointThatLeadsBackHereIsALoopThatEnds) {
  delivery::HttpSink sink;
  dispatcher.start();
  subscribe(topic, "http", sink.url());
  ASSERT_TRUE(sink.wait_for(1));
  const json::object asked = json::parse(sink.requests().at(0).body).as_object();
  run(&Service::confirm_subscription,
      {.token = std::string(asked.at("Token").as_string()), .topic_arn = topic})
      .value();
  // What the endpoint is sent, it publishes again, as this server would if the endpoint were its
  // own.
  std::size_t posts = 1;
  wire::Call again = call();
  again.cause.trace = std::string(32, 'a');
  while (posts < 40) {
    ASSERT_EQ(
        outcome(run(&Service::publish, {.message = "round and round", .topic_arn = topic}, again)),
        "ok");
    if (failure(again.cause.trace)) break;
    ASSERT_TRUE(sink.wait_for(++posts));
    const std::string head = sink.requests().back().head, name = "X-Amzn-Trace-Id: ";
    const std::size_t at = head.find(name) + name.size();
    ASSERT_GT(at, name.size());
    again.cause = Cause::from_header(head.substr(at, head.find('\n', at) - at)).value();
  }
  EXPECT_EQ(posts, 16);
  EXPECT_THAT(failure(again.cause.trace).value_or(""), HasSubstr("a loop, cut here"));
}

TEST_F(PublishTest, EmailJsonIsTheDocument) {
  subscribe(topic, "email-json", "ann@example.com");
  const json::object confirmation = json::parse(mails()[0].body).as_object();
  run(&Service::confirm_subscription,
      {.token = std::string(confirmation.at("Token").as_string()), .topic_arn = topic},
      unsigned_call())
      .value();
  publish(topic, "m");
  EXPECT_EQ(json::parse(mails()[0].body).at("Message"), "m");
  EXPECT_THAT(mails()[0].body, Not(HasSubstr("--")));
}

}  // namespace
}  // namespace cloudlet::sns
