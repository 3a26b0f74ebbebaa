// AWS::Lambda::Function.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
#include "deploy/zip.h"
#include "services/lambda/resources_parts.h"

namespace cloudlet::lambda {
namespace {

using deploy::Kind;
using deploy::Made;
using deploy::Need;
using deploy::Property;
using deploy::Request;
using deploy::Update;
namespace json = boost::json;

constexpr Property code[] = {
    {.name = "S3Bucket"}, {.name = "S3Key"}, {.name = "S3ObjectVersion"}, {.name = "ZipFile"}};
constexpr Property environment[] = {{.name = "Variables", .kind = Kind::map}};
constexpr Property dead_letters[] = {{.name = "TargetArn"}};
constexpr Property tracing[] = {{.name = "Mode"}};
// Settings that functions here do not have (layers, VPC, images, file systems, ...) are not listed,
// and so refused.
constexpr Property function_properties[] = {
    {.name = "FunctionName", .update = Update::replace},
    {.name = "PackageType", .update = Update::replace},
    {.name = "Code", .kind = Kind::object, .need = Need::required, .members = code},
    {.name = "Architectures", .kind = Kind::texts},
    {.name = "DeadLetterConfig", .kind = Kind::object, .members = dead_letters},
    {.name = "Description"},
    {.name = "Environment", .kind = Kind::object, .members = environment},
    {.name = "Handler"},
    {.name = "MemorySize", .kind = Kind::number},
    {.name = "ReservedConcurrentExecutions", .kind = Kind::number},
    {.name = "Role", .need = Need::required},
    {.name = "Runtime"},
    {.name = "Tags", .kind = Kind::tags},
    {.name = "Timeout", .kind = Kind::number},
    {.name = "TracingConfig", .kind = Kind::object, .members = tracing}};
constexpr std::string_view function_attributes[] = {"Arn"};
constexpr deploy::TypeFacts function_facts{.name = "AWS::Lambda::Function",
                                           .properties = function_properties,
                                           .attributes = function_attributes,
                                           .name_property = "FunctionName",
                                           .style = {.length_max = 64}};

Error wrong(std::string_view property, const std::string& value) {
  return Error(cloudlet::errors::invalid_argument,
               "Value '" + value + "' of property " + std::string(property) + " is not valid");
}

// ZipFile is the source itself: it becomes the file that the handler's name speaks of, index.py or
// index.js.
Result<FunctionCode> code_of(const json::object& properties) {
  const json::object& given = *deploy::object_if(properties, "Code");
  FunctionCode made{.s3_bucket = deploy::text_if(given, "S3Bucket"),
                    .s3_key = deploy::text_if(given, "S3Key"),
                    .s3_object_version = deploy::text_if(given, "S3ObjectVersion")};
  const auto source = deploy::text_if(given, "ZipFile");
  if (!source) return made;
  if (source->size() > 4'194'304)
    return Error(cloudlet::errors::invalid_argument,
                 "Property ZipFile may not be larger than 4 MB");
  const std::string runtime = deploy::text_of(properties, "Runtime");
  const bool python = runtime.starts_with("python"), node = runtime.starts_with("nodejs");
  if (!python && !node)
    return Error(cloudlet::errors::invalid_argument,
                 "ZipFile can be used with Python and Node.js runtimes only");
  std::vector<deploy::ZipEntry> entries;
  entries.push_back({.name = python ? "index.py" : "index.js", .bytes = *source});
  TRY(made.zip_file, deploy::make_zip(std::move(entries)));
  return made;
}

Result<std::vector<Architecture>> architectures_of(const json::object& properties) {
  std::vector<Architecture> made;
  for (const auto& text : deploy::texts_of(properties, "Architectures")) {
    const auto one = parse_architecture(text);
    if (!one) return wrong("Architectures", text);
    made.push_back(*one);
  }
  return made;
}

Environment environment_of(const json::object& properties) {
  Environment made;
  const auto* given = deploy::object_if(properties, "Environment");
  const auto* map = given == nullptr ? nullptr : deploy::object_if(*given, "Variables");
  if (map != nullptr)
    for (const auto& member : *map)
      made.variables[member.key()] = deploy::text_of(*map, member.key());
  return made;
}

std::optional<std::int32_t> number_of(const json::object& properties, std::string_view name) {
  const auto number = deploy::number_if(properties, name);
  return number ? std::optional(static_cast<std::int32_t>(*number)) : std::nullopt;
}

std::string inner_text(const json::object& properties, std::string_view object,
                       std::string_view name) {
  const auto* given = deploy::object_if(properties, object);
  return given == nullptr ? "" : deploy::text_of(*given, name);
}

// What both CreateFunction and UpdateFunctionConfiguration take.
template <class Input>
Result<void> configure(Input& input, const json::object& properties) {
  input.handler = deploy::text_if(properties, "Handler");
  input.memory_size = number_of(properties, "MemorySize");
  input.timeout = number_of(properties, "Timeout");
  input.role = deploy::text_of(properties, "Role");
  if (const auto text = deploy::text_if(properties, "Runtime")) {
    input.runtime = parse_runtime(*text);
    if (!input.runtime) return wrong("Runtime", *text);
  }
  if (const auto target = inner_text(properties, "DeadLetterConfig", "TargetArn"); !target.empty())
    input.dead_letter_config = DeadLetterConfig{.target_arn = target};
  if (const auto mode = inner_text(properties, "TracingConfig", "Mode"); !mode.empty()) {
    input.tracing_config = TracingConfig{.mode = parse_tracing_mode(mode)};
    if (!input.tracing_config->mode) return wrong("TracingConfig.Mode", mode);
  }
  return {};
}

class FunctionResource : public deploy::DescribedType {
 public:
  FunctionResource() : DescribedType(function_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    CreateFunctionInput input{.function_name = name_or(properties, "FunctionName", request)};
    CO_TRY(input.code, code_of(properties));
    CO_TRY(input.architectures, architectures_of(properties));
    CO_CHECK(configure(input, properties));
    input.description = deploy::text_if(properties, "Description");
    if (properties.contains("Environment")) input.environment = environment_of(properties);
    if (const auto type = deploy::text_if(properties, "PackageType")) {
      input.package_type = parse_package_type(*type);
      if (!input.package_type) co_return wrong("PackageType", *type);
    }
    input.tags = deploy::tags_of(properties);
    const std::string name = input.function_name;
    auto created = co_await client.create_function(std::move(input));
    if (created.has_error()) co_return std::move(created).error();
    Made made = describe(request, name);
    const json::object none;
    auto reserved = co_await reserve(client, name, none, properties);
    if (reserved.has_error()) made.failure = reserved.error().message();
    co_return made;
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "FunctionName", request);
    GetFunctionConfigurationInput input{.function_name = name};
    auto got = co_await client.get_function_configuration(std::move(input));
    if (got.has_value()) co_return std::optional(describe(request, name));
    if (deploy::says_missing(got.error())) co_return std::optional<Made>();
    co_return std::move(got).error();
  }

