// CopyObject: reads the source as it is now, takes its bytes in again, writes the destination.
#include <utility>

#include "base/encoding.h"
#include "services/s3/copy_source.h"
#include "services/s3/intake.h"
#include "services/s3/keys.h"
#include "services/s3/outflow.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"
#include "services/s3/write.h"

namespace cloudlet::s3 {
namespace {

Result<ChecksumWish> wish_of(const CopyObjectInput& in, const StoredObject& source) {
  if (in.checksum_algorithm) return checksum_wish_of(in.checksum_algorithm, {});
  if (source.checksum.algorithm.empty()) return checksum_wish_of({}, {});
  return ChecksumWish{.algorithm = source.checksum.algorithm, .expected = {}};
}

// A copy onto itself has to change something.
Result<void> check_self_copy(const CopySource& source, const CopyObjectInput& in, bool replaces) {
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
  CO_TRY(const CopySource source, parse_copy_source(in.copy_source));
  const bool replaces = in.metadata_directive == MetadataDirective::replace;
  CO_CHECK(check_self_copy(source, in, replaces));

  struct Source {
    StoredObject object;
    wire::Body body;
  };
  const auto open = [&](const store::ReadTxn& tx) -> Result<Source> {
    CHECK(find_bucket(tx, account, in.bucket));
    TRY(StoredObject object, find_copy_source(tx, account, source, source_conditions(in)));
    CHECK(check_copy_size(object.size));
    const ByteRange all{.first = 0, .size = object.size};
    TRY(wire::Body body, open_body(store_, tx, object.inline_body, object.pieces, all));
    return Source{std::move(object), std::move(body)};
  };
  CO_TRY(Source opened, read_latest(store_, open));
  const StoredObject& from = opened.object;

  Description description = from.description;
  if (replaces) {
    CO_TRY(description, describe(in));
  }
  // The class is not copied: without a word the copy is STANDARD.
  CO_TRY(description.storage_class, check_storage_class(in.storage_class));
  CO_TRY(ChecksumWish wish, wish_of(in, from));
  IntakeRules rules{.checksum = std::move(wish), .content_md5 = {}};
  CO_TRY(const TakenBody taken, co_await take_body(store_, opened.body, std::move(rules)));

  const Place place{.account = account, .bucket = in.bucket};
  const WriteConditions conditions{.if_match = in.if_match, .if_none_match = in.if_none_match};
  const auto write = [&](store::Txn& txn) -> Result<CopyObjectOutput> {
    CHECK(find_bucket(txn, place.account, place.bucket));
    const auto current = current_object(txn, place, in.key);
    CHECK(check_write(conditions, in.key, current));
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
