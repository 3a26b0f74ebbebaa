// Proves that each request finds its operation, whoever sends it and however: the requests are
// those of the newest and of old SDKs, over the real tables.
#include "wire/router.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gen/cloudformation/api.h"
#include "gen/iam/api.h"
#include "gen/iot/api.h"
#include "gen/iotdata/api.h"
#include "gen/lambda/api.h"
#include "gen/logs/api.h"
#include "gen/s3/api.h"
#include "gen/sns/api.h"
#include "gen/sts/api.h"
#include "wire/router_host.h"

namespace cloudlet::wire {
namespace {

std::vector<const Service*> all_services() {
  return {
      &cloudformation::service, &iam::service, &iot::service, &iotdata::service, &lambda::service,
      &logs::service,           &s3::service,  &sns::service, &sts::service};
}

struct Sent {
  std::string method = "GET";
  std::string target = "/";
  std::string scope;  // of the signature; empty: unsigned
  std::string host = "127.0.0.1:4566";
  Headers headers;
  std::string body;
};

class RouterTest : public testing::Test {
 protected:
  // "service.Operation", or "error <name> <status>".
  std::string route(Sent sent) {
    request_ = {.method = sent.method,
                .target = sent.target,
                .headers = sent.headers,
                .body = Body(sent.body)};
    request_.headers.add("Host", sent.host);
    if (!sent.scope.empty())
      request_.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=test/20200101/eu-west-1/" +
                                                sent.scope +
                                                "/aws4_request, SignedHeaders=host, Signature=0");
    exchange_ = {};
    const auto found = router_.route(request_, exchange_);
    if (found.has_error())
      return "error " + std::string(found.error().kind().name) + " " +
             std::to_string(found.error().kind().status);
    return std::string(exchange_.service->name) + "." + std::string(exchange_.operation->name);
  }

  Router router_{all_services()};
  Request request_;
  Exchange exchange_;
};

TEST_F(RouterTest, TargetsChooseServiceOperationAndVersion) {
  Sent sent{.method = "POST",
            .headers = {{"X-Amz-Target", "Logs_20140328.CreateLogGroup"},
                        {"Content-Type", "application/x-amz-json-1.1"}}};
  EXPECT_EQ(route(sent), "logs.CreateLogGroup");
  EXPECT_EQ(exchange_.protocol, Protocol::json);
  EXPECT_EQ(exchange_.json_version, "1.1");
  sent.headers.set("Content-Type", "application/x-amz-json-1.0");
  route(sent);
  EXPECT_EQ(exchange_.json_version, "1.0");
  sent.headers.set("X-Amz-Target", "Logs_20140328.NoSuchThing");
  EXPECT_EQ(route(sent), "error UnknownOperationException 400");
  EXPECT_EQ(exchange_.service, &logs::service);
  for (const char* nonsense : {"", ".", "NoService.X", "Logs_20140328", "Logs_20140328."}) {
    sent.headers.set("X-Amz-Target", nonsense);
    EXPECT_EQ(route(sent), "error UnknownOperationException 400");
  }
}

TEST_F(RouterTest, ActionsByScopeOrByVersion) {
  Sent form{.method = "POST",
            .scope = "sns",
            .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
            .body = "Name=topic&Action=CreateTopic&Version=2010-03-31"};
  EXPECT_EQ(route(form), "sns.CreateTopic");
  EXPECT_EQ(exchange_.protocol, Protocol::query);
  form.scope = "";
  EXPECT_EQ(route(form), "sns.CreateTopic");
  form.body = "Action=GetCallerIdentity&Version=2011-06-15";
  EXPECT_EQ(route(form), "sts.GetCallerIdentity");
  form.body = "Action=NoSuch&Version=2011-06-15";
  EXPECT_EQ(route(form), "error InvalidAction 400");
  form.scope = "iam";
  form.body = "Action=CreateRole&Version=2009-01-01";
  EXPECT_EQ(route(form), "error InvalidAction 400");
  EXPECT_EQ(exchange_.service, &iam::service);
  form.body = "Version=2010-05-08";
  EXPECT_EQ(route(form), "error MissingAction 400");
  EXPECT_EQ(route({.target = "/?Action=ConfirmSubscription&Version=2010-03-31&Token=t&TopicArn=x"}),
            "sns.ConfirmSubscription");
  EXPECT_EQ(router_.unsigned_requests(exchange_), Unsigned::allowed);
  EXPECT_EQ(route({.target = "/?Action=ConfirmSubscription&Token=t&TopicArn=x"}),
            "sns.ConfirmSubscription");  // the link in a mail has no version
  EXPECT_EQ(route({.target = "/?Action=CreateTopic&Version=2010-03-31&Name=x"}), "sns.CreateTopic");
  EXPECT_EQ(router_.unsigned_requests(exchange_), Unsigned::refused);
}

TEST_F(RouterTest, S3ByPathQueryAndHeader) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"GET", "/", "s3.ListBuckets"},
      {"GET", "/?x-id=ListBuckets", "s3.ListBuckets"},
      {"PUT", "/bucket", "s3.CreateBucket"},
      {"PUT", "/bucket/", "s3.CreateBucket"},
      {"HEAD", "/bucket", "s3.HeadBucket"},
      {"GET", "/bucket/", "s3.ListObjects"},
      {"GET", "/bucket?list-type=2&prefix=a", "s3.ListObjectsV2"},
      {"GET", "/bucket?location", "s3.GetBucketLocation"},
      {"GET", "/bucket/?uploads=", "s3.ListMultipartUploads"},
      {"POST", "/bucket?delete", "s3.DeleteObjects"},
      {"PUT", "/bucket/key?x-id=PutObject", "s3.PutObject"},
      {"PUT", "/bucket/a/b//c%2F/", "s3.PutObject"},
      {"PUT", "/bucket/uploads", "s3.PutObject"},
      {"PUT", "/2015-03-31/functions", "s3.PutObject"},
      {"PUT", "/bucket/key?partNumber=1&uploadId=u&x-id=UploadPart", "s3.UploadPart"},
      {"GET", "/bucket/key?uploadId=u", "s3.ListParts"},
      {"GET", "/bucket/key?versionId=null", "s3.GetObject"},
      {"POST", "/bucket/key?uploads", "s3.CreateMultipartUpload"},
      {"POST", "/bucket/key?uploadId=u", "s3.CompleteMultipartUpload"},
      {"DELETE", "/bucket/key?uploadId=u", "s3.AbortMultipartUpload"},
      {"DELETE", "/bucket/key", "s3.DeleteObject"},
  };
  for (const auto& [method, target, expected] : rows)
    EXPECT_EQ(route({.method = method, .target = target, .scope = "s3"}), expected)
        << method << " " << target;
  EXPECT_EQ(route({.method = "PUT",
                   .target = "/b/k",
                   .scope = "s3",
                   .headers = {{"x-amz-copy-source", "/b/o"}}}),
            "s3.CopyObject");
  EXPECT_EQ(route({.method = "PUT",
                   .target = "/b/k?partNumber=1&uploadId=u",
                   .scope = "s3",
                   .headers = {{"x-amz-copy-source", "/b/o"}}}),
            "s3.UploadPartCopy");
}

