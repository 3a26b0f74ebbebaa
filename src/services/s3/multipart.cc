// Multipart uploads: create, upload a part, complete, abort. The finished object is made of the
// parts' own pieces: nothing is copied.
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
namespace {

constexpr std::uint64_t part_size_min = 5ull << 20;
constexpr std::uint64_t object_size_max = 5ull << 40;

// What the client said in CompleteMultipartUpload, beside what was uploaded.
struct Assembly {
  std::vector<StoredPart> parts;
  std::uint64_t size = 0;
  std::string etag;
};

Result<Assembly> assemble(const store::ReadTxn& tx, const CompleteMultipartUploadInput& in) {
  if (!in.multipart_upload || in.multipart_upload->parts.empty())
    return errors::malformed_xml(
        "The XML you provided was not well-formed or did not validate against our published "
        "schema");
  Assembly all;
  std::string digests;
  std::int32_t before = 0;
  for (const CompletedPart& wanted : in.multipart_upload->parts) {
    const std::int32_t number = wanted.part_number.value_or(0);
    if (number <= before)
      return errors::invalid_part_order(
          "The list of parts was not in ascending order. Parts must be ordered by part number.");
    before = number;
    const auto bytes = tx.get(keys::part(in.upload_id, static_cast<std::uint64_t>(number)));
    const auto missing = [] {
      return errors::invalid_part(
          "One or more of the specified parts could not be found.  The part may not have been "
          "uploaded, or the "
          "specified entity tag may not match the part's entity tag.");
    };
    if (!bytes) return missing();
    StoredPart part = StoredPart::decode(*bytes);
    if (unquoted(wanted.etag.value_or("")) != part.etag) return missing();
    digests += *from_hex(part.etag);
    all.size += part.size;
    all.parts.push_back(std::move(part));
  }
  for (std::size_t i = 0; i + 1 < all.parts.size(); ++i) {
    if (all.parts[i].size < part_size_min)
      return errors::entity_too_small(
          "Your proposed upload is smaller than the minimum allowed size");
  }
  if (all.size > object_size_max)
    return errors::entity_too_large("Your proposed upload exceeds the maximum allowed size");
  if (in.mpu_object_size && static_cast<std::uint64_t>(*in.mpu_object_size) != all.size)
    return errors::invalid_request(
        "The provided 'x-amz-mp-object-size' header does not match the size of the object");
  all.etag = to_hex(md5(digests)) + "-" + std::to_string(all.parts.size());
  return all;
}

// A composite checksum is the checksum of the parts' checksums.
StoredChecksum composite(const StoredUpload& upload, const Assembly& all) {
  std::string joined;
  for (const StoredPart& part : all.parts) joined += from_base64(part.checksum.value).value_or("");
  const auto taken = take_bytes(
      std::move(joined), {.checksum = {.algorithm = upload.checksum_algorithm, .expected = {}}});
  return {.algorithm = upload.checksum_algorithm,
          .value = taken->checksum.value + "-" + std::to_string(all.parts.size()),
          .composite = true};
}

// A checksum of the whole is read off the bytes: right for every algorithm, at the price of one
// pass.
Task<Result<StoredChecksum>> full_checksum(store::Store& store, const StoredUpload& upload,
                                           const Assembly& all) {
  Hasher hasher(upload.checksum_algorithm == "CRC32"    ? Algorithm::crc32
                : upload.checksum_algorithm == "CRC32C" ? Algorithm::crc32c
                                                        : Algorithm::crc64nvme);
  for (const StoredPart& part : all.parts) {
    const auto tx = store.snapshot();
    CO_TRY(wire::Body body,
           open_body(store, *tx, part.inline_body, part.pieces, {.size = part.size}));
    for (;;) {
      CO_TRY(const std::string bytes, co_await body.read());
      if (bytes.empty()) break;
      hasher.update(bytes);
    }
  }
  co_return StoredChecksum{.algorithm = upload.checksum_algorithm,
                           .value = to_base64(hasher.finish())};
}

// The object's pieces are those of its parts; small ones among them become chunks.
void adopt(store::Txn& tx, const Assembly& all, StoredObject& object) {
  object.size = all.size;
  for (const StoredPart& part : all.parts) {
    object.part_sizes.push_back(part.size);
    if (!part.inline_body.empty()) {
      const std::uint64_t id = tx.next_sequence();
      tx.put(keys::chunk(id), part.inline_body);
      object.pieces.push_back(Piece{.chunk = id, .blob = {}, .size = part.size});
    }
    object.pieces.insert(object.pieces.end(), part.pieces.begin(), part.pieces.end());
  }
}

}  // namespace

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
  if (in.part_number < 1 || in.part_number > 10'000)
    co_return errors::invalid_argument(
        "Part number must be an integer between 1 and 10000, inclusive");
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
    CHECK(find_upload(tx, name));
    const store::Key key = keys::part(in.upload_id, static_cast<std::uint64_t>(in.part_number));
    if (const auto before = tx.get(key)) drop_pieces(tx, StoredPart::decode(*before).pieces);
    StoredPart part{.number = static_cast<std::uint64_t>(in.part_number),
                    .etag = to_hex(taken.md5),
                    .modified = call.now};
    s3::place(tx, taken, part);
    tx.put(key, part.encode());
    UploadPartOutput out{.etag = quoted_etag(part.etag)};
    show_checksum(part.checksum, out);
    return out;
  };
  co_return co_await store_.transact(write);
}

Task<Result<CompleteMultipartUploadOutput>> Service::complete_multipart_upload(
    const wire::Call& call, CompleteMultipartUploadInput in) {
  CO_CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  const UploadName name{
      .account = call.scope.account, .bucket = in.bucket, .key = in.key, .id = in.upload_id};
  StoredChecksum checksum;
  {
    const auto tx = store_.snapshot();
    CO_TRY(const StoredUpload upload, find_upload(*tx, name));
    CO_TRY(const Assembly all, assemble(*tx, in));
    if (upload.checksum_composite)
      checksum = composite(upload, all);
    else {
      CO_TRY(checksum, co_await full_checksum(store_, upload, all));
    }
  }
  const Place place{.account = call.scope.account, .bucket = in.bucket};
  const WriteConditions conditions{.if_match = in.if_match, .if_none_match = in.if_none_match};
  const auto write = [&](store::Txn& tx) -> Result<CompleteMultipartUploadOutput> {
    TRY(const StoredUpload upload, find_upload(tx, name));
    TRY(const Assembly all, assemble(tx, in));
    const auto current = current_object(tx, place, in.key);
    CHECK(check_write(conditions, current));
    StoredObject object{.key = in.key,
                        .etag = all.etag,
                        .modified = call.now,
                        .description = upload.description,
                        .checksum = checksum};
    adopt(tx, all, object);
    write_object(tx, place, current, object);
    forget_upload(tx, name, all.parts);
    CompleteMultipartUploadOutput out{
        .bucket = in.bucket,
        .etag = quoted_etag(object.etag),
        .key = in.key,
        .location = call.endpoint + "/" + in.bucket + "/" + percent_encode(in.key, Slash::keep)};
    show_checksum(checksum, out);
    out.checksum_type = checksum.composite ? ChecksumType::composite : ChecksumType::full_object;
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
  if (in.if_match_initiated_time && *in.if_match_initiated_time != upload.initiated)
    return precondition_failed("x-amz-if-match-initiated-time");
  forget_upload(tx, name, {});
  return AbortMultipartUploadOutput{};
}

}  // namespace cloudlet::s3
