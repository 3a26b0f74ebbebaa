// Policy documents: what they allow (a table), and what is refused as malformed.
#include <gtest/gtest.h>

#include "gen/iot/errors.h"
#include "services/iot/policy_document.h"

namespace cloudlet::iot {
namespace {

using Answer = PolicyDocument::Answer;

PolicyContext soil1() {
  PolicyContext context;
  context.set("iot:ClientId", "soil1");
  context.set("iot:Connection.Thing.ThingName", "soil1");
  context.set("iot:Connection.Thing.IsAttached", "true");
  context.set("iot:Connection.Thing.Attributes[site]", "north");
  context.set("iot:Certificate.Subject.CommonName", "AWS IoT Certificate");
  context.set("iot:ConnectAttributes", std::vector<std::string>{"PersistentConnect"});
  context.set("aws:SourceIp", "127.0.0.1");
  return context;
}

std::string statement(const std::string& rest) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)" + rest + "}]}";
}
std::string arn(const std::string& resource) {
  return "arn:aws:iot:eu-west-1:123456789012:" + resource;
}

Answer decide(const std::string& document, std::string_view action, const std::string& resource,
              const PolicyContext& context = soil1()) {
  auto parsed = PolicyDocument::parse(document);
  EXPECT_TRUE(parsed.has_value()) << (parsed.has_error() ? parsed.error().message() : "");
  return parsed->decide(action, resource, context).answer;
}

TEST(Policy, WildcardsMatchAnythingAndMqttsOwnAreCharacters) {
  struct Row {
    std::string pattern, resource;
    bool allowed;
  };
  const Row rows[] = {
      {"*", arn("topic/a"), true},
      {arn("topic/device/*"), arn("topic/device/soil1/x"), true},
      {arn("topic/device/*"), arn("topic/devices"), false},
      {arn("topic/a?c"), arn("topic/abc"), true},
      {arn("topic/a?c"), arn("topic/ac"), false},
      {arn("topicfilter/a/+/b"), arn("topicfilter/a/+/b"), true},
      {arn("topicfilter/a/+/b"), arn("topicfilter/a/x/b"), false},
      {arn("topicfilter/a/#"), arn("topicfilter/a/b"), false},
      {arn("topic/${iot:ClientId}/*"), arn("topic/soil1/x"), true},
      {arn("topic/${iot:ClientId}/*"), arn("topic/soil2/x"), false},
      {arn("topic/${iot:Connection.Thing.ThingName}"), arn("topic/soil1"), true},
      {arn("topic/${iot:Connection.Thing.Attributes[site]}/x"), arn("topic/north/x"), true},
      {arn("topic/${iot:Connection.Thing.Attributes[none]}/x"), arn("topic//x"), false},
      {arn("topic/${*}"), arn("topic/*"), true},
      {arn("topic/${*}"), arn("topic/a"), false},
      {"arn:aws:iot:*:*:topic/x", arn("topic/x"), true},
  };
  for (const Row& row : rows) {
    const Answer answer =
        decide(statement(R"("Action":"iot:Publish","Resource":")" + row.pattern + "\""),
               "iot:Publish", row.resource);
    EXPECT_EQ(answer, row.allowed ? Answer::allow : Answer::nothing)
        << row.pattern << " on " << row.resource;
  }
}

// A client id with a wildcard in it must not widen what the policy allows.
TEST(Policy, VariablesAreTakenLiterally) {
  PolicyContext context;
  context.set("iot:ClientId", "*");
  const std::string document =
      statement(R"("Action":"iot:Publish","Resource":")" + arn("topic/${iot:ClientId}") + "\"");
  EXPECT_EQ(decide(document, "iot:Publish", arn("topic/anything"), context), Answer::nothing);
  EXPECT_EQ(decide(document, "iot:Publish", arn("topic/*"), context), Answer::allow);
}

TEST(Policy, DenyWins) {
  const std::string document = R"({"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"iot:*","Resource":"*"},
    {"Effect":"Deny","Action":["iot:Publish","iot:RetainPublish"],"Resource":")" +
                               arn("topic/secret/*") + R"("},
    {"Effect":"Allow","Action":"iot:Publish","Resource":"*"}]})";
  auto parsed = PolicyDocument::parse(document);
  ASSERT_TRUE(parsed.has_value());
  const auto decision = parsed->decide("iot:Publish", arn("topic/secret/x"), {});
  EXPECT_EQ(decision.answer, Answer::deny);
  EXPECT_EQ(decision.statement, 2U);
  EXPECT_EQ(parsed->decide("iot:Publish", arn("topic/x"), {}).answer, Answer::allow);
  EXPECT_EQ(parsed->decide("IOT:publish", arn("topic/x"), {}).answer, Answer::allow);
}

