#include "services/s3/rules.h"

#include <boost/json/object.hpp>

#include "base/encoding.h"
#include "services/s3/keys.h"
#include "wire/router.h"

namespace cloudlet::s3 {
namespace {

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool like_an_address(const std::string& name) {
  int dots = 0;
  for (const char c : name) {
    if (c == '.')
      ++dots;
    else if (c < '0' || c > '9')
      return false;
  }
  return dots == 3;
}

// Does a list of ETags ("a", "b" or *) name this one?
bool names(std::string_view list, const std::string& etag) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one == "*" || unquoted(one) == etag) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

}  // namespace

Error no_such_key(const std::string& key) {
  return errors::no_such_key("The specified key does not exist.").with(member("Key", key));
}

Result<void> check_bucket_name(const std::string& name) {
  const auto refuse = [&] {
    return errors::invalid_bucket_name("The specified bucket is not valid.")
        .with(member("BucketName", name));
  };
  if (name.size() < 3 || name.size() > 63) return refuse();
  if (!lower_or_digit(name.front()) || !lower_or_digit(name.back())) return refuse();
  char before = 0;
  for (const char c : name) {
    if (!lower_or_digit(c) && c != '.' && c != '-') return refuse();
    if (c == '.' && before == '.') return refuse();
    before = c;
  }
  if (like_an_address(name) || name.starts_with("xn--") || name.starts_with("sthree-") ||
      name.ends_with("-s3alias") || name.ends_with("--ol-s3"))
    return refuse();
  return {};
}

Result<void> check_key(const std::string& key) {
  if (key.size() > 1024) return errors::key_too_long_error("Your key is too long");
  if (!valid_utf8(key)) return errors::invalid_argument("Object key is not valid UTF-8");
  return {};
}

Result<void> check_metadata(const std::map<std::string, std::string>& metadata) {
  std::size_t size = 0;
  for (const auto& [name, value] : metadata) size += name.size() + value.size();
  if (size > 2048)
    return errors::metadata_too_large(
        "Your metadata headers exceed the maximum allowed metadata size");
  return {};
}

Result<void> check_acl(const std::optional<ObjectCannedACL>& acl) {
  if (!acl || *acl == ObjectCannedACL::private_ ||
      *acl == ObjectCannedACL::bucket_owner_full_control)
    return {};
  return errors::access_control_list_not_supported("The bucket does not allow ACLs");
}

Result<std::string> check_storage_class(const std::optional<StorageClass>& storage_class) {
  if (!storage_class || *storage_class == StorageClass::standard) return std::string();
  switch (*storage_class) {
    case StorageClass::reduced_redundancy:
    case StorageClass::standard_ia:
    case StorageClass::onezone_ia:
    case StorageClass::intelligent_tiering:
    case StorageClass::glacier_ir: return std::string(to_string(*storage_class));
    default: return errors::invalid_storage_class("The storage class you specified is not valid");
  }
}

Result<void> check_owner(const std::optional<std::string>& expected, const std::string& account) {
  if (expected && *expected != account) return errors::access_denied("Access Denied");
  return {};
}

Result<StoredBucket> find_bucket(const store::ReadTxn& tx, const std::string& account,
                                 const std::string& name) {
  const auto bytes = tx.get(keys::bucket(account, name));
  if (!bytes)
    return errors::no_such_bucket("The specified bucket does not exist")
        .with(member("BucketName", name));
  return StoredBucket::decode(*bytes);
}

Result<StoredObject> find_object(const store::ReadTxn& tx, const std::string& account,
                                 const std::string& bucket, const std::string& key) {
  const auto bytes = tx.get(keys::object(account, bucket, key));
  if (!bytes) {
    CHECK(find_bucket(tx, account, bucket));
    return no_such_key(key);
  }
  return StoredObject::decode(*bytes);
}

std::shared_ptr<const boost::json::object> member(const char* name, const std::string& value) {
  auto members = std::make_shared<boost::json::object>();
  members->emplace(name, value);
  return members;
}

Error precondition_failed(const char* condition) {
  return errors::precondition_failed(
             "At least one of the pre-conditions you specified did not hold")
      .with(member("Condition", condition));
}

Result<void> check_write(const WriteConditions& conditions, const std::string& key,
                         const std::optional<StoredObject>& current) {
  if (conditions.if_none_match && *conditions.if_none_match != "*")
    return wire::not_implemented().with(member("Header", "If-None-Match"));
  if (conditions.if_none_match && current) return precondition_failed("If-None-Match");
  if (conditions.if_match) {
    if (!current) return no_such_key(key);
    if (!names(*conditions.if_match, current->etag)) return precondition_failed("If-Match");
  }
  return {};
}

Error not_modified(const StoredObject& object) {
  auto members = std::make_shared<boost::json::object>();
  members->emplace("ETag", quoted_etag(object.etag));
  members->emplace("LastModified", http_date(object.modified));
  return errors::not_modified("Not Modified").with(std::move(members));
}

Result<void> check_read(const ReadConditions& conditions, const StoredObject& object) {
  // HTTP dates have whole seconds.
  const Time modified(std::chrono::floor<std::chrono::seconds>(object.modified));
  if (conditions.if_match) {
    if (!names(*conditions.if_match, object.etag)) return precondition_failed("If-Match");
  } else if (conditions.if_unmodified_since && modified > *conditions.if_unmodified_since) {
    return precondition_failed("If-Unmodified-Since");
  }
  if (conditions.if_none_match) {
    if (names(*conditions.if_none_match, object.etag)) return not_modified(object);
  } else if (conditions.if_modified_since && modified <= *conditions.if_modified_since) {
    return not_modified(object);
  }
  return {};
}

std::string quoted_etag(const std::string& etag) { return "\"" + etag + "\""; }

std::string unquoted(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

}  // namespace cloudlet::s3
