// The Python runtime: errors as AWS gives them, the context, logging, and boto3 that finds cloudlet
// by itself.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "runtime/testing/fixture.h"

namespace cloudlet::runtime::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class PythonTest : public RuntimeTest {
 protected:
  std::string error_of(const std::string& name, const std::string& code,
                       const std::string& handler = "app.handler") {
    auto result = invoke(python(name, code, handler), "{}");
    if (result.has_error() || result->kind == Answer::Kind::ok) return "no error";
    const auto body = boost::json::parse(result->payload).as_object();
    return std::string(body.at("errorType").as_string()) + ": " +
           std::string(body.at("errorMessage").as_string());
  }
};

TEST_F(PythonTest, A_function_gets_its_event_and_its_context) {
  auto function = python("f", R"(
import os
def handler(event, context):
    return {
        'event': event, 'name': context.function_name, 'version': context.function_version,
        'arn': context.invoked_function_arn, 'memory': context.memory_limit_in_mb, 'group': context.log_group_name,
        'stream': context.log_stream_name == os.environ['AWS_LAMBDA_LOG_STREAM_NAME'],
        'left': 0 < context.get_remaining_time_in_millis() <= 3000, 'id': len(context.aws_request_id),
        'identity': context.identity.cognito_identity_id, 'client': context.client_context,
        'root': os.environ['LAMBDA_TASK_ROOT'], 'cwd': os.getcwd(), 'var': os.environ['X'], 'tz': os.environ['TZ'],
        'region': os.environ['AWS_REGION'], 'handler': os.environ['_HANDLER'], 'uid': os.getuid() != 0,
    })");
  function->environment["X"] = "väl=ue";
  const auto got = boost::json::parse(answer(function, "{\"a\": [1, 2.5, \"ü\"]}")).as_object();
  EXPECT_EQ(boost::json::parse(R"({"a": [1, 2.5, "ü"]})"), got.at("event"));
  EXPECT_EQ(got.at("name").as_string(), "f");
  EXPECT_EQ(got.at("arn").as_string(), function->arn);
  EXPECT_EQ(got.at("memory").as_string(), "128");
  EXPECT_EQ(got.at("group").as_string(), "/aws/lambda/f");
  EXPECT_EQ(got.at("id").as_int64(), 36);
  EXPECT_TRUE(got.at("stream").as_bool());
  EXPECT_TRUE(got.at("left").as_bool());
  EXPECT_TRUE(got.at("client").is_null());
  EXPECT_EQ(got.at("root").as_string(), "/var/task");
  EXPECT_EQ(got.at("cwd").as_string(), "/var/task");
  EXPECT_EQ(got.at("var").as_string(), "väl=ue");
  EXPECT_EQ(got.at("handler").as_string(), "app.handler");
}

TEST_F(PythonTest, Exceptions_carry_type_message_and_trace) {
  auto result = invoke(
      python("f",
             "def handler(e, c):\n    return inner()\ndef inner():\n    raise ValueError('bad')\n"),
      "{}");
  ASSERT_TRUE(result.has_value());
  const auto body = boost::json::parse(result->payload).as_object();
  EXPECT_EQ(body.at("errorType").as_string(), "ValueError");
  EXPECT_EQ(body.at("errorMessage").as_string(), "bad");
  EXPECT_EQ(body.at("requestId").as_string().size(), 36u);
  ASSERT_EQ(body.at("stackTrace").as_array().size(), 2u);
  EXPECT_EQ(
      body.at("stackTrace").as_array()[0].as_string(),
      "  File \"/var/task/app.py\", line 2, in handler\n    return inner()\n           ^^^^^^^\n");
  EXPECT_THAT(log_->text(),
              HasSubstr("[ERROR] ValueError: bad\nTraceback (most recent call last):\n"));
}

TEST_F(PythonTest, What_goes_wrong_outside_the_handler_has_a_type_of_the_runtimes) {
  EXPECT_EQ(error_of("a", "import nothing_like_this\n"),
            "Runtime.ImportModuleError: Unable to import module 'app': No module named "
            "'nothing_like_this'");
  EXPECT_EQ(error_of("b", "x = 1\n"),
            "Runtime.HandlerNotFound: Handler 'handler' missing on module 'app'");
  EXPECT_EQ(error_of("c", "x = 1\n", "handler"),
            "Runtime.MalformedHandlerName: Bad handler 'handler': not enough values to unpack "
            "(expected 2, got 1)");
  EXPECT_EQ(error_of("d", "def handler(e, c):\n    return\n  x\n"),
            "Runtime.UserCodeSyntaxError: Syntax error in module 'app': unindent does not match "
            "any outer indentation level "
            "(app.py, line 3)");
  EXPECT_EQ(error_of("e", "def handler(e, c): return object()\n"),
            "Runtime.MarshalError: Unable to marshal response: Object of type object is not JSON "
            "serializable");
  EXPECT_THAT(error_of("f", "import sys\ndef handler(e, c): sys.exit(4)\n"),
              ContainsRegex("^Runtime.ExitError: RequestId: [0-9a-f-]+ Error: Runtime exited with "
                            "error: exit status 4"));
  EXPECT_EQ(error_of("g", "raise RuntimeError('at import')\n"), "RuntimeError: at import");
  EXPECT_THAT(error_of("h", "import os\ndef handler(e, c): os._exit(0)\n"),
              HasSubstr("exited without providing a reason"));
}