TEST_F(RouterTest, S3SubresourcesThatAreNotServedAreNeverTakenForTheirNeighbours) {
  for (const char* target : {"/bucket?versioning", "/bucket?acl", "/bucket/key?acl",
                             "/bucket?cors=", "/bucket/key?retention", "/bucket?policy",
                             "/bucket?x-id=PutBucketAcl&acl"})
    EXPECT_EQ(route({.method = "PUT", .target = target, .scope = "s3"}), "error NotImplemented 501")
        << target;
  EXPECT_EQ(route({.method = "POST", .target = "/bucket", .scope = "s3"}),
            "error MethodNotAllowed 405");
}

TEST_F(RouterTest, S3HostStyleBecomesPathStyleAndKeepsWhatWasSigned) {
  for (const char* host :
       {"my-bucket.s3.localhost:4566", "my-bucket.localhost:4566",
        "my-bucket.s3.eu-west-1.amazonaws.com", "MY-bucket.s3.localhost.localstack.cloud:4566",
        "my-bucket.s3-eu-west-1.amazonaws.com"}) {
    EXPECT_EQ(
        route({.method = "PUT", .target = "/a%20key?x-id=PutObject", .scope = "s3", .host = host}),
        "s3.PutObject");
    EXPECT_EQ(request_.target, "/my-bucket/a%20key?x-id=PutObject") << host;
    EXPECT_EQ(request_.sent_target, "/a%20key?x-id=PutObject");
    EXPECT_EQ(route({.target = "/?list-type=2", .scope = "s3", .host = host}), "s3.ListObjectsV2");
    EXPECT_EQ(request_.target, "/my-bucket?list-type=2");
  }
  EXPECT_EQ(route({.target = "/page.html", .host = "site.localhost:4566"}), "s3.GetObject");
  for (const char* host :
       {"s3.localhost", "s3.eu-west-1.amazonaws.com", "s3.localhost.localstack.cloud"})
    EXPECT_EQ(route({.target = "/", .scope = "s3", .host = host}), "s3.ListBuckets") << host;
}

