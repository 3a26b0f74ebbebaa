// The Globals section.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
#include <algorithm>

#include "deploy/sam/parts.h"

namespace cloudlet::deploy::sam {
namespace {

constexpr std::string_view sections[] = {"Api",          "CapacityProvider", "Function",
                                         "HttpApi",      "LayerVersion",     "SimpleTable",
                                         "StateMachine", "WebSocketApi"};
constexpr std::string_view function_properties[] = {"Architectures",
                                                    "AssumeRolePolicyDocument",
                                                    "AutoPublishAlias",
                                                    "AutoPublishAliasAllProperties",
                                                    "AutoPublishCodeSha256",
                                                    "CodeUri",
                                                    "DeadLetterQueue",
                                                    "DeploymentPreference",
                                                    "Description",
                                                    "DurableConfig",
                                                    "Environment",
                                                    "EphemeralStorage",
                                                    "EventInvokeConfig",
                                                    "FileSystemConfigs",
                                                    "FunctionUrlConfig",
                                                    "Handler",
                                                    "KmsKeyArn",
                                                    "Layers",
                                                    "LoggingConfig",
                                                    "MemorySize",
                                                    "PermissionsBoundary",
                                                    "PropagateTags",
                                                    "ProvisionedConcurrencyConfig",
                                                    "RecursiveLoop",
                                                    "ReservedConcurrentExecutions",
                                                    "RolePath",
                                                    "Runtime",
                                                    "RuntimeManagementConfig",
                                                    "SnapStart",
                                                    "SourceKMSKeyArn",
                                                    "Tags",
                                                    "TenancyConfig",
                                                    "Timeout",
                                                    "Tracing",
                                                    "VersionDeletionPolicy",
                                                    "VpcConfig"};

template <std::size_t N>
std::string shown(const std::string_view (&names)[N]) {
  std::string all;
  for (const auto name : names) all.append(all.empty() ? "'" : ", '").append(name).append("'");
  return "[" + all + "]";
}

json::value merge(const json::value& global, const json::value& own) {
  if (is_intrinsic(global) || is_intrinsic(own)) return own;
  if (global.is_object() && own.is_object())
    return merge_globals(global.get_object(), own.get_object());
  if (global.is_array() && own.is_array()) {
    json::array both = global.get_array();
    for (const auto& element : own.get_array()) both.push_back(element);
    return both;
  }
  return own;
}

}  // namespace

json::object merge_globals(const json::object& global, const json::object& own) {
  json::object result = global;
  for (const auto& member : own) {
    const auto* base = global.if_contains(member.key());
    result[member.key()] = base == nullptr ? member.value() : merge(*base, member.value());
  }
  return result;
}

void check_globals(const json::object& root, Problems& problems) {
  const auto* globals = root.if_contains("Globals");
  if (globals == nullptr) return;
  if (!globals->is_object() || globals->get_object().empty())
    return problems.add("'Globals' section is invalid. It must be a non-empty dictionary");
  for (const auto& member : globals->get_object()) {
    if (std::find(std::begin(sections), std::end(sections), std::string_view(member.key())) ==
        std::end(sections))
      return problems.add("'Globals' section is invalid. '" + std::string(member.key()) +
                          "' is not supported. Must be one of the following values - " +
                          shown(sections));
    if (!member.value().is_object())
      return problems.add("'Globals' section is invalid. Value of ${" + std::string(member.key()) +
                          "} must be a dictionary");
    if (member.key() != "Function") continue;
    for (const auto& property : member.value().get_object())
      if (std::find(std::begin(function_properties), std::end(function_properties),
                    std::string_view(property.key())) == std::end(function_properties))
        return problems.add(
            "'Globals' section is invalid. '" + std::string(property.key()) +
            "' is not a supported property of 'Function'. Must be one of the following values - " +
            shown(function_properties));
  }
}

}  // namespace cloudlet::deploy::sam
