#include "services/s3/resources.h"

#include "deploy/resource_steps.h"
#include "gen/s3/api.h"

namespace cloudlet::s3 {
namespace {

using namespace deploy::words;
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
    CO_CHECK(co_await client.create_bucket(std::move(input)));
    co_return deploy::completed(describe(request, name),
                                co_await tag(client, name, deploy::no_properties, properties));
  }

  Task<Result<std::optional<Made>>> find(const Request& request,
                                         const json::object& properties) const override {
    Client client(request.caller);
    const std::string name = name_or(properties, "BucketName", request);
    HeadBucketInput input{.bucket = name};
    co_return deploy::seen(co_await client.head_bucket(std::move(input)),
                           [&](const auto&) { return describe(request, name); });
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
    co_return deploy::gone(co_await client.delete_bucket(std::move(input)));
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
    deploy::add_tags(input.tagging.tag_set, wanted);
    CO_CHECK(co_await client.put_bucket_tagging(std::move(input)));
    co_return Result<void>();
  }
};

}  // namespace

deploy::ResourceTypeList resource_types() {
  return deploy::type_list(std::make_unique<BucketResource>());
}

}  // namespace cloudlet::s3
