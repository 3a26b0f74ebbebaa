// The serverless transform against the vectors of the real one (CONFORMANCE_DIR), and its refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "deploy/sam/transform.h"

namespace cloudlet::deploy::sam {
namespace {

std::filesystem::path vectors() {
  if (const char* given = std::getenv("CONFORMANCE_DIR"))
    return std::filesystem::path(given) / "sam";
  // ../shared/conformance of the project's root, wherever below it the test runs.
  for (auto at = std::filesystem::current_path(); at != at.root_path(); at = at.parent_path())
    if (std::filesystem::exists(at / "shared" / "conformance"))
      return at / "shared" / "conformance" / "sam";
  return "../shared/conformance/sam";
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The real transform's own tests compare lists without regard to order.
json::value sorted(const json::value& value) {
  if (const auto* object = value.if_object()) {
    std::map<std::string, json::value> members;
    for (const auto& member : *object) members.emplace(member.key(), sorted(member.value()));
    json::object result;
    for (auto& [key, member] : members) result.emplace(key, std::move(member));
    return result;
  }
  if (const auto* list = value.if_array()) {
    std::vector<json::value> elements;
    for (const auto& element : *list) elements.push_back(sorted(element));
    std::sort(elements.begin(), elements.end(),
              [](const auto& a, const auto& b) { return json::serialize(a) < json::serialize(b); });
    return json::array(elements.begin(), elements.end());
  }
  return value;
}

// Vectors that use only what is served here. Event sources, aliases, function URLs and images have
// vectors of their own.
class Vector : public testing::TestWithParam<const char*> {};

TEST_P(Vector, IsTransformedAsTheRealOneDoes) {
  const auto input = vectors() / "input" / (std::string(GetParam()) + ".yaml");
  if (!std::filesystem::exists(input)) {
    std::cerr << "SKIPPED LOUDLY: no SAM vectors at " << vectors() << "; set CONFORMANCE_DIR\n";
    GTEST_SKIP() << "no vectors at " << vectors();
  }
  auto document = parse_document(slurp(input));
  ASSERT_TRUE(document.has_value()) << document.error().message();
  auto result = transform(*document);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  const json::value wanted =
      json::parse(slurp(vectors() / "output" / (std::string(GetParam()) + ".json")));
  EXPECT_TRUE(json::serialize(sorted(*result)) == json::serialize(sorted(wanted)))
      << json::serialize(sorted(*result)).substr(0, 4000);
}

INSTANTIATE_TEST_SUITE_P(
    Served, Vector,
    testing::Values(
        "basic_function", "function_concurrency",
        "function_policy_with_conditional_managed_policy_name", "function_with_condition",
        "function_with_conditional_managed_policy",
        "function_with_conditional_managed_policy_and_ref_no_value",
        "function_with_conditional_policy_template",
        "function_with_conditional_policy_template_and_ref_no_value", "function_with_global_layers",
        "function_with_intrinsic_architecture", "function_with_intrinsics_resource_attribute",
        "function_with_null_events", "function_with_permissions_boundary",
        "function_with_policy_templates", "function_with_recursive_loop",
        "function_with_role_and_role_path", "function_with_role_path", "function_with_tracing",
        "iot_rule", "sns", "function_with_kmskeyarn", "function_with_file_system_config",
        "policy_template_import_vaule_refs_parameters_with_same_name_as_policy_parameter"),
    [](const auto& one) { return std::string(one.param); });

// All vectors, whatever they use: what is not served is refused, never made into something else.
TEST(Vectors, WhatIsNotTransformedAsTheRealOneDoesIsRefused) {
  if (!std::filesystem::exists(vectors() / "input")) {
    std::cerr << "SKIPPED LOUDLY: no SAM vectors at " << vectors() << "; set CONFORMANCE_DIR\n";
    GTEST_SKIP() << "no vectors at " << vectors();
  }
  std::size_t same = 0, refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(vectors() / "input")) {
    const std::string name = entry.path().stem();
    auto document = parse_document(slurp(entry.path()), Aliases::expand);
    ASSERT_TRUE(document.has_value()) << name << ": " << document.error().message();
    const json::value wanted = json::parse(slurp(vectors() / "output" / (name + ".json")));
    auto result = transform(*document);
    if (result.has_error()) {
      ++refused;
      continue;
    }
    const bool equal = json::serialize(sorted(*result)) == json::serialize(sorted(wanted));
    same += equal;
    EXPECT_TRUE(equal) << name << "\n"
                       << json::serialize(sorted(*result)).substr(0, 6000) << "\nWANTED "
                       << json::serialize(sorted(wanted)).substr(0, 6000);
  }
  std::cout << "SAM vectors: " << same << " as the real transform's, " << refused << " refused\n";
}

class Refusal : public testing::TestWithParam<const char*> {};

TEST_P(Refusal, SaysWhatTheRealOneSays) {
  const auto input = vectors() / "input" / (std::string(GetParam()) + ".yaml");
  if (!std::filesystem::exists(input)) {
    std::cerr << "SKIPPED LOUDLY: no SAM vectors at " << vectors() << "; set CONFORMANCE_DIR\n";
    GTEST_SKIP() << "no vectors at " << vectors();
  }
  auto document = parse_document(slurp(input));
  ASSERT_TRUE(document.has_value()) << document.error().message();
  auto result = transform(*document);
  ASSERT_TRUE(result.has_error());
  const json::value wanted =
      json::parse(slurp(vectors() / "output" / (std::string(GetParam()) + ".json")));
  EXPECT_EQ(result.error().message(), "Transform AWS::Serverless-2016-10-31 failed with: " +
                                          std::string(wanted.at("errorMessage").get_string()));
}

INSTANTIATE_TEST_SUITE_P(
    Served, Refusal,
    testing::Values("error_function_no_codeuri", "error_function_no_runtime",
                    "error_globals_is_not_dict", "error_function_with_invalid_policy_statement",
                    "error_function_with_invalid_ignore_globals", "error_resource_not_dict",
                    "error_resource_properties_not_dict", "error_function_invalid_layer",
                    "error_function_with_dynamic_ref_codeuri"),
    [](const auto& one) { return std::string(one.param); });

std::string refusal(std::string_view text) {
  auto document = parse_document(text);
  if (document.has_error()) return document.error().message();
  auto result = transform(*document);
  return result.has_error() ? result.error().message() : "accepted";
}

TEST(Sam, AnEventSourceWhoseServiceIsMissingIsNamedWithItsLine) {
  EXPECT_THAT(
      refusal(R"(Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: index.handler
      Runtime: python3.11
      Events:
        Web:
          Type: Api
          Properties: {Path: /, Method: get}
)"),
      testing::HasSubstr(
          "Event with id [Web] is invalid. Events of type Api are not supported here (line 9)."));
}

TEST(Sam, ASettingThatIsNotActedOnIsNamedWithItsLine) {
  EXPECT_THAT(refusal(R"(Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: index.handler
      Runtime: python3.11
      AutoPublishAlias: live
)"),
              testing::HasSubstr("Property AutoPublishAlias is not supported here (line 8)."));
}

TEST(Sam, OtherServerlessTypesAreNamedWithTheirLine) {
  EXPECT_THAT(
      refusal("Resources:\n  Table:\n    Type: AWS::Serverless::SimpleTable\n"),
      testing::HasSubstr(
          "Resources of type AWS::Serverless::SimpleTable are not supported here (line 3)."));
}

TEST(Sam, ConnectorsOfAnyResourceAreRefused) {
  EXPECT_THAT(refusal(R"(Resources:
  B:
    Type: AWS::S3::Bucket
    Connectors:
      C: {Properties: {Destination: {Id: F}, Permissions: [Read]}}
)"),
              testing::HasSubstr("Connectors are not supported here (line 4)."));
}

TEST(Sam, APolicyTemplateOfAServiceThatIsNotHereIsNamed) {
  EXPECT_THAT(
      refusal(R"(Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: index.handler
      Runtime: python3.11
      Policies: [{PollyFullAccessPolicy: {LexiconName: x}}]
)"),
      testing::HasSubstr("The policy template PollyFullAccessPolicy is not supported here"));
}

TEST(Sam, AGeneratedNameNeverReplacesAResourceOfTheTemplate) {
  EXPECT_THAT(refusal(R"(Resources:
  FRole: {Type: AWS::S3::Bucket}
  F:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: x, Handler: index.handler, Runtime: python3.11}
)"),
              testing::HasSubstr("Logical id FRole is taken"));
}

}  // namespace
}  // namespace cloudlet::deploy::sam
