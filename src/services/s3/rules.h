// What S3 checks and its model does not say: names, keys, ACLs, conditions; and the texts of its
// refusals.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/arn.h"
#include "gen/s3/errors.h"
#include "gen/s3/types.h"
#include "services/s3/state.h"
#include "store/txn.h"

namespace cloudlet::s3 {

// 3 to 63 characters: lower-case letters, digits, dots, hyphens...
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
Result<void> check_bucket_name(const std::string& name);
// 1 to 1,024 bytes of UTF-8.
Result<void> check_key(const std::string& key);
// At most 2 KB of names and values.
Result<void> check_metadata(const std::map<std::string, std::string>& metadata);
// Buckets own their objects and have ACLs disabled, as every new bucket of the real service: only
// ACLs that say just that are taken.
Result<void> check_acl(const std::optional<ObjectCannedACL>& acl);
// Classes whose objects would have to be restored before they can be read are refused.
Result<std::string> check_storage_class(const std::optional<StorageClass>& storage_class);
Result<void> check_owner(const std::optional<std::string>& expected, const std::string& account);

// NoSuchBucket if it is not there.
Result<StoredBucket> find_bucket(const store::ReadTxn& tx, const std::string& account,
                                 const std::string& name);
Result<StoredObject> find_object(const store::ReadTxn& tx, const std::string& account,
                                 const std::string& bucket, const std::string& key);

// If-Match and If-None-Match of a write: `current` is what is there now.
struct WriteConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
};
Result<void> check_write(const WriteConditions& conditions, const std::string& key,
                         const std::optional<StoredObject>& current);

// The conditions of a read, in the order of RFC 9110, 13.2.2.
struct ReadConditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<Time> if_modified_since;
  std::optional<Time> if_unmodified_since;
};
Result<void> check_read(const ReadConditions& conditions, const StoredObject& object);

Error no_such_key(const std::string& key);

std::string quoted_etag(const std::string& etag);
// An ETag as clients write it in conditions: with or without quotes.
std::string unquoted(std::string_view etag);

// A member of an error's body, beside code and message.
std::shared_ptr<const boost::json::object> member(const char* name, const std::string& value);
Error precondition_failed(const char* condition);

}  // namespace cloudlet::s3
