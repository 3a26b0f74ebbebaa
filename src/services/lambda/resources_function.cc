// AWS::Lambda::Function.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
#include "deploy/zip.h"
#include "services/lambda/resources_parts.h"

namespace cloudlet::lambda {
namespace {

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
    if (!one) return deploy::not_valid("Architectures", text);
    made.push_back(*one);
  }
  return made;
}

Environment environment_of(const json::object& properties) {
  return {.variables = deploy::inner_map(properties, "Environment", "Variables")};
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
  input.memory_size = deploy::number_if(properties, "MemorySize");
  input.timeout = deploy::number_if(properties, "Timeout");
  input.role = deploy::text_of(properties, "Role");
  TRY(input.runtime, deploy::choice_if(properties, "Runtime", parse_runtime));
  if (const auto target = inner_text(properties, "DeadLetterConfig", "TargetArn"); !target.empty())
    input.dead_letter_config = DeadLetterConfig{.target_arn = target};
  if (const auto* tracing = deploy::object_if(properties, "TracingConfig");
      tracing != nullptr && tracing->contains("Mode")) {
    TRY(const auto mode, deploy::choice_if(*tracing, "Mode", parse_tracing_mode));
    input.tracing_config = TracingConfig{.mode = mode};
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
    CO_TRY(input.package_type, deploy::choice_if(properties, "PackageType", parse_package_type));
    input.tags = deploy::tags_of(properties);
    const std::string name = input.function_name;
    CO_CHECK(co_await client.create_function(std::move(input)));
    co_return deploy::completed(describe(request, name),
                                co_await reserve(client, name, deploy::no_properties, properties));
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "FunctionName", request);
    GetFunctionConfigurationInput input{.function_name = name};
    co_return deploy::seen(co_await client.get_function_configuration(std::move(input)),
                           [&](const auto&) { return describe(request, name); });
  }

  Task<Result<Made>> update(const Request& request, const std::string& name,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    if (deploy::differs(before, after, "Code") || deploy::differs(before, after, "Architectures")) {
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
    TagResourceInput tagged{.resource = arn_of(request, name)};
    UntagResourceInput untagged{.resource = tagged.resource};
    CO_CHECK(co_await deploy::retag(client, &Client::tag_resource, std::move(tagged),
                                    &Client::untag_resource, std::move(untagged),
                                    deploy::tag_changes(before, after)));
    co_return describe(request, name);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    DeleteFunctionInput input{.function_name = name};
    co_return deploy::gone(co_await client.delete_function(std::move(input)));
  }

 private:
  static std::string arn_of(const Request& request, const std::string& name) {
    return make_arn("lambda", request.scope, "function:" + name);
  }
  static Made describe(const Request& request, const std::string& name) {
    return {.physical_id = name, .attributes = {{"Arn", arn_of(request, name)}}};
  }

  static Task<Result<void>> reserve(Client& client, const std::string& name,
                                    const json::object& before, const json::object& after) {
    const auto wanted = deploy::number_if(after, "ReservedConcurrentExecutions");
    if (deploy::number_if(before, "ReservedConcurrentExecutions") == wanted)
      co_return Result<void>();
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
};

}  // namespace

std::unique_ptr<deploy::ResourceType> function_resource() {
  return std::make_unique<FunctionResource>();
}

}  // namespace cloudlet::lambda
