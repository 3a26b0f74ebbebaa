// GetObject, HeadObject, GetObjectAttributes, GetObjectTagging: conditions, ranges, parts.
#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>
#include <limits>
#include <numeric>

#include "base/encoding.h"
#include "services/s3/intake.h"
#include "services/s3/keys.h"
#include "services/s3/outflow.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"
#include "wire/times.h"

namespace cloudlet::s3 {
namespace {

// What a read answers with: the whole, a range of it, or one part.
struct Selection {
  ByteRange range;
  bool partial = false;
};

// A position; one beyond what 64 bits hold lies behind every object's end like any other.
std::optional<std::uint64_t> number(std::string_view text) {
  constexpr std::uint64_t far = std::numeric_limits<std::uint64_t>::max() / 2;
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc::result_out_of_range && parsed.ptr == text.data() + text.size())
    return far;
  value = std::min(value, far);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

Error invalid_range(std::string_view asked, std::uint64_t size) {
  auto members = std::make_shared<boost::json::object>();
  members->emplace("ActualObjectSize", size);
  members->emplace("ContentRange", "bytes */" + std::to_string(size));
  members->emplace("RangeRequested", asked);
  return errors::invalid_range("The requested range is not satisfiable").with(std::move(members));
}

// RFC 9110, 14.1.2: one range of bytes. What cannot be read as one is ignored, as the RFC and the
// service have it; several ranges at once are not served by S3 either.
Result<Selection> select_range(std::string_view asked, std::uint64_t size) {
  const Selection whole{.range = {.first = 0, .size = size}};
  if (!asked.starts_with("bytes=")) return whole;
  const std::string_view text = asked.substr(6);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return whole;
  const auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
  if (!first && !last) return whole;
  if (!first) {
    if (dash != 0) return whole;
    if (*last == 0 || size == 0) return invalid_range(asked, size);
    const std::uint64_t count = std::min(*last, size);
    return Selection{.range = {.first = size - count, .size = count}, .partial = true};
  }
  if (!last && dash + 1 != text.size()) return whole;
  if (last && *last < *first) return whole;
  if (*first >= size) return invalid_range(asked, size);
  const std::uint64_t end = last ? std::min(*last + 1, size) : size;
  return Selection{.range = {.first = *first, .size = end - *first}, .partial = true};
}

Result<Selection> select_part(std::int32_t part, const StoredObject& object) {
  const std::size_t count = std::max<std::size_t>(object.part_sizes.size(), 1);
  if (part < 1 || static_cast<std::size_t>(part) > count)
    return errors::invalid_part_number("The requested partnumber is not satisfiable");
  if (object.part_sizes.empty())
    return Selection{.range = {.first = 0, .size = object.size}, .partial = object.size > 0};
  const auto at = object.part_sizes.begin() + (part - 1);
  const std::uint64_t before = std::accumulate(object.part_sizes.begin(), at, std::uint64_t{0});
  return Selection{.range = {.first = before, .size = *at}, .partial = true};
}

// RFC 9110, 13.1.5: the range counts if the object is still the one that was read before: named by
// its ETag (a strong one) or by exactly its date.
bool still_the_same(std::string_view if_range, const StoredObject& object) {
  if (if_range.starts_with('"')) return if_range == quoted_etag(object.etag);
  const auto date = wire::parse_time(if_range);
  return date && *date == std::chrono::floor<std::chrono::seconds>(object.modified);
}

template <class Input>
Result<Selection> select(const Input& in, const StoredObject& object) {
  if (in.part_number && in.range)
    return errors::invalid_request(
        "Cannot specify both Range header and partNumber query parameter");
  if (in.part_number) return select_part(*in.part_number, object);
  if (in.if_range && !still_the_same(*in.if_range, object)) return select_range("", object.size);
  return select_range(in.range.value_or(""), object.size);
}

std::optional<std::string> said(const std::optional<std::string>& asked,
                                const std::string& stored) {
  if (asked) return asked;
  if (stored.empty()) return std::nullopt;
  return stored;
}

// Headers are ASCII: what was sent otherwise is taken for ISO 8859-1, byte by byte, and shown in
// the words of RFC 2047. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
std::map<std::string, std::string> shown_metadata(std::map<std::string, std::string> metadata) {
  for (auto& [name, value] : metadata) {
    if (std::ranges::all_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
      continue;
    std::string utf8;
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x80) utf8 += static_cast<char>(0xc0 | (byte >> 6));
      utf8 += static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte);
    }
    value = "=?UTF-8?B?" + to_base64(utf8) + "?=";
  }
  return metadata;
}