  Task<Result<Made>> update(const Request& request, const std::string& name,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    if (differs(before, after, "Code") || differs(before, after, "Architectures")) {
      CO_TRY(auto code, code_of(after));
      UpdateFunctionCodeInput input{.function_name = name,
                                    .s3_bucket = std::move(code.s3_bucket),
                                    .s3_key = std::move(code.s3_key),
                                    .s3_object_version = std::move(code.s3_object_version),
                                    .zip_file = std::move(code.zip_file)};
      CO_TRY(input.architectures, architectures_of(after));
      CO_CHECK(co_await client.update_function_code(std::move(input)));
    }
    UpdateFunctionConfigurationInput input{.function_name = name};
    CO_CHECK(configure(input, after));
    // What the template no longer says goes back to what functions have by themselves.
    input.description = deploy::text_of(after, "Description");
    input.environment = environment_of(after);
    if (!input.memory_size) input.memory_size = 128;
    if (!input.timeout) input.timeout = 3;
    if (!input.dead_letter_config && before.contains("DeadLetterConfig"))
      input.dead_letter_config = DeadLetterConfig{.target_arn = ""};
    if (!input.tracing_config && before.contains("TracingConfig"))
      input.tracing_config = TracingConfig{.mode = TracingMode::pass_through};
    CO_CHECK(co_await client.update_function_configuration(std::move(input)));
    CO_CHECK(co_await reserve(client, name, before, after));
    CO_CHECK(co_await tag(client, request, name, before, after));
    co_return describe(request, name);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    DeleteFunctionInput input{.function_name = name};
    auto deleted = co_await client.delete_function(std::move(input));
    if (deleted.has_error() && !deploy::says_missing(deleted.error()))
      co_return std::move(deleted).error();
    co_return Result<void>();
  }

 private:
  static Made describe(const Request& request, const std::string& name) {
    return {.physical_id = name,
            .attributes = {{"Arn", make_arn("lambda", request.scope, "function:" + name)}}};
  }
  static bool differs(const json::object& before, const json::object& after,
                      std::string_view name) {
    const auto* old = before.if_contains(name);
    const auto* wanted = after.if_contains(name);
    return (old == nullptr) != (wanted == nullptr) || (old != nullptr && *old != *wanted);
  }

  static Task<Result<void>> reserve(Client& client, const std::string& name,
                                    const json::object& before, const json::object& after) {
    const auto wanted = number_of(after, "ReservedConcurrentExecutions");
    if (number_of(before, "ReservedConcurrentExecutions") == wanted) co_return Result<void>();
    if (wanted) {
      PutFunctionConcurrencyInput input{.function_name = name,
                                        .reserved_concurrent_executions = *wanted};
      CO_CHECK(co_await client.put_function_concurrency(std::move(input)));
      co_return Result<void>();
    }
    DeleteFunctionConcurrencyInput input{.function_name = name};
    CO_CHECK(co_await client.delete_function_concurrency(std::move(input)));
    co_return Result<void>();
  }

  static Task<Result<void>> tag(Client& client, const Request& request, const std::string& name,
                                const json::object& before, const json::object& after) {
    const auto tags = deploy::tag_changes(before, after);
    const std::string arn = make_arn("lambda", request.scope, "function:" + name);
    if (!tags.set.empty()) {
      TagResourceInput input{.resource = arn, .tags = tags.set};
      CO_CHECK(co_await client.tag_resource(std::move(input)));
    }
    if (!tags.removed.empty()) {
      UntagResourceInput input{.resource = arn, .tag_keys = tags.removed};
      CO_CHECK(co_await client.untag_resource(std::move(input)));
    }
    co_return Result<void>();
  }
};

}  // namespace

std::unique_ptr<deploy::ResourceType> function_resource() {
  return std::make_unique<FunctionResource>();
}

}  // namespace cloudlet::lambda
