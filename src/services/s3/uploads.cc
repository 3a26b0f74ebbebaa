#include "services/s3/uploads.h"

#include <algorithm>

#include "base/encoding.h"
#include "gen/s3/errors.h"
#include "services/s3/intake.h"
#include "services/s3/keys.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"

namespace cloudlet::s3 {
namespace {

constexpr std::int32_t page_max = 1000;

}  // namespace

Result<StoredUpload> find_upload(const store::ReadTxn& tx, const UploadName& name) {
  CHECK(find_bucket(tx, name.account, name.bucket));
  const auto bytes = tx.get(keys::upload(name.account, name.bucket, name.key, name.id));
  if (!bytes)
    return errors::no_such_upload(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
        "been aborted or "
        "completed.");
  return StoredUpload::decode(*bytes);
}

void forget_upload(store::Txn& tx, const UploadName& name, const std::vector<StoredPart>& adopted) {
  const auto kept = [&](std::uint64_t number) {
    return std::any_of(adopted.begin(), adopted.end(),
                       [&](const StoredPart& part) { return part.number == number; });
  };
  const store::Range range = store::prefix(keys::parts(name.id));
  std::vector<std::vector<Piece>> dropped;
  tx.scan(range, [&](std::string_view, std::string_view value) {
    const StoredPart part = StoredPart::decode(value);
    if (!kept(part.number)) dropped.push_back(part.pieces);
    return true;
  });
  for (const auto& pieces : dropped) drop_pieces(tx, pieces);
  tx.erase(range);
  tx.erase(keys::upload(name.account, name.bucket, name.key, name.id));
}

void forget_uploads(store::Txn& tx, const std::string& account, const std::string& bucket) {
  std::vector<UploadName> names;
  tx.scan(store::prefix(keys::uploads(account, bucket)),
          [&](std::string_view, std::string_view value) {
            StoredUpload upload = StoredUpload::decode(value);
            names.push_back({.account = account,
                             .bucket = bucket,
                             .key = std::move(upload.key),
                             .id = std::move(upload.id)});
            return true;
          });
  for (const UploadName& name : names) forget_upload(tx, name, {});
}

Result<void> check_part_number(std::int32_t number) {
  if (number >= 1 && number <= 10'000) return {};
  return errors::invalid_argument("Part number must be an integer between 1 and 10000, inclusive");
}

Result<StoredPart> write_part(store::Txn& tx, const UploadName& name, std::int32_t number,
                              const TakenBody& taken, Time now) {
  CHECK(find_upload(tx, name));
  const store::Key key = keys::part(name.id, static_cast<std::uint64_t>(number));
  if (const auto before = tx.get(key)) drop_pieces(tx, StoredPart::decode(*before).pieces);
  StoredPart part{
      .number = static_cast<std::uint64_t>(number), .etag = to_hex(taken.md5), .modified = now};
  place(tx, taken, part);
  tx.put(key, part.encode());
  return part;
}

Result<ListPartsOutput> Service::list_parts(const store::ReadTxn& tx, const wire::Call& call,
                                            const ListPartsInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  const UploadName name{
      .account = call.scope.account, .bucket = in.bucket, .key = in.key, .id = in.upload_id};
  TRY(const StoredUpload upload, find_upload(tx, name));
  const auto count =
      static_cast<std::size_t>(std::clamp(in.max_parts.value_or(page_max), 0, page_max));
  const std::int32_t after = in.part_number_marker.value_or(0);
  ListPartsOutput out{
      .bucket = in.bucket,
      .checksum_algorithm = parse_checksum_algorithm(upload.checksum_algorithm),
      .checksum_type =
          upload.checksum_composite ? ChecksumType::composite : ChecksumType::full_object,
      .initiator = Initiator{.id = call.scope.account},
      .is_truncated = false,
      .key = in.key,
      .max_parts = static_cast<std::int32_t>(count),
      .owner = Owner{.id = call.scope.account},
      .part_number_marker = after,
      .storage_class =
          parse_storage_class(upload.description.storage_class).value_or(StorageClass::standard),
      .upload_id = in.upload_id};
  tx.scan(store::prefix(keys::parts(in.upload_id)), [&](std::string_view, std::string_view value) {
    const StoredPart stored = StoredPart::decode(value);
    if (static_cast<std::int64_t>(stored.number) <= after) return true;
    if (out.parts.size() == count) {
      out.is_truncated = true;
      return false;
    }
    Part part;
    part.part_number = static_cast<std::int32_t>(stored.number);
    part.size = static_cast<std::int64_t>(stored.size);
    part.etag = quoted_etag(stored.etag);
    part.last_modified = stored.modified;
    show_checksum(stored.checksum, part);
    out.next_part_number_marker = part.part_number;
    out.parts.push_back(std::move(part));
    return true;
  });
  return out;
}

Result<ListMultipartUploadsOutput> Service::list_multipart_uploads(
    const store::ReadTxn& tx, const wire::Call& call, const ListMultipartUploadsInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(find_bucket(tx, call.scope.account, in.bucket));
  const auto count =
      static_cast<std::size_t>(std::clamp(in.max_uploads.value_or(page_max), 0, page_max));
  const std::string prefix = in.prefix.value_or(""), delimiter = in.delimiter.value_or("");
  const std::string key_after = in.key_marker.value_or(""),
                    id_after = in.upload_id_marker.value_or("");
  const bool encode = in.encoding_type.has_value();
  const auto text = [&](const std::string& t) {
    return encode ? percent_encode(t, Slash::keep) : t;
  };
  ListMultipartUploadsOutput out{.bucket = in.bucket,
                                 .delimiter = in.delimiter,
                                 .encoding_type = in.encoding_type,
                                 .is_truncated = false,
                                 .key_marker = text(key_after),
                                 .max_uploads = static_cast<std::int32_t>(count),
                                 .prefix = text(prefix),
                                 .upload_id_marker = in.upload_id_marker};
  tx.scan(
      store::text_prefix(keys::uploads(call.scope.account, in.bucket), prefix),
      [&](std::string_view, std::string_view value) {
        const StoredUpload upload = StoredUpload::decode(value);
        const bool seen = upload.key < key_after ||
                          (upload.key == key_after && (id_after.empty() || upload.id <= id_after));
        if (!key_after.empty() && seen) return true;
        const std::size_t at =
            delimiter.empty() ? std::string::npos : upload.key.find(delimiter, prefix.size());
        const std::string group =
            at == std::string::npos ? "" : upload.key.substr(0, at + delimiter.size());
        if (!group.empty() && !out.common_prefixes.empty() &&
            out.common_prefixes.back().prefix == text(group))
          return true;
        if (out.uploads.size() + out.common_prefixes.size() == count) {
          out.is_truncated = true;
          return false;
        }
        out.next_key_marker = text(upload.key);
        out.next_upload_id_marker = upload.id;
        if (!group.empty()) {
          out.common_prefixes.push_back({.prefix = text(group)});
          return true;
        }
        MultipartUpload shown;
        shown.checksum_algorithm = parse_checksum_algorithm(upload.checksum_algorithm);
        shown.checksum_type =
            upload.checksum_composite ? ChecksumType::composite : ChecksumType::full_object;
        shown.initiated = upload.initiated;
        shown.initiator = Initiator{.id = call.scope.account};
        shown.key = text(upload.key);
        shown.owner = Owner{.id = call.scope.account};
        shown.storage_class =
            parse_storage_class(upload.description.storage_class).value_or(StorageClass::standard);
        shown.upload_id = upload.id;
        out.uploads.push_back(std::move(shown));
        return true;
      });
  return out;
}

}  // namespace cloudlet::s3