// The members that GetObject and HeadObject share.
template <class Output, class Input>
Output answer(const Input& in, const StoredObject& object, const Selection& selection) {
  const Description& d = object.description;
  Output out;
  out.accept_ranges = "bytes";
  out.etag = quoted_etag(object.etag);
  out.last_modified = object.modified;
  out.content_length = static_cast<std::int64_t>(selection.range.size);
  out.content_type = in.response_content_type.value_or(d.content_type);
  out.cache_control = said(in.response_cache_control, d.cache_control);
  out.content_disposition = said(in.response_content_disposition, d.content_disposition);
  out.content_encoding = said(in.response_content_encoding, d.content_encoding);
  out.content_language = said(in.response_content_language, d.content_language);
  out.expires =
      in.response_expires ? std::optional(http_date(*in.response_expires)) : said({}, d.expires);
  out.metadata = shown_metadata(d.metadata);
  out.server_side_encryption = std::nullopt;
  if (!d.storage_class.empty()) out.storage_class = parse_storage_class(d.storage_class);
  if (selection.partial) {
    const std::uint64_t last = selection.range.first + selection.range.size - 1;
    out.content_range = "bytes " + std::to_string(selection.range.first) + "-" +
                        std::to_string(last) + "/" + std::to_string(object.size);
  }
  if (in.part_number && !object.part_sizes.empty())
    out.parts_count = static_cast<std::int32_t>(object.part_sizes.size());
  // A checksum of the whole says nothing about a range.
  if (in.checksum_mode && selection.range.size == object.size) {
    show_checksum(object.checksum, out);
    out.checksum_type =
        object.checksum.composite ? ChecksumType::composite : ChecksumType::full_object;
  }
  return out;
}

template <class Input>
ReadConditions conditions_of(const Input& in) {
  return {.if_match = in.if_match,
          .if_none_match = in.if_none_match,
          .if_modified_since = in.if_modified_since,
          .if_unmodified_since = in.if_unmodified_since};
}

Result<void> check_version(const std::optional<std::string>& version) {
  if (!version || *version == "null") return {};
  return errors::no_such_version("The specified version does not exist.");
}

}  // namespace

Task<Result<GetObjectOutput>> Service::get_object(const wire::Call& call, GetObjectInput in) {
  CO_CHECK(check_key(in.key));
  CO_CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CO_CHECK(check_version(in.version_id));
  const auto read = [&](const store::ReadTxn& tx) -> Result<GetObjectOutput> {
    TRY(const StoredObject object, find_object(tx, call.scope.account, in.bucket, in.key));
    CHECK(check_read(conditions_of(in), object));
    TRY(const Selection selection, select(in, object));
    auto out = answer<GetObjectOutput>(in, object, selection);
    TRY(out.body, open_body(store_, tx, object.inline_body, object.pieces, selection.range));
    return out;
  };
  co_return read_latest(store_, read);
}

Result<HeadObjectOutput> Service::head_object(const store::ReadTxn& tx, const wire::Call& call,
                                              const HeadObjectInput& in) {
  CHECK(check_key(in.key));
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(check_version(in.version_id));
  TRY(const StoredObject object, find_object(tx, call.scope.account, in.bucket, in.key));
  CHECK(check_read(conditions_of(in), object));
  TRY(const Selection selection, select(in, object));
  return answer<HeadObjectOutput>(in, object, selection);
}

Result<GetObjectAttributesOutput> Service::get_object_attributes(
    const store::ReadTxn& tx, const wire::Call& call, const GetObjectAttributesInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(check_version(in.version_id));
  TRY(const StoredObject object, find_object(tx, call.scope.account, in.bucket, in.key));
  GetObjectAttributesOutput out{.last_modified = object.modified};
  for (const ObjectAttributes wanted : in.object_attributes) {
    switch (wanted) {
      case ObjectAttributes::etag: out.etag = object.etag; break;
      case ObjectAttributes::object_size:
        out.object_size = static_cast<std::int64_t>(object.size);
        break;
      case ObjectAttributes::storage_class:
        out.storage_class =
            parse_storage_class(object.description.storage_class).value_or(StorageClass::standard);
        break;
      case ObjectAttributes::checksum:
        out.checksum.emplace();
        show_checksum(object.checksum, *out.checksum);
        out.checksum->checksum_type =
            object.checksum.composite ? ChecksumType::composite : ChecksumType::full_object;
        break;
      case ObjectAttributes::object_parts:
        if (!object.part_sizes.empty())
          out.object_parts.emplace().total_parts_count =
              static_cast<std::int32_t>(object.part_sizes.size());
        break;
    }
  }
  return out;
}

// No request that sets tags is taken, so an object has none; the AWS CLI asks before it copies a
// large one.
Result<GetObjectTaggingOutput> Service::get_object_tagging(const store::ReadTxn& tx,
                                                           const wire::Call& call,
                                                           const GetObjectTaggingInput& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(check_version(in.version_id));
  CHECK(find_object(tx, call.scope.account, in.bucket, in.key));
  return GetObjectTaggingOutput{};
}

}  // namespace cloudlet::s3
