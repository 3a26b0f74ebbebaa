// Input vectors: the request a client sends is read into the parameters it was made of; and our own
// client, given the parameters, sends a request that reads back as the same.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/task.h"
#include "dynamic.h"
#include "vectors.h"
#include "wire/protocol.h"

namespace cloudlet::conformance {
namespace {

class Input : public testing::TestWithParam<Case> {};

wire::Request request_of(const json::object& serialized) {
  wire::Request request;
  request.method = text(serialized, "method");
  request.target = text(serialized, "uri");
  if (const auto* headers = serialized.if_contains("headers")) {
    for (const auto& [name, value] : headers->as_object()) {
      request.headers.add({name.data(), name.size()},
                          {value.as_string().data(), value.as_string().size()});
    }
  }
  return request;
}

// An empty list or map leaves no trace in a header, a query string or a form: it comes as absent. A
// map of the query string holds every parameter on the server's side (Smithy, httpQueryParams): the
// vectors, a client's, give only some.
json::value as_sent(const wire::Service& service, const wire::Operation& operation,
                    json::value params, const json::value& got) {
  for (const wire::Member& member : operation.input->members) {
    const bool traceless =
        member.place != wire::Place::body ||
        (service.protocols[0] == wire::Protocol::query && member.shape->key != nullptr);
    const json::string_view name(member.name.data(), member.name.size());
    json::object& object = params.get_object();
    json::value* value = object.if_contains(name);
    if (member.place == wire::Place::query && member.shape->kind == wire::Kind::map &&
        got.as_object().contains(name)) {
      json::object all = got.at(name).as_object();
      if (value) {
        for (const auto& [key, wanted] : value->as_object()) all[key] = wanted;
      }
      object[name] = all;
    } else if (value && traceless && member.shape->container &&
               (value->is_array() ? value->get_array().empty() : value->get_object().empty())) {
      object.erase(name);
    }
  }
  return params;
}

void expect_parameters(const wire::Service& service, const wire::Operation& operation,
                       const json::object& params, const wire::Object& input) {
  const json::value got = show(*operation.input, input.data());
  const json::value wanted = as_sent(service, operation, tidy(*operation.input, params), got);
  EXPECT_TRUE(same_json(wanted, got)) << "wanted " << wanted << "\n   got " << got;
}

TEST_P(Input, IsReadFromTheRequest) {
  const Case& c = GetParam();
  const Model model(c.suite, {c.given});
  const wire::Operation& operation = model.service().operations[0];
  const wire::Exchange exchange{&model.service(), &operation, model.service().protocols[0],
                                model.service().json_version};
  const json::object& serialized = c.whole.at("serialized").as_object();
  wire::Request request = request_of(serialized);
  wire::Object input(*operation.input);
  const auto outcome =
      wire::decode_request(exchange, request, text(serialized, "body"), input.data());
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
  expect_parameters(model.service(), operation, c.whole.at("params").as_object(), input);
}

TEST_P(Input, SurvivesOurOwnClient) {
  const Case& c = GetParam();
  const Model model(c.suite, {c.given});
  const wire::Operation& operation = model.service().operations[0];
  const wire::Exchange exchange{&model.service(), &operation, model.service().protocols[0],
                                model.service().json_version};
  wire::Object input(*operation.input);
  fill(*operation.input, c.whole.at("params"), input.data());
  auto request = wire::encode_request(exchange, input.data());
  ASSERT_TRUE(request.has_value()) << request.error().message();
  const std::string body = *request->body.whole();
  const json::object& serialized = c.whole.at("serialized").as_object();
  EXPECT_EQ(request->method, text(serialized, "method"));

  wire::Object again(*operation.input);
  const auto outcome = wire::decode_request(exchange, *request, body, again.data());
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message() << "\n"
                                   << request->target << "\n"
                                   << body;
  expect_parameters(model.service(), operation, c.whole.at("params").as_object(), again);
}

INSTANTIATE_TEST_SUITE_P(Vectors, Input, testing::ValuesIn(load(Kind::input)),
                         [](const auto& info) { return test_name(info.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Input);

TEST(Vectors, AreThere) {
  if (load(Kind::input).empty()) {
    GTEST_SKIP() << "NO PROTOCOL VECTORS at " << folder()
                 << ": set CONFORMANCE_DIR to check the protocols against them";
  }
}

}  // namespace
}  // namespace cloudlet::conformance
