#include "services/s3/resources.h"

#include "deploy/resource_types.h"
#include "gen/s3/api.h"

namespace cloudlet::s3 {
namespace {

using deploy::Kind;
using deploy::Made;
using deploy::Property;
using deploy::Request;
using deploy::Update;
namespace json = boost::json;

// Settings that buckets here do not act on (encryption, versioning, lifecycle, notifications, ...)
// are not listed, and so refused.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
constexpr Property properties_of_buckets[] = {{.name = "BucketName", .update = Update::replace},
                                              {.name = "Tags", .kind = Kind::tags}};
constexpr std::string_view attributes_of_buckets[] = {"Arn", "DomainName", "DualStackDomainName",
                                                      "RegionalDomainName", "WebsiteURL"};
constexpr deploy::TypeFacts bucket_facts{.name = "AWS::S3::Bucket",
                                         .properties = properties_of_buckets,
                                         .attributes = attributes_of_buckets,
                                         .name_property = "BucketName",
                                         .style = {.length_max = 63, .lower_case = true}};

class BucketResource : public deploy::DescribedType {
 public:
  BucketResource() : DescribedType(bucket_facts) {}

  Task<Result<Made>> create(const Request& request, const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "BucketName", request);
    CreateBucketInput input{.bucket = name};
    if (request.scope.region != "us-east-1")
      input.create_bucket_configuration = CreateBucketConfiguration{
          .location_constraint = parse_bucket_location_constraint(request.scope.region)};
    auto created = co_await client.create_bucket(std::move(input));
    if (created.has_error()) co_return std::move(created).error();
    Made made = describe(request, name);
    const json::object none;
    auto tagged = co_await tag(client, name, none, properties);
    if (tagged.has_error()) made.failure = tagged.error().message();
    co_return made;
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "BucketName", request);
    HeadBucketInput input{.bucket = name};
    auto got = co_await client.head_bucket(std::move(input));
    if (got.has_value()) co_return std::optional(describe(request, name));
    if (deploy::says_missing(got.error())) co_return std::optional<Made>();
    co_return std::move(got).error();
  }

  Task<Result<Made>> update(const Request& request, const std::string& name,
                            const json::object& before, const json::object& after) const override {
    Client client(request.caller);
    CO_CHECK(co_await tag(client, name, before, after));
    co_return describe(request, name);
  }

  Task<Result<void>> remove(const Request& request, const std::string& name,
                            const json::object&) const override {
    Client client(request.caller);
    DeleteBucketInput input{.bucket = name};
    auto deleted = co_await client.delete_bucket(std::move(input));
    if (deleted.has_error() && !deploy::says_missing(deleted.error()))
      co_return std::move(deleted).error();
    co_return Result<void>();
  }

 private:
  static Made describe(const Request& request, const std::string& name) {
    const std::string& region = request.scope.region;
    return {.physical_id = name,
            .attributes = {
                {"Arn", "arn:aws:s3:::" + name},
                {"DomainName", name + ".s3.amazonaws.com"},
                {"DualStackDomainName", name + ".s3.dualstack." + region + ".amazonaws.com"},
                {"RegionalDomainName", name + ".s3." + region + ".amazonaws.com"},
                {"WebsiteURL", "http://" + name + ".s3-website-" + region + ".amazonaws.com"}}};
  }

  static Task<Result<void>> tag(Client& client, const std::string& name, const json::object& before,
                                const json::object& after) {
    const auto wanted = deploy::tags_of(after);
    if (deploy::tags_of(before) == wanted) co_return Result<void>();
    if (wanted.empty()) {
      DeleteBucketTaggingInput input{.bucket = name};
      CO_CHECK(co_await client.delete_bucket_tagging(std::move(input)));
      co_return Result<void>();
    }
    PutBucketTaggingInput input{.bucket = name};
    for (const auto& [key, value] : wanted)
      input.tagging.tag_set.push_back({.key = key, .value = value});
    CO_CHECK(co_await client.put_bucket_tagging(std::move(input)));
    co_return Result<void>();
  }
};

}  // namespace

deploy::ResourceTypeList resource_types() {
  deploy::ResourceTypeList types;
  types.push_back(std::make_unique<BucketResource>());
  return types;
}

}  // namespace cloudlet::s3
