// Literal exchanges with generated services: what stands on the wire, headers included, and what
// the structs hold.
#include "wire/protocol.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>

#include "gen/iam/api.h"
#include "gen/iot/api.h"
#include "gen/iotdata/api.h"
#include "gen/lambda/api.h"
#include "gen/logs/api.h"
#include "gen/s3/api.h"
#include "gen/sns/api.h"
#include "wire/object.h"
#include "wire/rest.h"

namespace cloudlet::wire {
namespace {

Exchange exchange(const Service& service, std::string_view operation) {
  return {&service, service.find(operation), service.protocols[0], "1.1"};
}

Request request(std::string method, std::string target, Headers headers = {}) {
  Request made;
  made.method = std::move(method);
  made.target = std::move(target);
  made.headers = std::move(headers);
  return made;
}

template <class T>
T read(const Exchange& with, Request sent, std::string_view body = {}) {
  T input{};
  const auto outcome = decode_request(with, sent, body, &input);
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message();
  return input;
}

TEST(Query, ReadsMapsListsAndTexts) {
  const auto input = read<sns::PublishInput>(
      exchange(sns::service, "Publish"), request("POST", "/"),
      "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A000000000000%3At&"
      "Message=a+b%26c"
      "&MessageAttributes.entry.2.Name=n&MessageAttributes.entry.2.Value.DataType=Number"
      "&MessageAttributes.entry.2.Value.StringValue=7&MessageAttributes.entry.10.Name=b"
      "&MessageAttributes.entry.10.Value.DataType=Binary&MessageAttributes.entry.10.Value."
      "BinaryValue=AAE%3D");
  EXPECT_EQ(input.topic_arn, "arn:aws:sns:eu-west-1:000000000000:t");
  EXPECT_EQ(input.message, "a b&c");
  EXPECT_EQ(input.message_attributes.at("n").string_value, "7");
  EXPECT_EQ(input.message_attributes.at("b").binary_value, std::string("\0\1", 2));
  EXPECT_FALSE(input.subject.has_value());
}

TEST(Query, TakesTheActionFromTheQueryStringToo) {
  const auto input = read<sns::ConfirmSubscriptionInput>(
      exchange(sns::service, "ConfirmSubscription"),
      request("GET", "/?Action=ConfirmSubscription&TopicArn=arn&Token=t%2Bk"));
  EXPECT_EQ(input.token, "t+k");
}

TEST(Query, AnswersXmlWithTheRequestId) {
  sns::PublishOutput output{.message_id = "m<1>"};
  Response response = encode_response(exchange(sns::service, "Publish"), &output, "id-1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("content-type"), "text/xml");
  EXPECT_EQ(
      *response.body.whole(),
      "<PublishResponse "
      "xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>m&lt;1&gt;"
      "</MessageId></PublishResult><ResponseMetadata><RequestId>id-1</RequestId></"
      "ResponseMetadata></PublishResponse>");
}

TEST(Query, ErrorsCarryTheCodeNotTheShape) {
  Response response = encode_error(exchange(sns::service, "Publish"),
                                   sns::errors::not_found("Topic does not exist"), "id-2");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(
      *response.body.whole(),
      "<ErrorResponse "
      "xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>NotFound"
      "</Code><Message>Topic does not "
      "exist</Message></Error><RequestId>id-2</RequestId></ErrorResponse>");
}

TEST(Json, ReadsAndWritesNumbersAndLists) {
  const auto input = read<logs::PutLogEventsInput>(
      exchange(logs::service, "PutLogEvents"), request("POST", "/"),
      R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1700000000000,"message":"\u00e4\n"}],"other":1})");
  ASSERT_EQ(input.log_events.size(), 1u);
  EXPECT_EQ(input.log_events[0].timestamp, 1700000000000);
  EXPECT_EQ(input.log_events[0].message, "ä\n");

