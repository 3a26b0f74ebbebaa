// CompleteMultipartUpload: the object is made of the parts' own pieces; nothing is copied or read.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html has the limits.
#include <boost/algorithm/string/case_conv.hpp>
#include <utility>

#include "base/digest.h"
#include "base/encoding.h"
#include "services/s3/crc_combine.h"
#include "services/s3/intake.h"
#include "services/s3/keys.h"
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
};

Error missing_part() {
  return errors::invalid_part(
      "One or more of the specified parts could not be found.  The part may not have been "
      "uploaded, or the "
      "specified entity tag may not match the part's entity tag.");
}

// A composite checksum is made of the parts' ones, so the client has to name them; whatever it
// names must be what was uploaded.
Result<void> check_part(const StoredUpload& upload, const CompletedPart& wanted,
                        const StoredPart& part) {
  if (unquoted(wanted.etag.value_or("")) != part.etag) return missing_part();
  bool named = false;
  for (const auto& [algorithm, value] : named_checksums(wanted)) {
    if (algorithm != part.checksum.algorithm || value != part.checksum.value) return missing_part();
    named = true;
  }
  if (named || !upload.checksum_composite) return {};
  return errors::invalid_request(
      "The upload was created using a " +
      boost::algorithm::to_lower_copy(upload.checksum_algorithm) +
      " checksum. The complete request must include the checksum for each part. It was missing for "
      "part " +
      std::to_string(part.number) + " in the request.");
}

Result<Assembly> assemble(const store::ReadTxn& tx, const StoredUpload& upload,
                          const CompleteMultipartUploadInput& in) {
  Assembly all;
  std::int32_t before = 0;
  for (const CompletedPart& wanted : in.multipart_upload->parts) {
    const std::int32_t number = wanted.part_number.value_or(0);
    if (number <= before)
      return errors::invalid_part_order(
          "The list of parts was not in ascending order. Parts must be ordered by part number.");
    before = number;
    const auto bytes = tx.get(keys::part(in.upload_id, static_cast<std::uint64_t>(number)));
    if (!bytes) return missing_part();
    StoredPart part = StoredPart::decode(*bytes);
    CHECK(check_part(upload, wanted, part));
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
  return all;
}

// The ETag of an object of these parts: the digest of their digests, and how many they are.
// InvalidPart if a client's ETag is no digest.
Result<std::string> joined_etag(const std::vector<CompletedPart>& parts) {
  std::string digests;
  for (const CompletedPart& part : parts) {
    const auto digest = from_hex(unquoted(part.etag.value_or("")));
    if (!digest) return missing_part();
    digests += *digest;
  }
  return to_hex(md5(digests)) + "-" + std::to_string(parts.size());
}

// A composite checksum is the checksum of the parts' checksums.
StoredChecksum composite(const std::string& algorithm, const Assembly& all) {
  std::string joined;
  for (const StoredPart& part : all.parts) joined += from_base64(part.checksum.value).value_or("");
  const auto taken =
      take_bytes(std::move(joined), {.checksum = {.algorithm = algorithm, .expected = {}}});
  return {.algorithm = algorithm,
          .value = taken->checksum.value + "-" + std::to_string(all.parts.size()),
          .composite = true};
}

// Only CRCs are kept of a whole that came in parts, and these follow from the parts' ones.
StoredChecksum full_checksum(const std::string& algorithm, const Assembly& all) {
  const Algorithm crc = algorithm == "CRC32"    ? Algorithm::crc32
                        : algorithm == "CRC32C" ? Algorithm::crc32c
                                                : Algorithm::crc64nvme;
  std::string joined = digest(crc, {});
  for (const StoredPart& part : all.parts)
    joined = combine_crcs(crc, joined, from_base64(part.checksum.value).value_or(""), part.size);
  return {.algorithm = algorithm, .value = to_base64(joined)};
}

// What the client says the whole's checksum is, if it says so.
Result<void> check_whole(const CompleteMultipartUploadInput& in, const StoredChecksum& checksum) {
  const auto type = checksum.composite ? ChecksumType::composite : ChecksumType::full_object;
  if (in.checksum_type && *in.checksum_type != type)
    return errors::invalid_request("The upload was created using the " +
                                   std::string(to_string(type)) +
                                   " checksum mode. The complete request must use the same "
                                   "checksum mode.");
  for (const auto& [algorithm, value] : named_checksums(in)) {
    if (algorithm == checksum.algorithm &&
        (value == checksum.value ||
         (checksum.composite && checksum.value.starts_with(value + "-"))))
      continue;
    return errors::bad_digest("The " + algorithm +
                              " you specified did not match the calculated checksum.");
  }
  return {};
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

CompleteMultipartUploadOutput answer(const wire::Call& call, const std::string& bucket,
                                     const StoredObject& object) {
  CompleteMultipartUploadOutput out{
      .bucket = bucket,
      .etag = quoted_etag(object.etag),
      .key = object.key,
      .location = call.endpoint + "/" + bucket + "/" + percent_encode(object.key, Slash::keep)};
  show_checksum(object.checksum, out);
  out.checksum_type =
      object.checksum.composite ? ChecksumType::composite : ChecksumType::full_object;
  return out;
}

}  // namespace

Result<CompleteMultipartUploadOutput> Service::complete_multipart_upload(
    store::Txn& tx, const wire::Call& call, const CompleteMultipartUploadInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  if (!in.multipart_upload || in.multipart_upload->parts.empty())
    return errors::malformed_xml(
        "The XML you provided was not well-formed or did not validate against our published "
        "schema");
  TRY(std::string etag, joined_etag(in.multipart_upload->parts));
  const UploadName name{
      .account = call.scope.account, .bucket = in.bucket, .key = in.key, .id = in.upload_id};
  const Place place{.account = call.scope.account, .bucket = in.bucket};
  const auto current = current_object(tx, place, in.key);
  const auto upload = find_upload(tx, name);
  // Asked again, because the answer was lost: the service answers as it did.
  if (upload.has_error() && current && current->upload_id == in.upload_id && current->etag == etag)
    return answer(call, in.bucket, *current);
  CHECK(upload);
  TRY(const Assembly all, assemble(tx, *upload, in));
  StoredObject object{.key = in.key,
                      .etag = std::move(etag),
                      .modified = call.now,
                      .description = upload->description,
                      .checksum = upload->checksum_composite
                                      ? composite(upload->checksum_algorithm, all)
                                      : full_checksum(upload->checksum_algorithm, all),
                      .upload_id = in.upload_id};
  CHECK(check_whole(in, object.checksum));
  CHECK(check_write({.if_match = in.if_match, .if_none_match = in.if_none_match}, in.key, current));
  adopt(tx, all, object);
  write_object(tx, place, current, object);
  forget_upload(tx, name, all.parts);
  return answer(call, in.bucket, object);
}

}  // namespace cloudlet::s3