TEST(Policy, Conditions) {
  const std::pair<std::string, bool> rows[] = {
      {R"({"Bool":{"iot:Connection.Thing.IsAttached":"true"}})", true},
      {R"({"Bool":{"iot:Connection.Thing.IsAttached":[true]}})", true},
      {R"({"Bool":{"iot:Connection.Thing.IsAttached":"false"}})", false},
      {R"({"StringEquals":{"iot:ClientId":["a","soil1"]}})", true},
      {R"({"StringEquals":{"iot:ClientId":"SOIL1"}})", false},
      {R"({"StringEqualsIgnoreCase":{"iot:ClientId":"SOIL1"}})", true},
      {R"({"StringNotEquals":{"iot:ClientId":["a","soil1"]}})", false},
      {R"({"StringLike":{"iot:ClientId":"soil*"}})", true},
      {R"({"StringNotLike":{"iot:ClientId":"soil*"}})", false},
      {R"({"ForAllValues:StringEquals":{"iot:ConnectAttributes":["PersistentConnect"]}})", true},
      {R"({"ForAllValues:StringEquals":{"iot:ConnectAttributes":["LastWill"]}})", false},
      {R"({"ForAllValues:StringNotEquals":{"iot:ConnectAttributes":["PersistentConnect"]}})",
       false},
      {R"({"ForAnyValue:StringEquals":{"iot:ConnectAttributes":["LastWill","PersistentConnect"]}})",
       true},
      {R"({"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}})", true},
      {R"({"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8"]}})", true},
      {R"({"IpAddress":{"aws:SourceIp":"::1/128"}})", false},
      {R"({"StringEquals":{"iot:DomainName":"x"}})", false},
      {R"({"StringEqualsIfExists":{"iot:DomainName":"x"}})", true},
      {R"({"Null":{"iot:DomainName":"true"}})", true},
  };
  for (const auto& [condition, allowed] : rows) {
    const std::string document =
        statement(R"("Action":"iot:Connect","Resource":"*","Condition":)" + condition);
    EXPECT_EQ(decide(document, "iot:Connect", arn("client/soil1")),
              allowed ? Answer::allow : Answer::nothing)
        << condition;
  }
}

TEST(Policy, MalformedDocumentsAreRefusedByName) {
  const std::pair<std::string, std::string> rows[] = {
      {"", "it is not a JSON object"},
      {"[]", "it is not a JSON object"},
      {"{}", "there is no Statement"},
      {R"({"Version":"2020-01-01","Statement":[]})", "Version must be 2012-10-17 or 2008-10-17"},
      {R"({"Statement":[]})", "there is no Statement"},
      {R"({"Statement":[5]})", "a Statement must be an object"},
      {R"({"Statement":{"Effect":"Allow","Action":"iot:*"}})", "a Statement has no Resource"},
      {R"({"Statement":{"Effect":"Maybe","Action":"iot:*","Resource":"*"}})",
       "Effect must be Allow or Deny"},
      {R"({"Statement":{"Effect":"Allow","Action":"publish","Resource":"*"}})",
       "publish is not an action"},
      {R"({"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}})", "Action is empty"},
      {R"({"Statement":{"Effect":"Allow","Action":"iot:*","Resource":"topic/a"}})",
       "topic/a is not the ARN of a resource"},
      {R"({"Statement":{"Effect":"Allow","NotAction":"iot:*","Resource":"*"}})",
       "the element NotAction is not supported in a Statement"},
      {statement(R"("Action":"iot:*","Resource":"arn:aws:iot:::topic/${iot:Nothing}")"),
       "the policy variable ${iot:Nothing} is not supported"},
      {statement(
           R"("Action":"iot:*","Resource":"*","Condition":{"DateLessThan":{"iot:ClientId":"1"}})"),
       "the condition operator DateLessThan is not supported"},
      {statement(
           R"("Action":"iot:*","Resource":"*","Condition":{"StringEquals":{"aws:Nothing":"1"}})"),
       "the condition key aws:Nothing is not supported"},
      {statement(
           R"("Action":"iot:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"here"}})"),
       "here is not an IP range"},
      {statement(R"("Action":"iot:*","Resource":")" + std::string(2100, '*') + "\""),
       "it has more than 2048 characters"},
      {std::string(100000, '['), "it has more than 2048 characters"},
  };
  for (const auto& [document, why] : rows) {
    const auto parsed = PolicyDocument::parse(document);
    ASSERT_TRUE(parsed.has_error()) << document;
    EXPECT_TRUE(parsed.error().is(errors::kinds::malformed_policy));
    EXPECT_EQ(parsed.error().message(), "Policy document is malformed: " + why);
  }
}

}  // namespace
}  // namespace cloudlet::iot