TEST_F(RouterTest, LambdaByItsPathsSignedOrNot) {
  for (const char* scope : {"lambda", ""}) {
    EXPECT_EQ(
        route({.method = "POST", .target = "/2015-03-31/functions/f/invocations", .scope = scope}),
        "lambda.Invoke");
    EXPECT_EQ(route({.target = "/2015-03-31/functions/", .scope = scope}), "lambda.ListFunctions");
    EXPECT_EQ(route({.target = "/2015-03-31/functions/"
                               "arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3Afunction%3Af",
                     .scope = scope}),
              "lambda.GetFunction");
    EXPECT_EQ(route({.target = "/2015-03-31/nothing", .scope = scope}),
              "error UnknownOperationException 404");
    EXPECT_EQ(exchange_.service, &lambda::service);
  }
}

TEST_F(RouterTest, IotUnderAllItsSigningNames) {
  for (const char* scope : {"iot", "execute-api", "iotdata", "iotdevicegateway"}) {
    EXPECT_EQ(route({.method = "POST", .target = "/things/t", .scope = scope}), "iot.CreateThing")
        << scope;
    EXPECT_EQ(route({.method = "POST", .target = "/topics/a%2Fb?qos=1", .scope = scope}),
              "iot-data.Publish")
        << scope;
    EXPECT_EQ(route({.target = "/endpoint?endpointType=iot%3AData-ATS", .scope = scope}),
              "iot.DescribeEndpoint");
    EXPECT_EQ(route({.target = "/nothing", .scope = scope}), "error UnknownOperationException 404");
  }
  EXPECT_EQ(route({.method = "POST", .target = "/topics/a?qos=1"}), "iot-data.Publish");
  EXPECT_EQ(route({.method = "POST", .target = "/things/t", .host = "iot.eu-west-1.amazonaws.com"}),
            "iot.CreateThing");
  EXPECT_EQ(route({.method = "PUT", .target = "/things/t"}), "s3.PutObject");
}

TEST_F(RouterTest, ServicesThatAreNotHereAreRefusedNotGuessed) {
  EXPECT_EQ(route({.method = "GET", .target = "/restapis", .scope = "apigateway"}),
            "error UnknownOperationException 404");
  EXPECT_EQ(route({.method = "POST", .target = "/", .scope = "logs"}),
            "error UnknownOperationException 400");
  EXPECT_EQ(route({.method = "POST", .target = "/", .scope = "sts"}), "error MissingAction 400");
  EXPECT_EQ(route({.method = "POST",
                   .target = "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                   .headers = {{"smithy-protocol", "rpc-v2-cbor"}}}),
            "error UnknownOperationException 400");
}

TEST_F(RouterTest, OrderOfServicesDoesNotMatter) {
  auto services = all_services();
  std::reverse(services.begin(), services.end());
  const Router reversed(services);
  for (const Service* service : services) {
    for (const Operation& operation : service->operations) {
      std::string target(operation.uri);
      for (std::size_t at; (at = target.find('{')) != std::string::npos;)
        target.replace(at, target.find('}', at) - at + 1, "x");
      Request request{.method = std::string(operation.method), .target = target};
      request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=test/20200101/eu-west-1/" +
                                               std::string(service->signing_name) +
                                               "/aws4_request");
      Request again{.method = request.method, .target = request.target, .headers = request.headers};
      Exchange one, other;
      const bool found = router_.route(request, one).has_value();
      EXPECT_EQ(reversed.route(again, other).has_value(), found);
      EXPECT_EQ(one.operation, other.operation) << operation.name;
    }
  }
}

TEST(Host, ReadsBucketsAndServices) {
  const std::vector<std::string> domains{"localhost", "amazonaws.com"};
  EXPECT_EQ(read_host("localhost:4566", domains).bucket, "");
  EXPECT_EQ(read_host("a.b.c.localhost", domains).bucket, "a.b.c");
  EXPECT_EQ(read_host("my.s3.bucket.s3.us-east-1.amazonaws.com", domains).bucket, "my.s3.bucket");
  EXPECT_EQ(read_host("sns.localhost:4566", domains).service, "sns");
  EXPECT_EQ(read_host("sns.localhost:4566", domains).bucket, "");
  EXPECT_EQ(read_host("data-ats.iot.us-east-1.amazonaws.com", domains).service, "iot");
  for (const char* host :
       {"127.0.0.1", "[::1]:4566", "", ":", ".", "..localhost", "example.com", "xlocalhost"})
    EXPECT_EQ(read_host(host, domains).service == "s3" && host != std::string("..localhost"), false)
        << host;
}

}  // namespace
}  // namespace cloudlet::wire