  logs::GetLogEventsOutput output{.events = {{.timestamp = 1, .message = "say \"\x01\""}},
                                  .next_forward_token = "f/1"};
  Response response = encode_response(exchange(logs::service, "GetLogEvents"), &output, "id");
  EXPECT_EQ(response.headers.get("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(response.headers.get("x-amzn-requestid"), "id");
  EXPECT_EQ(*response.body.whole(),
            "{\"events\":[{\"message\":\"say "
            "\\\"\\u0001\\\"\",\"timestamp\":1}],\"nextForwardToken\":\"f/1\"}");
}

TEST(Json, ErrorsSayTheirType) {
  Response response = encode_error(exchange(logs::service, "CreateLogGroup"),
                                   logs::errors::resource_already_exists("There"), "id");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(*response.body.whole(),
            R"({"__type":"ResourceAlreadyExistsException","message":"There"})");
}

TEST(RestJson, BindsPathQueryHeadersAndRawPayload) {
  const auto input = read<lambda::InvokeInput>(
      exchange(lambda::service, "Invoke"),
      request("POST", "/2015-03-31/functions/alert%3A1/invocations?Qualifier=prod",
              {{"X-Amz-Invocation-Type", "Event"}, {"X-Amz-Log-Type", "Tail"}}),
      "{not json");
  EXPECT_EQ(input.function_name, "alert:1");
  EXPECT_EQ(input.qualifier, "prod");
  EXPECT_EQ(input.invocation_type, lambda::InvocationType::event);
  EXPECT_EQ(input.log_type, lambda::LogType::tail);
  EXPECT_EQ(input.payload, "{not json");
}

TEST(RestJson, KeepsEncodedSlashesOfATopicInItsLabel) {
  const auto input =
      read<iotdata::PublishInput>(exchange(iotdata::service, "Publish"),
                                  request("POST", "/topics/a%2Fb?qos=1&retain=true"), "\x01\x02");
  EXPECT_EQ(input.topic, "a/b");
  EXPECT_EQ(input.qos, 1);
  EXPECT_EQ(input.retain, true);
  EXPECT_EQ(input.payload, "\x01\x02");
}

TEST(RestJson, AnswersStatusHeadersAndPayload) {
  lambda::InvokeOutput output{};
  output.status_code = 202;
  output.function_error = "Unhandled";
  output.payload = "{}";
  output.executed_version = "$LATEST";
  Response response = encode_response(exchange(lambda::service, "Invoke"), &output, "id");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.headers.get("x-amz-function-error"), "Unhandled");
  EXPECT_EQ(response.headers.get("x-amz-executed-version"), "$LATEST");
  EXPECT_EQ(*response.body.whole(), "{}");
}

TEST(RestJson, ErrorsNameTheirTypeInAHeader) {
  Response response = encode_error(exchange(lambda::service, "GetFunction"),
                                   lambda::errors::resource_not_found("Not here"), "id");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.get("x-amzn-errortype"), "ResourceNotFoundException");
  EXPECT_EQ(*response.body.whole(), R"({"Message":"Not here","Type":"User"})");
}

TEST(S3, ReadsKeysMetadataAndTheStreamingBody) {
  Request sent = request(
      "PUT", "/bucket/a%20b//c+d?x-id=PutObject",
      {{"Content-Type", "text/plain"}, {"x-amz-meta-Color", "red"}, {"x-amz-meta-size", "3"}});
  sent.body = Body("content");
  const auto with = exchange(s3::service, "PutObject");
  EXPECT_TRUE(streams_input(*with.operation));
  auto input = read<s3::PutObjectInput>(with, std::move(sent));
  EXPECT_EQ(input.bucket, "bucket");
  EXPECT_EQ(input.key, "a b//c+d");
  EXPECT_EQ(input.metadata.at("Color"), "red");
  EXPECT_EQ(*input.body.whole(), "content");
}

TEST(S3, AnswersListsUnderTheirRealRoots) {
  s3::ListObjectsV2Output output{};
  output.name = "b";
  output.contents.resize(1);
  output.contents[0].key = "k&1";
  output.contents[0].etag = "\"e\"";
  output.contents[0].last_modified = from_millis(1600000000000);
  output.common_prefixes = {{.prefix = "p/"}};
  Response response = encode_response(exchange(s3::service, "ListObjectsV2"), &output, "id");
  EXPECT_EQ(response.headers.get("x-amz-request-id"), "id");
  EXPECT_EQ(
      *response.body.whole(),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><Contents><ETag>&quot;e&quot;</ETag>"
      "<Key>k&amp;1</Key><LastModified>2020-09-13T12:26:40Z</LastModified></Contents>"
      "<Name>b</Name></ListBucketResult>");
}

