// PutObject, and how every other operation writes an object.
#include <utility>

#include "base/encoding.h"
#include "services/s3/intake.h"
#include "services/s3/keys.h"
#include "services/s3/rules.h"
#include "services/s3/s3.h"
#include "services/s3/write.h"

namespace cloudlet::s3 {

void write_object(store::Txn& tx, const Place& place, const std::optional<StoredObject>& current,
                  const StoredObject& object) {
  if (current) drop_pieces(tx, current->pieces);
  tx.put(keys::object(place.account, place.bucket, object.key), object.encode());
}

std::optional<StoredObject> current_object(const store::ReadTxn& tx, const Place& place,
                                           const std::string& key) {
  const auto bytes = tx.get(keys::object(place.account, place.bucket, key));
  if (!bytes) return std::nullopt;
  return StoredObject::decode(*bytes);
}

std::string stored_encoding(const std::optional<std::string>& content_encoding) {
  std::string kept;
  std::string_view rest =
      content_encoding ? std::string_view(*content_encoding) : std::string_view();
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view one = rest.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty() && one != "aws-chunked") {
      if (!kept.empty()) kept += ", ";
      kept += one;
    }
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return kept;
}

std::map<std::string, std::string> lower_case(const std::map<std::string, std::string>& metadata) {
  std::map<std::string, std::string> lowered;
  for (const auto& [name, value] : metadata) {
    std::string key = name;
    for (char& c : key)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    lowered.emplace(std::move(key), value);
  }
  return lowered;
}

Task<Result<PutObjectOutput>> Service::put_object(const wire::Call& call, PutObjectInput in) {
  CO_CHECK(check_key(in.key));
  CO_CHECK(check_owner(in.expected_bucket_owner, call.scope.account));
  CO_CHECK(check_acl(in.acl));
  CO_CHECK(check_metadata(in.metadata));
  CO_TRY(Description description, describe(in));
  CO_TRY(ChecksumWish wish, checksum_wish(in));
  // Before the body is read: who sent "Expect: 100-continue" hears at once that there is no such
  // bucket. Where the whole body came with the head the transaction's own look is enough.
  const bool body_comes = in.body.whole() == nullptr;
  if (body_comes) CO_CHECK(find_bucket(*store_.snapshot(), call.scope.account, in.bucket));

  IntakeRules rules{.checksum = std::move(wish), .content_md5 = in.content_md5.value_or("")};
  Result<TakenBody> taking = co_await take_body(store_, in.body, std::move(rules));
  if (taking.has_error() && !body_comes)
    CO_CHECK(find_bucket(*store_.snapshot(), call.scope.account, in.bucket));
  CO_TRY(const TakenBody taken, std::move(taking));

  const Place place{.account = call.scope.account, .bucket = in.bucket};
  const WriteConditions conditions{.if_match = in.if_match, .if_none_match = in.if_none_match};
  const auto write = [&](store::Txn& tx) -> Result<PutObjectOutput> {
    CHECK(find_bucket(tx, place.account, place.bucket));
    const auto current = current_object(tx, place, in.key);
    CHECK(check_write(conditions, in.key, current));
    StoredObject object{
        .key = in.key, .etag = to_hex(taken.md5), .modified = call.now, .description = description};
    s3::place(tx, taken, object);
    write_object(tx, place, current, object);
    PutObjectOutput out{.etag = quoted_etag(object.etag)};
    show_checksum(object.checksum, out);
    out.checksum_type = ChecksumType::full_object;
    return out;
  };
  co_return co_await store_.transact(write);
}

}  // namespace cloudlet::s3
