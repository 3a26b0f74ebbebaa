// CopyObject: reads the source as it is now, takes its bytes in again, writes the destination.
#include <utility>

#include "base/encoding.h"
#include "services/s3/intake.h"
#include "services/s3/keys.h"
#include "services/s3/outflow.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"
#include "services/s3/write.h"

namespace cloudlet::s3 {
namespace {

struct Source {
  std::string bucket;
  std::string key;
};

// "/bucket/key", "bucket/key", percent-encoded, perhaps with ?versionId=.
Result<Source> parse_source(std::string_view text) {
  const std::size_t query = text.find("?versionId=");
  if (query != std::string_view::npos) {
    if (text.substr(query + 11) != "null")
      return errors::no_such_version("The specified version does not exist.");
    text = text.substr(0, query);
  }
  const auto decoded = percent_decode(text);
  if (!decoded)
    return errors::invalid_argument("Copy Source must mention the source bucket and key");
  std::string_view path = *decoded;
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size())
    return errors::invalid_argument(
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  return Source{.bucket = std::string(path.substr(0, slash)),
                .key = std::string(path.substr(slash + 1))};
}

Result<ChecksumWish> wish_of(const CopyObjectInput& in, const StoredObject& source) {
  if (in.checksum_algorithm) return checksum_wish_of(in.checksum_algorithm, {});
  if (source.checksum.algorithm.empty()) return checksum_wish_of({}, {});
  return ChecksumWish{.algorithm = source.checksum.algorithm, .expected = {}};
}

// A copy onto itself has to change something.
Result<void> check_self_copy(const Source& source, const CopyObjectInput& in, bool replaces) {
  const bool same = source.bucket == in.bucket && source.key == in.key;
  if (!same || replaces || in.storage_class || in.checksum_algorithm) return {};
  return errors::invalid_request(
      "This copy request is illegal because it is trying to copy an object to itself without "
      "changing the object's "
      "metadata, storage class, website redirect location or encryption attributes.");
}

}  // namespace

Task<Result<CopyObjectOutput>> Service::copy_object(const wire::Call& call, CopyObjectInput in) {
  const std::string& account = call.scope.account;
  CO_CHECK(check_key(in.key));
  CO_CHECK(check_owner(in.expected_bucket_owner, account));
  CO_CHECK(check_owner(in.expected_source_bucket_owner, account));
  CO_CHECK(check_acl(in.acl));
  CO_CHECK(check_metadata(in.metadata));
  CO_TRY(const Source source, parse_source(in.copy_source));
  const bool replaces = in.metadata_directive == MetadataDirective::replace;
  CO_CHECK(check_self_copy(source, in, replaces));

  auto tx = store_.snapshot();
  CO_CHECK(find_bucket(*tx, account, in.bucket));
  CO_TRY(const StoredObject from, find_object(*tx, account, source.bucket, source.key));
  auto usable = check_read({.if_match = in.copy_source_if_match,
                            .if_none_match = in.copy_source_if_none_match,
                            .if_modified_since = in.copy_source_if_modified_since,
                            .if_unmodified_since = in.copy_source_if_unmodified_since},
                           from);
  // There is nothing to be "not modified" here: both kinds of refusal are a failed precondition.
  if (usable.has_error()) co_return precondition_failed("x-amz-copy-source-If");

  Description description = from.description;
  if (replaces) {
    CO_TRY(description, describe(in));
  }
  if (in.storage_class) {
    CO_TRY(description.storage_class, check_storage_class(in.storage_class));
  }
  CO_TRY(ChecksumWish wish, wish_of(in, from));
  CO_TRY(wire::Body body,
         open_body(store_, *tx, from.inline_body, from.pieces, {.size = from.size}));
  tx.reset();
  IntakeRules rules{.checksum = std::move(wish), .content_md5 = {}};
  CO_TRY(const TakenBody taken, co_await take_body(store_, body, std::move(rules)));

  const Place place{.account = account, .bucket = in.bucket};
  const WriteConditions conditions{.if_match = in.if_match, .if_none_match = in.if_none_match};
  const auto write = [&](store::Txn& txn) -> Result<CopyObjectOutput> {
    CHECK(find_bucket(txn, place.account, place.bucket));
    const auto current = current_object(txn, place, in.key);
    CHECK(check_write(conditions, current));
    StoredObject object{
        .key = in.key, .etag = to_hex(taken.md5), .modified = call.now, .description = description};
    s3::place(txn, taken, object);
    write_object(txn, place, current, object);
    CopyObjectOutput out;
    auto& result = out.copy_object_result.emplace();
    result.etag = quoted_etag(object.etag);
    result.last_modified = object.modified;
    show_checksum(object.checksum, result);
    result.checksum_type = ChecksumType::full_object;
    return out;
  };
  co_return co_await store_.transact(write);
}

}  // namespace cloudlet::s3
