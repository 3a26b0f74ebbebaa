// Multipart uploads: create, upload a part, abort.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html has the limits.
#include <utility>

#include "base/digest.h"
#include "base/encoding.h"
#include "services/s3/intake.h"
#include "services/s3/keys.h"
#include "services/s3/outflow.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"
#include "services/s3/uploads.h"
#include "services/s3/write.h"

namespace cloudlet::s3 {
Result<CreateMultipartUploadOutput> Service::create_multipart_upload(
    store::Txn& tx, const wire::Call& call, const CreateMultipartUploadInput& in) {
  CHECK(check_key(in.key));
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(check_acl(in.acl));
  CHECK(check_metadata(in.metadata));
  CHECK(find_bucket(tx, call.scope.account, in.bucket));
  TRY(Description description, describe(in));
  StoredUpload upload{.id = to_hex(call.rng().bytes(32)),
                      .key = in.key,
                      .initiated = call.now,
                      .description = std::move(description)};
  TRY(const ChecksumWish wish, checksum_wish_of(in.checksum_algorithm, {}));
  upload.checksum_algorithm = wish.algorithm;
  const bool only_full = wish.algorithm == "CRC64NVME";
  const bool only_composite = wish.algorithm == "SHA1" || wish.algorithm == "SHA256";
  upload.checksum_composite = !only_full && in.checksum_type != ChecksumType::full_object;
  if ((only_full && in.checksum_type == ChecksumType::composite) ||
      (only_composite && in.checksum_type == ChecksumType::full_object))
    return errors::invalid_request("The " + std::string(to_string(*in.checksum_type)) +
                                   " checksum type cannot be used with the " + wish.algorithm +
                                   " checksum algorithm.");
  tx.put(keys::upload(call.scope.account, in.bucket, in.key, upload.id), upload.encode());
  return CreateMultipartUploadOutput{
      .bucket = in.bucket,
      .checksum_algorithm = parse_checksum_algorithm(upload.checksum_algorithm),
      .checksum_type =
          upload.checksum_composite ? ChecksumType::composite : ChecksumType::full_object,
      .key = in.key,
      .upload_id = upload.id};
}

Task<Result<UploadPartOutput>> Service::upload_part(const wire::Call& call, UploadPartInput in) {
  CO_CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CO_CHECK(check_part_number(in.part_number));
  const UploadName name{
      .account = call.scope.account, .bucket = in.bucket, .key = in.key, .id = in.upload_id};
  CO_TRY(const StoredUpload upload, find_upload(*store_.snapshot(), name));
  if (in.checksum_algorithm && to_string(*in.checksum_algorithm) != upload.checksum_algorithm)
    co_return errors::invalid_request(
        "Checksum Type mismatch occurred, expected checksum Type: " + upload.checksum_algorithm +
        ", actual checksum Type: " + std::string(to_string(*in.checksum_algorithm)));
  in.checksum_algorithm = parse_checksum_algorithm(upload.checksum_algorithm);
  CO_TRY(ChecksumWish wish, checksum_wish(in));
  IntakeRules rules{.checksum = std::move(wish), .content_md5 = in.content_md5.value_or("")};
  CO_TRY(const TakenBody taken, co_await take_body(store_, in.body, std::move(rules)));
  const auto write = [&](store::Txn& tx) -> Result<UploadPartOutput> {
    TRY(const StoredPart part, write_part(tx, name, in.part_number, taken, call.now));
    UploadPartOutput out{.etag = quoted_etag(part.etag)};
    show_checksum(part.checksum, out);
    return out;
  };
  co_return co_await store_.transact(write);
}

Result<AbortMultipartUploadOutput> Service::abort_multipart_upload(
    store::Txn& tx, const wire::Call& call, const AbortMultipartUploadInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  const UploadName name{
      .account = call.scope.account, .bucket = in.bucket, .key = in.key, .id = in.upload_id};
  TRY(const StoredUpload upload, find_upload(tx, name));
  // HTTP dates have whole seconds.
  if (in.if_match_initiated_time &&
      std::chrono::floor<std::chrono::seconds>(*in.if_match_initiated_time) !=
          std::chrono::floor<std::chrono::seconds>(upload.initiated))
    return precondition_failed("x-amz-if-match-initiated-time");
  forget_upload(tx, name, {});
  return AbortMultipartUploadOutput{};
}

}  // namespace cloudlet::s3
