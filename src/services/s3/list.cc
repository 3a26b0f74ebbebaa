// ListObjects and ListObjectsV2: one walk over the keys that skips what a delimiter groups, never a
// scan to find the start.
#include <algorithm>

#include "base/encoding.h"
#include "services/s3/keys.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"

namespace cloudlet::s3 {
namespace {

constexpr std::int32_t page_max = 1000;

struct Query {
  std::string account;
  std::string bucket;
  std::string prefix;
  std::string delimiter;
  std::string after;  // keys and groups up to and including this one are not wanted
  std::size_t count = page_max;
};

struct Page {
  std::vector<StoredObject> objects;
  std::vector<std::string> groups;  // common prefixes
  bool truncated = false;
  std::string last;  // the last key or group in it
};

// The smallest text that sorts behind every text that starts with `prefix`.
std::string behind(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty())
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

std::string key_of(std::string_view stored_key) {
  store::KeyReader reader(stored_key);
  for (int part = 0; part < 4; ++part) reader.skip();  // "s3", account, "object", bucket
  return reader.text();
}

// One stretch of the walk; ends at a group, to go on behind it. Returns where to go on; empty when
// done.
std::optional<std::string> walk(const store::ReadTxn& tx, const Query& q, const std::string& from,
                                Page& page) {
  const store::Key space = keys::objects(q.account, q.bucket);
  store::Range range = store::text_prefix(space, q.prefix);
  if (!from.empty())
    range.from = std::max(range.from, keys::object(q.account, q.bucket, from).bytes());
  if (range.from >= range.to) return std::nullopt;
  std::optional<std::string> next;
  tx.scan(range, [&](std::string_view stored_key, std::string_view value) {
    const std::string key = key_of(stored_key);
    if (!q.after.empty() && key <= q.after) return true;
    std::string group;
    if (!q.delimiter.empty()) {
      const std::size_t at = key.find(q.delimiter, q.prefix.size());
      if (at != std::string::npos) group = key.substr(0, at + q.delimiter.size());
    }
    if (!group.empty() && !q.after.empty() && group <= q.after && q.after.starts_with(group)) {
      next = behind(group);
      return false;
    }
    if (page.objects.size() + page.groups.size() >= q.count) {
      page.truncated = true;
      return false;
    }
    if (group.empty()) {
      page.objects.push_back(StoredObject::decode(value));
      page.last = key;
      return true;
    }
    page.last = group;
    next = behind(group);
    page.groups.push_back(std::move(group));
    return false;
  });
  return next;
}

Page list(const store::ReadTxn& tx, const Query& q) {
  Page page;
  if (q.count == 0) return page;
  std::optional<std::string> from = q.after;
  while (from && !page.truncated) {
    from = walk(tx, q, *from, page);
    if (from && from->empty()) break;  // behind the last possible text
  }
  return page;
}

class Texts {
 public:
  explicit Texts(const std::optional<EncodingType>& encoding) : encode_(encoding.has_value()) {}
  std::string operator()(const std::string& text) const {
    return encode_ ? percent_encode(text, Slash::keep) : text;
  }

 private:
  bool encode_;
};

Object shown(const StoredObject& stored, const Texts& texts) {
  Object object;
  object.key = texts(stored.key);
  object.etag = quoted_etag(stored.etag);
  object.size = static_cast<std::int64_t>(stored.size);
  object.last_modified = stored.modified;
  object.storage_class = parse_object_storage_class(stored.description.storage_class)
                             .value_or(ObjectStorageClass::standard);
  if (!stored.checksum.algorithm.empty()) {
    if (const auto algorithm = parse_checksum_algorithm(stored.checksum.algorithm))
      object.checksum_algorithm.push_back(*algorithm);
    object.checksum_type =
        stored.checksum.composite ? ChecksumType::composite : ChecksumType::full_object;
  }
  return object;
}

template <class Input>
Result<Query> query_of(const store::ReadTxn& tx, const wire::Call& call, const Input& in) {
  CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CHECK(find_bucket(tx, call.scope.account, in.bucket));
  if (in.max_keys && *in.max_keys < 0)
    return errors::invalid_argument("Argument maxKeys must be an integer between 0 and 2147483647");
  const std::int32_t asked = in.max_keys.value_or(page_max);
  return Query{.account = call.scope.account,
               .bucket = in.bucket,
               .prefix = in.prefix.value_or(""),
               .delimiter = in.delimiter.value_or(""),
               .after = {},
               .count = static_cast<std::size_t>(std::min(asked, page_max))};
}

template <class Input, class Output>
void fill(const Input& in, const Query& q, const Page& page, Output& out) {
  const Texts texts(in.encoding_type);
  out.name = in.bucket;
  out.prefix = texts(q.prefix);
  if (in.delimiter) out.delimiter = texts(q.delimiter);
  out.encoding_type = in.encoding_type;
  out.max_keys = static_cast<std::int32_t>(q.count);
  out.is_truncated = page.truncated;
  for (const StoredObject& object : page.objects) out.contents.push_back(shown(object, texts));
  for (const std::string& group : page.groups)
    out.common_prefixes.push_back({.prefix = texts(group)});
}

}  // namespace

Result<ListObjectsOutput> Service::list_objects(const store::ReadTxn& tx, const wire::Call& call,
                                                const ListObjectsInput& in) {
  TRY(Query q, query_of(tx, call, in));
  q.after = in.marker.value_or("");
  const Page page = list(tx, q);
  const Texts texts(in.encoding_type);
  ListObjectsOutput out;
  fill(in, q, page, out);
  out.marker = texts(q.after);
  // Without a delimiter the real service leaves it to the client to take the last key.
  if (page.truncated && in.delimiter) out.next_marker = texts(page.last);
  const Owner owner{.id = call.scope.account};
  for (Object& object : out.contents) object.owner = owner;
  return out;
}

Result<ListObjectsV2Output> Service::list_objects_v2(const store::ReadTxn& tx,
                                                     const wire::Call& call,
                                                     const ListObjectsV2Input& in) {
  TRY(Query q, query_of(tx, call, in));
  q.after = in.start_after.value_or("");
  if (in.continuation_token) {
    const auto after = from_base64(*in.continuation_token);
    if (!after) return errors::invalid_argument("The continuation token provided is incorrect");
    q.after = *after;
  }
  const Page page = list(tx, q);
  const Texts texts(in.encoding_type);
  ListObjectsV2Output out;
  fill(in, q, page, out);
  out.key_count = static_cast<std::int32_t>(page.objects.size() + page.groups.size());
  out.continuation_token = in.continuation_token;
  if (in.start_after) out.start_after = texts(*in.start_after);
  if (page.truncated) out.next_continuation_token = to_base64(page.last);
  if (in.fetch_owner.value_or(false)) {
    const Owner owner{.id = call.scope.account};
    for (Object& object : out.contents) object.owner = owner;
  }
  return out;
}

}  // namespace cloudlet::s3
