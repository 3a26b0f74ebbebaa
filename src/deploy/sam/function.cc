// AWS::Serverless::Function -> AWS::Lambda::Function and what belongs to it.
#include <algorithm>
#include <optional>

#include "deploy/sam/parts.h"

namespace cloudlet::deploy::sam {
namespace {

// Same name, same value in AWS::Lambda::Function; what that type does not serve, it refuses itself.
constexpr std::string_view copied[] = {"Architectures",
                                       "Description",
                                       "Environment",
                                       "EphemeralStorage",
                                       "FileSystemConfigs",
                                       "FunctionName",
                                       "Handler",
                                       "KmsKeyArn",
                                       "Layers",
                                       "LoggingConfig",
                                       "MemorySize",
                                       "RecursiveLoop",
                                       "Runtime",
                                       "RuntimeManagementConfig",
                                       "SnapStart",
                                       "Timeout",
                                       "VpcConfig",
                                       "ReservedConcurrentExecutions"};
// Acted on in this folder.
constexpr std::string_view handled[] = {"AssumeRolePolicyDocument",
                                        "CodeUri",
                                        "DeadLetterQueue",
                                        "EventInvokeConfig",
                                        "Events",
                                        "InlineCode",
                                        "PackageType",
                                        "PermissionsBoundary",
                                        "Policies",
                                        "Role",
                                        "RolePath",
                                        "SourceKMSKeyArn",
                                        "Tags",
                                        "Tracing"};
constexpr std::string_view refused[] = {"AutoPublishAlias",
                                        "AutoPublishAliasAllProperties",
                                        "AutoPublishCodeSha256",
                                        "CapacityProviderConfig",
                                        "CodeSigningConfigArn",
                                        "DeploymentPreference",
                                        "DurableConfig",
                                        "FunctionScalingConfig",
                                        "FunctionUrlConfig",
                                        "ImageConfig",
                                        "ImageUri",
                                        "PropagateTags",
                                        "ProvisionedConcurrencyConfig",
                                        "PublishToLatestPublished",
                                        "TenancyConfig",
                                        "VersionDeletionPolicy",
                                        "VersionDescription"};

template <std::size_t N>
bool in(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// "s3://bucket/key?versionId=x".
std::optional<json::object> s3_uri(std::string_view uri) {
  if (!uri.starts_with("s3://")) return std::nullopt;
  uri.remove_prefix(5);
  std::string_view version;
  if (const auto query = uri.find("?versionId="); query != std::string_view::npos) {
    version = uri.substr(query + 11);
    uri = uri.substr(0, query);
  }
  const auto slash = uri.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == uri.size()) return std::nullopt;
  json::object code{{"S3Bucket", uri.substr(0, slash)}, {"S3Key", uri.substr(slash + 1)}};
  if (!version.empty()) code.emplace("S3ObjectVersion", version);
  return code;
}

std::optional<json::object> code_of(const Function& function) {
  const auto& properties = function.properties;
  if (const auto* text = properties.if_contains("InlineCode"))
    return json::object{{"ZipFile", *text}};
  const auto* uri = properties.if_contains("CodeUri");
  if (uri == nullptr) {
    function.refuse("Only one of 'InlineCode' or 'CodeUri' can be set.");
    return std::nullopt;
  }
  if (const auto* object = uri->if_object()) {
    if (!object->contains("Bucket") || !object->contains("Key")) {
      function.refuse("'CodeUri' requires Bucket and Key properties to be specified.");
      return std::nullopt;
    }
    json::object code{{"S3Bucket", object->at("Bucket")}, {"S3Key", object->at("Key")}};
    if (const auto* version = object->if_contains("Version"))
      code.emplace("S3ObjectVersion", *version);
    return code;
  }
  if (uri->is_string() &&
      std::string_view(uri->get_string()).find("{{resolve:") != std::string_view::npos) {
    function.refuse(
        "Unsupported dynamic reference detected in 'CodeUri'. Please consider using alternative "
        "'FunctionCode' object format.");
    return std::nullopt;
  }
  auto code = uri->is_string() ? s3_uri(uri->get_string()) : std::nullopt;
  if (!code)
    function.refuse(
        "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId "
        "query parameter.");
  return code;
}

json::array tags_of(const Function& function) {
  json::array tags{json::object{{"Key", "lambda:createdBy"}, {"Value", "SAM"}}};
  const auto* own = function.properties.if_contains("Tags");
  if (own == nullptr) return tags;
  if (!own->is_object()) {
    function.refuse("Type of property 'Tags' is invalid.");
    return tags;
  }
  for (const auto& tag : own->get_object()) {
    if (tag.key() == "lambda:createdBy")
      function.refuse(
          "lambda:createdBy is a reserved Tag Key name and cannot be set on your resource. Please "
          "change the tag key "
          "in the input.");
    tags.push_back(json::object{{"Key", tag.key()}, {"Value", tag.value()}});
  }
  return tags;
}

bool known_properties(const Function& function) {
  for (const auto& member : function.properties) {
    const std::string name(member.key());
    if (in(copied, name) || in(handled, name)) continue;
    if (in(refused, name))
      function.refuse(
          "Property " + name + " is not supported here" +
          function.problems->line_of("/Resources/" + function.id + "/Properties/" + name) + ".");
    else
      function.refuse("property " + name +
                      " not defined for resource of type AWS::Serverless::Function");
    return false;
  }
  return true;
}

// DeadLetterQueue {Type: SNS, TargetArn} -> DeadLetterConfig {TargetArn}.
bool dead_letters(const Function& function, json::object& properties) {
  const auto* queue = function.properties.if_contains("DeadLetterQueue");
  if (queue == nullptr) return true;
  const auto* object = queue->if_object();
  if (object == nullptr || !object->contains("Type") || !object->contains("TargetArn")) {
    function.refuse("'DeadLetterQueue' requires Type and TargetArn properties to be specified.");
    return false;
  }
  if (object->at("Type") != json::value("SNS") && object->at("Type") != json::value("SQS")) {
    function.refuse("'DeadLetterQueue' requires Type of ['SNS', 'SQS']");
    return false;
  }
  properties.emplace("DeadLetterConfig", json::object{{"TargetArn", object->at("TargetArn")}});
  return true;
}

void event_invoke_config(const Function& function) {
  const auto* config = function.properties.if_contains("EventInvokeConfig");
  if (config == nullptr) return;
  const auto* object = config->if_object();
  if (object == nullptr) return function.refuse("Type of property 'EventInvokeConfig' is invalid.");
  json::object properties{{"FunctionName", function.ref()}, {"Qualifier", "$LATEST"}};
  for (const auto& member : *object) {
    if (member.key() != "MaximumEventAgeInSeconds" && member.key() != "MaximumRetryAttempts")
      return function.refuse(
          "EventInvokeConfig's " + std::string(member.key()) + " is not supported here" +
          function.problems->line_of("/Resources/" + function.id +
                                     "/Properties/EventInvokeConfig/" + std::string(member.key())) +
          ".");
    properties.emplace(member.key(), member.value());
  }
  function.emit(function.id + "EventInvokeConfig", "AWS::Lambda::EventInvokeConfig",
                std::move(properties));
}

}  // namespace

void Function::emit(const std::string& name, std::string_view type, json::object made) const {
  json::object resource{{"Type", type}, {"Properties", std::move(made)}};
  for (const std::string_view attribute :
       {"Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"})
    if (const auto* value = source->if_contains(attribute)) resource.emplace(attribute, *value);
  if (resources->contains(name)) {
    problems->resource(
        id, "Logical id " + name + " is taken: the transform would make a resource of that name.");
    return;
  }
  resources->emplace(name, std::move(resource));
}

void transform_function(Function& function) {
  if (!known_properties(function)) return;
  if (const auto* package = function.properties.if_contains("PackageType"))
    if (*package != json::value("Zip"))
      return function.refuse("PackageType other than Zip is not supported here.");
  if (!function.properties.contains("Runtime") || !function.properties.contains("Handler"))
    return function.refuse(
        "Runtime and Handler needs to be present when PackageType is of type `Zip`");
  if (const auto* layers = function.properties.if_contains("Layers");
      layers != nullptr && !layers->is_array())
    return function.refuse("Type of property 'Layers' is invalid.");
  auto code = code_of(function);
  if (!code) return;
  json::object properties;
  for (const auto name : copied)
    if (const auto* value = function.properties.if_contains(name);
        value != nullptr && !value->is_null())
      properties.emplace(name, *value);
  if (const auto* package = function.properties.if_contains("PackageType"))
    properties.emplace("PackageType", *package);
  if (const auto* key = function.properties.if_contains("SourceKMSKeyArn"))
    code->emplace("SourceKMSKeyArn", *key);
  properties.emplace("Code", std::move(*code));
  const json::array tags = tags_of(function);
  properties.emplace("Tags", tags);
  if (const auto* tracing = function.properties.if_contains("Tracing");
      tracing != nullptr && function.resolved(*tracing) != "" &&
      function.resolved(*tracing) != "Disabled")
    properties.emplace("TracingConfig", json::object{{"Mode", *tracing}});
  if (!dead_letters(function, properties)) return;
  if (const auto* role = function.properties.if_contains("Role")) {
    if (role->is_object() && role->get_object().contains("Fn::If"))
      return function.refuse("A Role that depends on a condition is not supported here.");
    properties.emplace("Role", *role);
  } else {
    properties.emplace("Role",
                       json::object{{"Fn::GetAtt", json::array{function.id + "Role", "Arn"}}});
    make_role(function, tags);
  }
  function.emit(function.id, "AWS::Lambda::Function", std::move(properties));
  if (const auto* depends = function.source->if_contains("DependsOn"))
    if (auto* made = function.resources->if_contains(function.id))
      made->get_object().emplace("DependsOn", *depends);
  event_invoke_config(function);
  make_events(function);
}

}  // namespace cloudlet::deploy::sam