TEST_F(PythonTest, Output_and_records_land_in_the_log_a_record_an_event) {
  answer(python("f", R"(
import logging, subprocess, sys
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    print('printed', end='')
    print(' twice')
    logging.info('several\nlines')
    sys.stderr.write('to stderr')
    subprocess.run(['/bin/echo', 'from a child'])
)"),
         "{}");
  EXPECT_THAT(log_->text(), HasSubstr("\nprinted twice\n"));
  EXPECT_THAT(log_->text(), ContainsRegex("\\[INFO\\]\t[0-9T:.-]+Z\t[0-9a-f-]+\tseveral\nlines\n"));
  EXPECT_THAT(log_->text(), HasSubstr("to stderr\n"));
  EXPECT_THAT(log_->text(), HasSubstr("from a child\n"));
  EXPECT_EQ(log_->events(), 8u);  // INIT_START START printed record stderr child END REPORT
}

TEST_F(PythonTest, An_older_name_runs_on_the_Python_there_is_and_says_so_once) {
  auto function = python("f", "import sys\ndef handler(e, c): return sys.version_info[0]\n");
  function->runtime = "python3.6";
  EXPECT_EQ(answer(function, "{}"), "3");
  answer(function, "{}");
  const std::string text = log_->text();
  const std::size_t first = text.find("python3.6 was asked for; this function runs on Python 3.");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("was asked for", first + 20), std::string::npos);
}

TEST_F(PythonTest, Boto3_reaches_cloudlet_and_not_the_world) {
  options_.endpoint_port = 4599;
  EXPECT_EQ(
      answer(python("f", R"(
import boto3
sns = boto3.client('sns')
own = boto3.client('sqs', endpoint_url='http://127.0.0.1:1')
def handler(event, context):
    return [sns.meta.endpoint_url, sns.meta.region_name, own.meta.endpoint_url, boto3.resource('s3').meta.client.meta.endpoint_url]
)"),
             "{}"),
      R"(["http://127.0.0.1:4599", "us-east-1", "http://127.0.0.1:1", "http://127.0.0.1:4599"])");
}

// The function of aws-samples/lambda-refarch-iotbackend as published, but for its comments:
// module-level client, topic from the environment. Here the endpoint answers as SNS does.
TEST_F(PythonTest, The_handler_of_the_public_sample_runs_unmodified) {
  options_.endpoint_port = 4598;
  std::promise<int> listening;
  options_.endpoint = [&](int socket) { listening.set_value(socket); };
  auto function = python("sample", R"(
from __future__ import print_function
import boto3
import os
import json

sns = boto3.client('sns')
sns_arn = os.environ['alert_sns']

def lambda_handler(event, context):
    print("Received event: " + json.dumps(event, indent=2))
    response = sns.publish(TopicArn=sns_arn, Message='Humidity ' + str(event['humidity']), Subject='Attention')
    print(response['MessageId'])
    return ''
)",
                         "app.lambda_handler");
  function->environment["alert_sns"] = "arn:aws:sns:us-east-1:000000000000:t";
  options_.credentials = [this](const Function&) -> Task<Result<Credentials>> {
    co_return Credentials{.access_key = "ASIAX",
                          .secret_key = "s",
                          .session_token = "t",
                          .expires = clock_.now() + std::chrono::hours(1)};
  };
  runtime();
  const int socket = listening.get_future().get();
  std::string request;
  std::thread sns([&] {
    const int client = ::accept(socket, nullptr, nullptr);
    char buffer[8192];
    ssize_t size = 0;
    while (request.find("Subject=Attention") == std::string::npos &&
           (size = ::read(client, buffer, sizeof buffer)) > 0)
      request.append(buffer, static_cast<std::size_t>(size));
    const std::string body =
        "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></"
        "PublishResponse>";
    const std::string reply = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;
    (void)!::write(client, reply.data(), reply.size());
    ::close(client);
  });
  EXPECT_EQ(answer(function, "{\"humidity\": 29}"), "\"\"");
  sns.join();
  ::close(socket);
  EXPECT_THAT(request, HasSubstr("Action=Publish"));
  EXPECT_THAT(request, HasSubstr("Credential=ASIAX/"));
  EXPECT_THAT(log_->text(), HasSubstr("\"humidity\": 29"));
  EXPECT_THAT(log_->text(), HasSubstr("\nm-1\n"));
}

TEST_F(PythonTest, Instances_share_nothing_that_one_of_them_changes) {
  auto function = python("f", R"(
import json
def handler(event, context):
    json.marked = getattr(json, 'marked', 0) + 1
    with open('/tmp/kept', 'a') as f: f.write('x')
    return [json.marked, len(open('/tmp/kept').read())]
)");
  EXPECT_EQ(answer(function, "{}"), "[1, 1]");
  EXPECT_EQ(answer(function, "{}"), "[2, 2]");
  function->name = "g", function->arn += "g";
  EXPECT_EQ(answer(function, "{}"), "[1, 1]");
}

}  // namespace
}  // namespace cloudlet::runtime::testing