TEST(S3, AnswersTheLocationAsBareText) {
  s3::GetBucketLocationOutput output{.location_constraint =
                                         s3::BucketLocationConstraint::eu_west_1};
  Response response = encode_response(exchange(s3::service, "GetBucketLocation"), &output, "id");
  EXPECT_EQ(*response.body.whole(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint "
            "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">eu-west-1</LocationConstraint>");
}

TEST(S3, ReadsXmlPayloadsWithAndWithoutANamespace) {
  for (const std::string space : {"", " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""}) {
    const auto input = read<s3::DeleteObjectsInput>(
        exchange(s3::service, "DeleteObjects"), request("POST", "/bucket?delete"),
        "<Delete" + space +
            "><Object><Key>a</Key></Object><Object><Key> b "
            "</Key></Object><Quiet>true</Quiet></Delete>");
    ASSERT_EQ(input.delete_.objects.size(), 2u);
    EXPECT_EQ(input.delete_.objects[1].key, " b ");
    EXPECT_EQ(input.delete_.quiet, true);
  }
}

TEST(S3, MalformedXmlIsItsOwnError) {
  s3::DeleteObjectsInput input{};
  Request sent = request("POST", "/bucket?delete");
  const auto outcome =
      decode_request(exchange(s3::service, "DeleteObjects"), sent, "<Delete><Object>", &input);
  ASSERT_TRUE(outcome.has_error());
  EXPECT_EQ(outcome.error().kind().code, "MalformedXML");
}

TEST(S3, ErrorsNameTheResourceAndTheirMembers) {
  auto members = std::make_shared<boost::json::object>();
  (*members)["Key"] = "a<b";
  Response response = encode_error(
      exchange(s3::service, "GetObject"),
      s3::errors::no_such_key("The specified key does not exist.").with(members), "id", "/b/k");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(*response.body.whole(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The "
            "specified key does not "
            "exist.</Message><Key>a&lt;b</Key><Resource>/b/k</Resource><RequestId>id</"
            "RequestId><HostId>cloudlet</HostId>"
            "</Error>");
}

TEST(S3, HeadersOfAnswersCannotBeSplit) {
  s3::GetObjectOutput output{};
  output.metadata["a"] = "x\r\nSet-Cookie: y";
  output.body = Body("b");
  Response response = encode_response(exchange(s3::service, "GetObject"), &output, "id");
  EXPECT_EQ(response.headers.get("x-amz-meta-a"), "x  Set-Cookie: y");
}

TEST(Errors, ComeBackAsTheKindTheyWere) {
  for (const Service* service :
       {&sns::service, &logs::service, &lambda::service, &s3::service, &iam::service}) {
    const Exchange with{service, &service->operations[0], service->protocols[0], "1.1"};
    for (const ErrorKind* kind : service->errors) {
      Response response = encode_error(with, Error(*kind, "why"), "id");
      if (response.status < 400)
        continue;  // S3's redirects and 304 have no body for clients to read
      Object output(*with.operation->output);
      const std::string body = *response.body.whole();
      const auto read_back = decode_response(with, response, body, output.data());
      ASSERT_TRUE(read_back.has_error());
      EXPECT_EQ(read_back.error().kind().code, kind->code) << service->name;
      EXPECT_EQ(read_back.error().message(), "why");
    }
  }
}

TEST(Errors, ThatNoModelKnowsKeepTheirCode) {
  const auto with = exchange(sns::service, "Publish");
  Response response;
  response.status = 403;
  sns::PublishOutput output{};
  const auto outcome = decode_response(
      with, response,
      "<ErrorResponse><Error><Code>Odd</Code><Message>m</Message></Error></ErrorResponse>",
      &output);
  ASSERT_TRUE(outcome.has_error());
  EXPECT_TRUE(outcome.error().is(unmodelled_error));
  EXPECT_EQ(outcome.error().members()->at("Code").as_string(), "Odd");
}

TEST(Labels, AreFoundWhereverTheTemplateHasThem) {
  EXPECT_EQ(find_label("/{Bucket}/{Key+}", "/b/k/l/", "Key"), "k/l/");
  EXPECT_EQ(find_label("/{Bucket}?acl", "/b/", "Bucket"), "b");
  EXPECT_EQ(find_label("/a/{rest+}/z", "/a/b/c/z", "rest"), "b/c");
  EXPECT_EQ(find_label("/a/{rest+}/z", "/a", "rest"), std::nullopt);
}

}  // namespace
}  // namespace cloudlet::wire
