// What each service says of requests that its model forbids. The sentences are those that users of
// the real services have reported; the first two stand word for word in public issues
// (winston-cloudwatch 55, cloudwatch-logs-centralize-logs 5).
#include <gtest/gtest.h>

#include "gen/cloudformation/api.h"
#include "gen/iot/api.h"
#include "gen/lambda/api.h"
#include "gen/logs/api.h"
#include "gen/sns/api.h"
#include "wire/object.h"
#include "wire/pattern.h"
#include "wire/protocol.h"

namespace cloudlet::wire {
namespace {

struct Sent {
  const Service& service;
  std::string_view operation;
  std::string target = "/";
  std::string body;
};

Error refused(const Sent& sent) {
  const Operation* operation = sent.service.find(sent.operation);
  assert_that(operation, "an operation that is not served");
  Object input(*operation->input);
  Request request;
  request.method = operation->method;
  request.target = sent.target;
  const Exchange exchange{&sent.service, operation, sent.service.protocols[0], "1.1"};
  auto outcome = decode_request(exchange, request, sent.body, input.data());
  return outcome.has_error() ? outcome.error() : invalid("nothing was refused");
}

TEST(Validation, NamesAnEmptyListAndItsLimit) {
  const Error error = refused({logs::service, "PutLogEvents", "/",
                               R"({"logGroupName":"g","logStreamName":"s","logEvents":[]})"});
  EXPECT_EQ(error.kind().name, "InvalidParameterException");
  EXPECT_EQ(error.message(),
            "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1");
}

TEST(Validation, NamesWhatIsMissingInAnElementOfAList) {
  const Error error =
      refused({logs::service, "PutLogEvents", "/",
               R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"message":"m"}]})"});
  EXPECT_EQ(error.message(),
            "1 validation error detected: Value null at 'logEvents.1.member.timestamp' failed to "
            "satisfy constraint: Member must not be null");
}

TEST(Validation, ListsSeveralWithWhatIsMissingFirst) {
  const Error error = refused({logs::service, "CreateLogStream", "/", R"({"logGroupName":""})"});
  EXPECT_EQ(error.message(),
            "3 validation errors detected: Value null at 'logStreamName' failed to satisfy "
            "constraint: Member must not be "
            "null; Value '' at 'logGroupName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: "
            "[\\.\\-_/#A-Za-z0-9]+; Value '' at 'logGroupName' failed to satisfy constraint: "
            "Member must have length greater "
            "than or equal to 1");
}

TEST(Validation, QuotesAnUnknownEnumeratorAndTheKnownOnes) {
  const Error error =
      refused({lambda::service, "CreateFunction", "/2015-03-31/functions",
               R"({"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},)"
               R"("PackageType":"Jar"})"});
  EXPECT_EQ(error.kind().name, "ValidationException");
  EXPECT_EQ(
      error.message(),
      "1 validation error detected: Value 'Jar' at 'packageType' failed to satisfy constraint: "
      "Member must satisfy enum value set: [Zip, Image]");
}

TEST(Validation, NamesAListWhoseElementsAreWrong) {
  const Error error =
      refused({cloudformation::service, "CreateStack", "/",
               "Action=CreateStack&StackName=s&TemplateBody=t&Capabilities.member.1=CAPABILITY_IAM"
               "&Capabilities.member.2=ALL"});
  EXPECT_EQ(error.kind().code, "ValidationError");
  EXPECT_EQ(error.message(),
            "1 validation error detected: Value '[CAPABILITY_IAM, ALL]' at 'capabilities' failed "
            "to satisfy "
            "constraint: Member must satisfy constraint: [Member must satisfy enum value set: "
            "[CAPABILITY_IAM, CAPABILITY_NAMED_IAM, CAPABILITY_AUTO_EXPAND]]");
}

TEST(Validation, ChecksLabelsOfThePath) {
  const Error error = refused({iot::service, "DescribeThing", "/things/a%20b", ""});
  EXPECT_EQ(error.kind().name, "InvalidRequestException");
  EXPECT_EQ(error.message(),
            "1 validation error detected: Value 'a b' at 'thingName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+");
}

TEST(Validation, SaysWhatIsMissingInAForm) {
  const Error error =
      refused({sns::service, "Subscribe", "/", "Action=Subscribe&Version=2010-03-31"});
  EXPECT_EQ(error.message(),
            "2 validation errors detected: Value null at 'protocol' failed to satisfy constraint: "
            "Member must not be null; "
            "Value null at 'topicArn' failed to satisfy constraint: Member must not be null");
}

TEST(Validation, GivesAtMostTen) {
  std::string body = R"({"logGroupName":"g","logStreamName":"s","logEvents":[{})";
  for (int i = 0; i < 40; ++i) body += ",{}";
  const Error error = refused({logs::service, "PutLogEvents", "/", body + "]}"});
  EXPECT_TRUE(error.message().starts_with("10 validation errors detected: ")) << error.message();
}

TEST(Validation, TypesThatDoNotFitAreSerializationErrors) {
  const auto said = [](std::string body) {
    const Error error = refused({logs::service, "CreateLogGroup", "/", std::move(body)});
    EXPECT_EQ(error.kind().name, "SerializationException");
    return error.message();
  };
  EXPECT_EQ(said(R"({"logGroupName":1})"), "NUMBER_VALUE cannot be converted to String");
  EXPECT_EQ(said(R"({"logGroupName":true})"), "TRUE_VALUE cannot be converted to String");
  EXPECT_EQ(said(R"({"logGroupName":{}})"), "Start of structure or map found where not expected.");
  EXPECT_EQ(said(R"({"logGroupName":["a"]})"), "Start of list found where not expected");
  EXPECT_EQ(said(R"([])"), "Start of list found where not expected");
  EXPECT_TRUE(said(R"({"logGroupName":)").starts_with("Could not parse request body into json"));
  EXPECT_TRUE(said(std::string(1000, '[')).starts_with("Could not parse request body into json"));
}

TEST(Validation, RefusesMembersThatAreNotServed) {
  const Error error =
      refused({logs::service, "CreateLogGroup", "/", R"({"logGroupName":"g","kmsKeyId":"k"})"});
  EXPECT_EQ(error.kind().name, "InvalidParameterException");
  EXPECT_EQ(error.message(), "The parameter kmsKeyId is not supported.");
}

// Every pattern of every table must be one that RE2 takes: a wrong one would end the request that
// first needs it.
void match_everything(const Shape& shape, int depth) {
  if (shape.pattern) shape.pattern->matches("x");
  if (depth > 12) return;
  for (const Member& member : shape.members) match_everything(*member.shape, depth + 1);
  if (shape.element) match_everything(*shape.element->shape, depth + 1);
  if (shape.key) match_everything(*shape.key->shape, depth + 1);
}

TEST(Validation, EveryPatternCompiles) {
  for (const Service* service :
       {&sns::service, &iot::service, &lambda::service, &logs::service, &cloudformation::service}) {
    for (const Operation& operation : service->operations) {
      EXPECT_NO_THROW(match_everything(*operation.input, 0))
          << service->name << " " << operation.name;
    }
  }
}

}  // namespace
}  // namespace cloudlet::wire
