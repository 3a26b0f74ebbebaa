// Buckets: create, delete, look at, list, tag.
#include <algorithm>

#include "base/encoding.h"
#include "services/s3/keys.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"
#include "services/s3/uploads.h"
#include "wire/router.h"

namespace cloudlet::s3 {
namespace {

constexpr const char* home = "us-east-1";  // the region whose buckets have no location constraint
constexpr std::int32_t buckets_page_max = 10'000;

// Which region the new bucket is in: the constraint, which must fit the endpoint that was asked.
Result<std::string> choose_region(const wire::Call& call, const CreateBucketInput& in) {
  const auto& configuration = in.create_bucket_configuration;
  if (!configuration || !configuration->location_constraint) {
    if (call.scope.region == home) return std::string(home);
    return errors::illegal_location_constraint(
        "The unspecified location constraint is incompatible for the region specific endpoint this "
        "request was sent "
        "to.");
  }
  const std::string wanted(to_string(*configuration->location_constraint));
  const std::string region = wanted == "EU" ? "eu-west-1" : wanted;
  if (region != call.scope.region && call.scope.region != home)
    return errors::illegal_location_constraint("The " + wanted +
                                               " location constraint is incompatible for the "
                                               "region specific endpoint this request was sent "
                                               "to.");
  return region;
}

Result<std::map<std::string, std::string>> check_tags(const std::vector<Tag>& tags) {
  if (tags.size() > 50) return errors::invalid_tag("Bucket tag count cannot be greater than 50");
  std::map<std::string, std::string> checked;
  for (const Tag& tag : tags) {
    if (tag.key.empty() || tag.key.size() > 128)
      return errors::invalid_tag("The TagKey you have provided is invalid");
    if (tag.value.size() > 256)
      return errors::invalid_tag("The TagValue you have provided is invalid");
    if (tag.key.starts_with("aws:"))
      return errors::invalid_tag("System tags cannot be added/updated by requester");
    if (!checked.emplace(tag.key, tag.value).second)
      return errors::invalid_tag("Cannot provide multiple Tags with the same key");
  }
  return checked;
}

bool empty(const store::ReadTxn& tx, const store::Key& space) {
  bool none = true;
  tx.scan(store::prefix(space), [&](std::string_view, std::string_view) { return none = false; });
  return none;
}

}  // namespace

Result<CreateBucketOutput> Service::create_bucket(store::Txn& tx, const wire::Call& call,
                                                  const CreateBucketInput& in) {
  CHECK(check_bucket_name(in.bucket));
  if (in.acl && *in.acl != BucketCannedACL::private_)
    return errors::invalid_bucket_acl_with_object_ownership(
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
  if (in.object_ownership && *in.object_ownership != ObjectOwnership::bucket_owner_enforced)
    return wire::not_implemented();
  TRY(std::string region, choose_region(call, in));
  std::map<std::string, std::string> tags;
  if (in.create_bucket_configuration) {
    TRY(tags, check_tags(in.create_bucket_configuration->tags));
  }
  const store::Key key = keys::bucket(call.scope.account, in.bucket);
  if (tx.exists(key)) {
    // The oldest region answers a repeated creation with success.
    if (call.scope.region != home)
      return errors::bucket_already_owned_by_you(
          "Your previous request to create the named bucket succeeded and you already own it.");
  } else {
    const StoredBucket bucket{.name = in.bucket,
                              .region = std::move(region),
                              .created = call.now,
                              .tags = std::move(tags)};
    tx.put(key, bucket.encode());
  }
  return CreateBucketOutput{.bucket_arn = "arn:aws:s3:::" + in.bucket, .location = "/" + in.bucket};
}

Result<DeleteBucketOutput> Service::delete_bucket(store::Txn& tx, const wire::Call& call,
                                                  const DeleteBucketInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(find_bucket(tx, call.scope.account, in.bucket));
  if (!empty(tx, keys::objects(call.scope.account, in.bucket)))
    return errors::bucket_not_empty("The bucket you tried to delete is not empty")
        .with(member("BucketName", in.bucket));
  // Uploads in progress don't keep a bucket: they end with it, as in the service.
  forget_uploads(tx, call.scope.account, in.bucket);
  tx.erase(keys::bucket(call.scope.account, in.bucket));
  return DeleteBucketOutput{};
}

Result<HeadBucketOutput> Service::head_bucket(const store::ReadTxn& tx, const wire::Call& call,
                                              const HeadBucketInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  TRY(const StoredBucket bucket, find_bucket(tx, call.scope.account, in.bucket));
  return HeadBucketOutput{.access_point_alias = false,
                          .bucket_arn = "arn:aws:s3:::" + bucket.name,
                          .bucket_region = bucket.region};
}

Result<ListBucketsOutput> Service::list_buckets(const store::ReadTxn& tx, const wire::Call& call,
                                                const ListBucketsInput& in) {
  const std::int32_t count = in.max_buckets.value_or(buckets_page_max);
  if (count < 1 || count > buckets_page_max)
    return errors::invalid_argument("Argument max-buckets must be an integer between 1 and 10000");
  std::string after;
  if (in.continuation_token) {
    const auto token = from_base64(*in.continuation_token);
    if (!token) return errors::invalid_argument("The continuation token provided is incorrect");
    after = *token;
  }
  ListBucketsOutput out{.owner = Owner{.id = call.scope.account}, .prefix = in.prefix};
  const auto range = store::text_prefix(keys::buckets(call.scope.account), in.prefix.value_or(""));
  tx.scan(range, [&](std::string_view, std::string_view value) {
    const StoredBucket bucket = StoredBucket::decode(value);
    if (!after.empty() && bucket.name <= after) return true;
    if (in.bucket_region && *in.bucket_region != bucket.region) return true;
    if (out.buckets.size() == static_cast<std::size_t>(count)) {
      out.continuation_token = to_base64(*out.buckets.back().name);
      return false;
    }
    out.buckets.push_back({.bucket_arn = "arn:aws:s3:::" + bucket.name,
                           .bucket_region = bucket.region,
                           .creation_date = bucket.created,
                           .name = bucket.name});
    return true;
  });
  return out;
}

Result<GetBucketLocationOutput> Service::get_bucket_location(const store::ReadTxn& tx,
                                                             const wire::Call& call,
                                                             const GetBucketLocationInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  TRY(const StoredBucket bucket, find_bucket(tx, call.scope.account, in.bucket));
  return GetBucketLocationOutput{.location_constraint =
                                     parse_bucket_location_constraint(bucket.region)};
}

Result<GetBucketTaggingOutput> Service::get_bucket_tagging(const store::ReadTxn& tx,
                                                           const wire::Call& call,
                                                           const GetBucketTaggingInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  TRY(const StoredBucket bucket, find_bucket(tx, call.scope.account, in.bucket));
  if (bucket.tags.empty()) return errors::no_such_tag_set("The TagSet does not exist");
  GetBucketTaggingOutput out;
  for (const auto& [key, value] : bucket.tags) out.tag_set.push_back({.key = key, .value = value});
  return out;
}

Result<PutBucketTaggingOutput> Service::put_bucket_tagging(store::Txn& tx, const wire::Call& call,
                                                           const PutBucketTaggingInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  TRY(StoredBucket bucket, find_bucket(tx, call.scope.account, in.bucket));
  TRY(bucket.tags, check_tags(in.tagging.tag_set));
  tx.put(keys::bucket(call.scope.account, in.bucket), bucket.encode());
  return PutBucketTaggingOutput{};
}

Result<DeleteBucketTaggingOutput> Service::delete_bucket_tagging(
    store::Txn& tx, const wire::Call& call, const DeleteBucketTaggingInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  TRY(StoredBucket bucket, find_bucket(tx, call.scope.account, in.bucket));
  bucket.tags.clear();
  tx.put(keys::bucket(call.scope.account, in.bucket), bucket.encode());
  return DeleteBucketTaggingOutput{};
}

}  // namespace cloudlet::s3
