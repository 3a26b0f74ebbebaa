// UploadPartCopy: a part made of another object, or of a range of it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
#include <charconv>
#include <utility>

#include "services/s3/copy_source.h"
#include "services/s3/outflow.h"
#include "services/s3/s3.h"
#include "services/s3/uploads.h"

namespace cloudlet::s3 {
namespace {

Error malformed_range() {
  return errors::invalid_argument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last "
      "are the zero-based offsets of the first and last bytes to copy");
}

// Stricter than a GET's range: both ends must be given and lie within the object.
Result<ByteRange> copied_range(const std::optional<std::string>& asked, std::uint64_t size) {
  if (!asked) return ByteRange{.first = 0, .size = size};
  std::string_view text = *asked;
  if (!text.starts_with("bytes=")) return malformed_range();
  text.remove_prefix(6);
  const char* const end = text.data() + text.size();
  std::uint64_t first = 0, last = 0;
  const auto dash = std::from_chars(text.data(), end, first);
  if (dash.ec != std::errc() || dash.ptr == end || *dash.ptr != '-') return malformed_range();
  const auto rest = std::from_chars(dash.ptr + 1, end, last);
  if (rest.ec != std::errc() || rest.ptr != end || last < first) return malformed_range();
  if (last >= size)
    return errors::invalid_argument("Range specified is not valid for source object of size: " +
                                    std::to_string(size));
  return ByteRange{.first = first, .size = last - first + 1};
}

}  // namespace

Task<Result<UploadPartCopyOutput>> Service::upload_part_copy(const wire::Call& call,
                                                             UploadPartCopyInput in) {
  const std::string& account = call.scope.account;
  CO_CHECK(check_owner(in.expected_bucket_owner, account));
  CO_CHECK(check_owner(in.expected_source_bucket_owner, account));
  CO_CHECK(check_part_number(in.part_number));
  CO_TRY(const CopySource source, parse_copy_source(in.copy_source));
  const UploadName name{.account = account, .bucket = in.bucket, .key = in.key, .id = in.upload_id};
  StoredUpload upload;
  const auto open = [&](const store::ReadTxn& tx) -> Result<wire::Body> {
    TRY(upload, find_upload(tx, name));
    TRY(const StoredObject from, find_copy_source(tx, account, source, source_conditions(in)));
    TRY(const ByteRange range, copied_range(in.copy_source_range, from.size));
    CHECK(check_copy_size(range.size));
    return open_body(store_, tx, from.inline_body, from.pieces, range);
  };
  CO_TRY(wire::Body body, read_latest(store_, open));
  IntakeRules rules{.checksum = {.algorithm = upload.checksum_algorithm, .expected = {}},
                    .content_md5 = {}};
  CO_TRY(const TakenBody taken, co_await take_body(store_, body, std::move(rules)));
  const auto write = [&](store::Txn& txn) -> Result<UploadPartCopyOutput> {
    TRY(const StoredPart part, write_part(txn, name, in.part_number, taken, call.now));
    UploadPartCopyOutput out;
    auto& result = out.copy_part_result.emplace();
    result.etag = quoted_etag(part.etag);
    result.last_modified = part.modified;
    show_checksum(part.checksum, result);
    return out;
  };
  co_return co_await store_.transact(write);
}

}  // namespace cloudlet::s3
