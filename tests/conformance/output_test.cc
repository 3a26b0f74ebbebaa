// Output vectors: what the service returns becomes the response that the vector holds, or one that
// a client reads as the same; and our own client reads the vector's response.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "dynamic.h"
#include "vectors.h"
#include "wire/protocol.h"

namespace cloudlet::conformance {
namespace {

class Answer : public testing::TestWithParam<Case> {};
class Failure : public testing::TestWithParam<Case> {};

wire::Response response_of(const json::object& raw) {
  wire::Response response;
  response.status = static_cast<int>(raw.at("status_code").as_int64());
  if (const auto* headers = raw.if_contains("headers")) {
    for (const auto& [name, value] : headers->as_object()) {
      response.headers.add({name.data(), name.size()},
                           {value.as_string().data(), value.as_string().size()});
    }
  }
  return response;
}

void expect_result(const wire::Operation& operation, const json::value& result,
                   const wire::Object& output) {
  json::value wanted = tidy(*operation.output, result);
  for (const wire::Member& member : operation.output->members) {
    // A map of headers that are not there is absent.
    const json::string_view name(member.name.data(), member.name.size());
    const json::value* value = wanted.as_object().if_contains(name);
    if (value && member.place == wire::Place::prefixed_headers && value->as_object().empty())
      wanted.as_object().erase(name);
  }
  const json::value got = show(*operation.output, output.data());
  EXPECT_TRUE(same_json(wanted, got)) << "wanted " << wanted << "\n   got " << got;
}

void expect_same_body(const Case& c, const std::string& wanted, const std::string& got) {
  if (wanted.empty() && (got.empty() || got == "{}")) return;
  json::error_code failed;
  const json::value tree = json::parse(wanted, failed);
  if (!failed) {
    EXPECT_TRUE(same_json(tree, json::parse(got, failed)))
        << "wanted " << wanted << "\n   got " << got;
  } else if (wanted.find('<') != std::string::npos) {
    EXPECT_EQ(canonical_xml(wanted), canonical_xml(got))
        << "wanted " << wanted << "\n   got " << got;
  } else {
    EXPECT_EQ(wanted, got);
  }
}

TEST_P(Answer, IsWrittenToTheResponse) {
  const Case& c = GetParam();
  const Model model(c.suite, {c.given});
  const wire::Operation& operation = model.service().operations[0];
  const wire::Exchange exchange{&model.service(), &operation, model.service().protocols[0],
                                model.service().json_version};
  wire::Object output(*operation.output);
  fill(*operation.output, c.whole.at("result"), output.data());
  wire::Response response = wire::encode_response(exchange, output.data(), "request-id");
  const std::string body = *response.body.whole();

  const wire::Response wanted = response_of(c.whole.at("response").as_object());
  EXPECT_EQ(wanted.status, response.status);
  if (const auto reason = skipped(c, "server")) {
    wire::Object again(*operation.output);
    const auto outcome = wire::decode_response(exchange, response, body, again.data());
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
    return expect_result(operation, c.whole.at("result"), again);
  }
  for (const auto [name, value] : wanted.headers) {
    if (wire::equal_ignoring_case(name, "content-type")) continue;
    EXPECT_EQ(value, response.headers.get(name)) << name;
  }
  expect_same_body(c, text(c.whole.at("response").as_object(), "body"), body);
}

TEST_P(Answer, IsReadByOurOwnClient) {
  const Case& c = GetParam();
  const Model model(c.suite, {c.given});
  const wire::Operation& operation = model.service().operations[0];
  const wire::Exchange exchange{&model.service(), &operation, model.service().protocols[0],
                                model.service().json_version};
  wire::Response response = response_of(c.whole.at("response").as_object());
  wire::Object output(*operation.output);
  const auto outcome = wire::decode_response(
      exchange, response, text(c.whole.at("response").as_object(), "body"), output.data());
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
  expect_result(operation, c.whole.at("result"), output);
}

// What the vector's answer holds is in ours: headers and members. Ours may hold more (`message`,
// the request id); where the vector spells the type of an error in one of several ways, ours is the
// one that `read` understood.
void expect_error_holds(const Case& c, const wire::Response& written, const std::string& body) {
  const json::object& raw = c.whole.at("response").as_object();
  for (const auto [name, value] : response_of(raw).headers) {
    if (wire::equal_ignoring_case(name, "content-type")) continue;
    if (wire::equal_ignoring_case(name, "x-amzn-errortype")) continue;
    EXPECT_EQ(value, written.headers.get(name)) << name;
  }
  json::error_code failed;
  const json::value wanted = json::parse(text(raw, "body"), failed);
  if (failed || !wanted.is_object()) return;
  const json::value got = json::parse(body);
  for (const auto& [key, value] : wanted.get_object()) {
    if (key == "__type" || key == "code") continue;
    const json::string lower = key == "Message" && !got.as_object().contains(key) ? "message" : key;
    ASSERT_TRUE(got.as_object().contains(lower)) << key << " in " << body;
    EXPECT_TRUE(same_json(value, got.at(lower))) << key << " in " << body;
  }
}

TEST_P(Failure, IsWrittenAndRead) {
  const Case& c = GetParam();
  const Model model(c.suite, {c.given});
  const wire::Operation& operation = model.service().operations[0];
  const wire::Exchange exchange{&model.service(), &operation, model.service().protocols[0],
                                model.service().json_version};
  const json::object& raw = c.whole.at("response").as_object();
  ASSERT_FALSE(operation.errors.empty());
  const ErrorKind& kind = *operation.errors[0]->error;

  json::object members =
      c.whole.contains("error") ? c.whole.at("error").as_object() : json::object();
  Error error = Error(kind, text(c.whole, "errorMessage"))
                    .with(std::make_shared<const json::object>(members));
  wire::Response written = wire::encode_error(exchange, error, text(raw, "requestId"));
  EXPECT_EQ(written.status, static_cast<int>(raw.at("status_code").as_int64()));
  const std::string body = *written.body.whole();
  expect_error_holds(c, written, body);
  wire::Object unused(*operation.output);
  const auto again = wire::decode_response(exchange, written, body, unused.data());
  ASSERT_TRUE(again.has_error());
  EXPECT_TRUE(again.error().is(kind)) << body;
  EXPECT_EQ(again.error().message(), text(c.whole, "errorMessage"));

  wire::Response given = response_of(raw);
  const auto read = wire::decode_response(exchange, given, text(raw, "body"), unused.data());
  ASSERT_TRUE(read.has_error());
  EXPECT_TRUE(read.error().is(kind)) << read.error().kind().name;
}

INSTANTIATE_TEST_SUITE_P(Vectors, Answer, testing::ValuesIn(load(Kind::answer)),
                         [](const auto& info) { return test_name(info.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Answer);

INSTANTIATE_TEST_SUITE_P(Vectors, Failure, testing::ValuesIn(load(Kind::error)),
                         [](const auto& info) { return test_name(info.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Failure);

}  // namespace
}  // namespace cloudlet::conformance
